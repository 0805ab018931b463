"""A hand-made edge: envelopes as the real one would send them, and their bodies."""

from datetime import datetime
from typing import Any

from pms.link.messages import Envelope, RoomBody
from tests.pms.conftest import HOUSE


class Envelopes:
    """Numbers envelopes of one epoch."""

    def __init__(self, epoch: str = "edge_1") -> None:
        self.epoch, self.seq = epoch, 0

    def of(self, kind: str, body: dict[str, Any], at: datetime) -> Envelope:
        """The next envelope; each waits for the one before it."""
        self.seq += 1
        return Envelope(kind=kind, property=HOUSE, epoch=self.epoch, seq=self.seq, after=self.seq - 1, at=at, body=body)


def room(at: datetime, number: str = "101", version: int = 1, **changed: Any) -> dict[str, Any]:
    """An up/room body."""
    return RoomBody(room=number, version=version, at=at, **changed).model_dump(mode="json")


def condition(at: datetime, state: str, kind: str = "leak", number: str | None = "101") -> dict[str, Any]:
    """An up/condition body."""
    device = f"{number}_{kind}"
    return {
        "key": f"{kind}:{device}",
        "kind": kind,
        "state": state,
        "room": number,
        "device": device,
        "priority": "critical",
        "at": at.isoformat(),
    }


def cleaning(at: datetime, phase: str, outcome: str | None = None) -> dict[str, Any]:
    """An up/cleaning body."""
    return {"room": "101", "spell": "spell_1", "phase": phase, "by": "112", "at": at.isoformat(), "outcome": outcome}


def system(at: datetime, *, ready: bool = True) -> dict[str, Any]:
    """An up/system body."""
    parts = [
        {"part": "line:field", "state": "down", "since": at.isoformat(), "code": "connect_refused", "detail": "x"},
        {"part": "journal", "state": "ok", "since": "not an instant"},
    ]
    devices = [{"id": "101_door", "room": "101", "line": "field", "profile": "zigbee2mqtt/contact", "online": True}]
    return {"at": at.isoformat(), "ready": ready, "parts": parts, "devices": devices, "counters": {"messages": 7}}

"""How the edge is: its parts, its lines, its devices, and what it could not understand. Told to the PMS."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson
import structlog

from devices.command_values import Orderable
from devices.inventory import Inventory
from devices.model import LineState, LineStatus
from edge.broker import Broker
from edge.card_key import CardKeyState
from edge.hub import Hub
from edge.sqlite_writer import DiskError
from edge.watch import MEGABYTE, Watch
from gateway.ports import DeviceFigures, EncoderFigures, GatewayStatus
from pms.link.link import Link

ROUND_SECONDS = 2.0
AT_LEAST_SECONDS = 10.0
DEVICES_A_SECOND = 100
"""A house of many devices tells less often what has not changed."""
LAST_REJECTED = 20
SHOWN_PAYLOAD = 200

log = structlog.get_logger()

_STATES = {LineState.UP: "ok", LineState.DOWN: "down", LineState.STARTING: "degraded", LineState.STOPPED: "down"}


class Watched(Protocol):
    """What is asked of the gateway."""

    def status(self) -> GatewayStatus:
        """Its figures now."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What there is to look at."""

    hub: Hub
    gateway: Watched
    broker: Broker
    link: Link
    watch: Watch
    inventory: Inventory
    own_lines: frozenset[str]  # those over the service's own broker: without them nothing is heard at all
    card_key: CardKeyState
    locks_behind: Callable[[], int]
    taken_by: Callable[[str], Sequence[Orderable]]  # what can be ordered of a device


class HealthReport:
    """Reports each two seconds when something changed, and each ten in any case."""

    def __init__(self, parts: Parts, report: Callable[[str, bytes], None]) -> None:
        self._parts = parts
        self._report = report
        self._since: dict[str, tuple[str, datetime]] = {}
        self._rejected_at = -1
        self._rejected: list[dict[str, Any]] = []
        self._owed = self._bytes = 0
        self.others: dict[str, dict[str, Any]] = {}
        """Parts that somebody else looks after (the nightly backup), by name, in the shape of a part."""

    @property
    def owed(self) -> int:
        """Messages kept for the PMS, when the journal was last asked."""
        return self._owed

    async def run(self) -> None:
        """Report until cancelled."""
        told: object = None
        loop = asyncio.get_running_loop()
        told_at = 0.0
        rest = max(AT_LEAST_SECONDS, len(self._parts.inventory.devices) / DEVICES_A_SECOND)
        while True:
            await self._look()
            body = self.body()
            essence = self._essence(body)
            if essence != told or loop.time() - told_at >= rest:
                self._report("system", orjson.dumps(body))
                told, told_at = essence, loop.time()
            await asyncio.sleep(ROUND_SECONDS)

    @property
    def ready(self) -> bool:
        """Whether the devices on the service's own broker can be heard."""
        return self._ready(self._parts.gateway.status())

    def body(self) -> dict[str, Any]:
        """The present state, in the shape of the link's up/system body."""
        parts = self._parts
        now = parts.hub.clock.now()
        status = parts.gateway.status()
        return {
            "at": now,
            "ready": self._ready(status),
            "parts": [self._dated(part, now) for part in self._all_parts(status)],
            "encoders": [_encoder(figures) for figures in status.encoders],
            "devices": [self._device(figures) for figures in status.devices],
            "rejected": self._rejected,
            "counters": self._counters(status),
            "retention": self._retention(),
        }

    def _retention(self) -> dict[str, Any]:
        journal = self._parts.hub.journal
        return {"days": journal.limits.shown(), "removed": dict(journal.removed), "swept": journal.swept}

    async def _look(self) -> None:
        hub = self._parts.hub
        try:
            self._owed, self._bytes = await hub.journal.counts()
            if hub.counters["rejected"] != self._rejected_at:
                self._rejected_at = hub.counters["rejected"]
                kept = await hub.journal.last_rejected(LAST_REJECTED)
                self._rejected = [_shown(item) for item in kept]
        except DiskError:
            return  # the journal's own part says so

    def _ready(self, status: GatewayStatus) -> bool:
        own = self._parts.own_lines
        return all(line.state is LineState.UP for line in status.lines if line.line in own)

    def _all_parts(self, status: GatewayStatus) -> list[dict[str, Any]]:
        broker, watch = self._parts.broker.status, self._parts.watch
        trouble = self._parts.hub.journal.trouble
        clock = "clock_jumped" if watch.clock_jumped else "clock_differs" if watch.clock_differs else None
        disk = ("degraded", "disk_low") if watch.disk_low else ("ok", None)
        return [
            _part("broker", "ok" if broker.up else "down", broker.code, broker.detail or broker.mode),
            _part("journal", "down", trouble.code, trouble.detail) if trouble else _part("journal", "ok"),
            _part("clock", "degraded" if clock else "ok", clock),
            _part("disk", disk[0], disk[1], f"{watch.free_bytes // MEGABYTE} MB free"),
            *_card_key_part(self._parts.card_key),
            *self.others.values(),
            *(_line_part(line) for line in status.lines),
            *(_encoder_part(encoder) for encoder in status.encoders),
        ]

    def _dated(self, part: dict[str, Any], now: datetime) -> dict[str, Any]:
        name, state = part["part"], f"{part['state']} {part['code']}"
        if name not in self._since or self._since[name][0] != state:
            self._say(part, known=name in self._since)
            self._since[name] = (state, now)
        return {**part, "since": self._since[name][1]}

    @staticmethod
    def _say(part: dict[str, Any], *, known: bool) -> None:
        """Trouble once and recovery once; lines and encoders say it themselves."""
        name, state, code = part["part"], part["state"], part["code"]
        if name.startswith(("line:", "encoder:")) or code == "starting":
            return
        if state != "ok":
            log.warning("part.trouble", part=name, state=state, code=code, detail=part["detail"])
        elif known:
            log.info("part.recovered", part=name)

    def _device(self, figures: DeviceFigures) -> dict[str, Any]:
        known = self._parts.inventory.devices[figures.device]
        return {
            "id": figures.device,
            "room": known.room,
            "line": known.line,
            "profile": known.profile,
            "online": figures.online,
            "heard": figures.last_heard,
            "battery": self._parts.hub.batteries.get(figures.device),
            "rejected": figures.rejected,
            "commands": [asdict(one) for one in self._parts.taken_by(known.id)],
        }

    def _counters(self, status: GatewayStatus) -> dict[str, float]:
        hub, link = self._parts.hub, self._parts.link.status()
        figures: dict[str, float] = dict(hub.counters)
        figures |= {f"rejected_{reason}": count for reason, count in status.rejected.items()}
        figures |= {
            "commits": hub.journal.commits,
            "uncommitted": hub.uncommitted,
            "journal_messages": hub.journal.kept,
            "journal_bytes": self._bytes,
            "owed_to_pms": self._owed,
            "given_up": hub.journal.given_up,
            "link_resent": link.resent,
            "link_duplicates": link.duplicates,
            "unknown_sources": status.unknown_sources,
            "waiting_commands": status.waiting_commands,
            "broker_restarts": self._parts.broker.restarts,
            "locks_behind": self._parts.locks_behind(),
        }
        return figures

    @staticmethod
    def _essence(body: dict[str, Any]) -> object:
        parts = [(part["part"], part["state"], part["code"]) for part in body["parts"]]
        online = [(device["id"], device["online"], device["rejected"]) for device in body["devices"]]
        encoders = [{name: one[name] for name in one if name != "since"} for one in body["encoders"]]
        return body["ready"], parts, online, encoders, body["rejected"][:1]


def _part(name: str, state: str, code: str | None = None, detail: str = "") -> dict[str, Any]:
    return {"part": name, "state": state, "code": code, "detail": detail}


def _line_part(line: LineStatus) -> dict[str, Any]:
    code = line.cause or ("starting" if line.state is LineState.STARTING else None)
    return _part(f"line:{line.line}", _STATES[line.state], code, line.detail)


def _card_key_part(card_key: CardKeyState) -> list[dict[str, Any]]:
    """Said where cards are made: without it no key can be issued."""
    if not card_key.needed:
        return []
    state = "ok" if card_key.code is None else "degraded" if card_key.keys is not None else "down"
    return [_part("card_key", state, card_key.code, card_key.detail)]


def _encoder_part(figures: EncoderFigures) -> dict[str, Any]:
    states = {"up": "ok", "starting": "degraded"}
    code = figures.code or ("starting" if figures.state == "starting" else None)
    return _part(f"encoder:{figures.device}", states.get(figures.state, "down"), code)


def _encoder(figures: EncoderFigures) -> dict[str, Any]:
    """In the shape of the link's `SystemBody.encoders`; one that is still starting is not up."""
    return {
        "id": figures.device,
        "line": figures.line,
        "state": "up" if figures.state == "up" else "down",
        "code": figures.code or (None if figures.state == "up" else figures.state),
        "firmware": figures.firmware,
        "busy": figures.busy,
        "waiting": figures.waiting,
        "since": figures.since,
    }


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "payload": item["payload"][:SHOWN_PAYLOAD].decode(errors="replace")}

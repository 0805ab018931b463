"""States as Home Assistant reads them: one JSON object a device, a room, the house. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from devices.model import Value
from edge.home_assistant.documents import CLEANING, LOCKS, REQUESTS
from edge.home_assistant.entities import told

OCCUPANCY = {"occupied": "ON", "vacant": "OFF"}


def of_device(values: Mapping[str, Value], faults: Sequence[str], *, online: bool) -> dict[str, Any]:
    """A device: its points, whether it is there, and the faults that stand. None is not known."""
    body: dict[str, Any] = {point: told(point, value) for point, value in values.items()}
    return {"online": "online" if online else "offline", **body, **_problem(faults)}


def of_room(view: Mapping[str, Any], faults: Sequence[str]) -> dict[str, Any]:
    """A room, from its view. An answer that has grown stale is not known; the last one is among the attributes."""
    occupancy, cleaning = view["occupancy"], view["cleaning"]
    return {
        "occupancy": None if occupancy["stale"] else OCCUPANCY.get(occupancy["value"]),
        "occupancy_attributes": {
            "answer": occupancy["value"],
            "confidence": occupancy["confidence"],
            "since": _when(occupancy["since"]),
            "stale": occupancy["stale"],
            "source": occupancy["source"],
            "evidence": [item["code"] for item in occupancy["evidence"]],
        },
        "cleaning": _one_of(CLEANING, str(cleaning["phase"])),
        "cleaning_attributes": {"since": _when(cleaning["since"])},
        "request": _one_of(REQUESTS, _sensed(view["request"])),
        "door": told("door", _one_of(("open", "closed"), _sensed(view["door"]))),
        "lock": _one_of(LOCKS, _sensed(view["lock"])),
        **_problem(faults),
    }


def of_house(faults: Sequence[str]) -> dict[str, Any]:
    """The faults that are in no room."""
    return _problem(faults)


def _problem(faults: Sequence[str]) -> dict[str, Any]:
    return {"problem": "ON" if faults else "OFF", "problem_attributes": {"kinds": sorted(set(faults))}}


def _sensed(answer: Mapping[str, Any]) -> str | None:
    return None if answer["stale"] else str(answer["value"])


def _one_of(words: Sequence[str], word: str | None) -> str | None:
    return word if word in words else None


def _when(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()

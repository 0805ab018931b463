"""Pure rules of the feed: which room state is newer, which change is worth telling, when the edge counts as silent."""

from datetime import datetime, timedelta
from typing import Any

TELL_TEMPERATURE_FROM = 0.5
"""Degrees Celsius by which a temperature must have moved since it was last told."""

SILENT_AFTER = timedelta(seconds=10)
"""An edge that has said nothing for this long is not connected, whatever the broker thinks."""

SKIP_AFTER = timedelta(hours=4)
"""How long the sensors must have seen nobody in an occupied room before it is called a skip."""

SLEEP_AFTER = timedelta(minutes=30)
"""How long the sensors must have seen somebody in a vacant room before it is called a sleep."""


def is_newer(epoch: int, version: int, stored: tuple[int, int] | None) -> bool:
    """Whether a room state replaces the stored one. `epoch` is the order in which the edge's epochs were first seen."""
    return stored is None or (epoch, version) > stored


def signature(body: dict[str, Any]) -> dict[str, Any]:
    """What of a room's sensed state is told to everybody when it changes; ages and evidence are not."""
    occupancy, cleaning = body.get("occupancy") or {}, body.get("cleaning") or {}
    told: dict[str, Any] = {
        "occupancy": [occupancy.get(key) for key in ("value", "source", "stale", "until")],
        "cleaning": [cleaning.get("phase"), cleaning.get("by")],
        "conditions": sorted(body.get("conditions") or ()),
    }
    for point in ("door", "lock", "request"):
        sensed = body.get(point) or {}
        told[point] = [sensed.get("value"), bool(sensed.get("stale"))]
    climate = body.get("climate") or {}
    energy = body.get("energy") or {}
    why = (energy.get("why") or {}).get("code")
    told["energy"] = [energy.get("phase"), why, energy.get("still"), energy.get("reached")]
    told["climate"] = [climate.get("setpoint_c"), climate.get("mode")]
    return told


def changes(old: dict[str, Any] | None, new: dict[str, Any]) -> list[str]:
    """The names of what changed between two signatures; everything when there was none before."""
    return sorted(new) if old is None else sorted(key for key, value in new.items() if old.get(key) != value)


def temperature_moved(told: float | None, now: float | None) -> bool:
    """Whether a temperature has moved enough since it was last told, or became known or unknown."""
    if told is None or now is None:
        return told is not now
    return abs(now - told) >= TELL_TEMPERATURE_FROM


def silent(heard: datetime | None, now: datetime) -> bool:
    """Whether the edge has been quiet for too long. Never heard is silent."""
    return heard is None or now - heard > SILENT_AFTER


def discrepancy(front_office: str, body: dict[str, Any] | None, now: datetime) -> dict[str, Any] | None:
    """Where the front desk and the sensors disagree for long: `skip` (it says occupied, nobody is there), `sleep`.

    A stale, doubtful or hand-made answer says nothing, and an attendant at work is not a guest.
    """
    occupancy = (body or {}).get("occupancy") or {}
    since = _instant(occupancy.get("since"))
    if since is None or occupancy.get("stale") or occupancy.get("source") != "detected":
        return None
    if _cleaning(body):
        return None
    sensed = occupancy.get("value")
    if front_office == "occupied" and sensed == "vacant" and now - since >= SKIP_AFTER:
        return {"kind": "skip", "since": since}
    if front_office == "vacant" and sensed == "occupied" and now - since >= SLEEP_AFTER:
        return {"kind": "sleep", "since": since}
    return None


def _cleaning(body: dict[str, Any] | None) -> bool:
    return ((body or {}).get("cleaning") or {}).get("phase") == "in_progress"


def _instant(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value if isinstance(value, datetime) else None

"""Pure rules of the feed: which room state is newer, which change is worth telling, when the edge counts as silent."""

from datetime import datetime, timedelta
from typing import Any

TELL_TEMPERATURE_FROM = 0.5
"""Degrees Celsius by which a temperature must have moved since it was last told."""

SILENT_AFTER = timedelta(seconds=10)
"""An edge that has said nothing for this long is not connected, whatever the broker thinks."""


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

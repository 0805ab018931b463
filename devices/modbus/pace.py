"""How often each point of a unit is to be read: what cannot wait, what can, and what hardly changes."""

from devices.model import PointSpec, Profile

DEFAULT_POLL_S = 5.0
ALARM_S = 1.0
PROMPT_S = 2.0
SLOW_S = 60.0
_ALARMS = frozenset({"leak", "smoke", "sos", "tamper", "bolt"})
_PROMPT = frozenset(
    {"door", "contact", "window", "keycard", "motion", "presence", "bed", "lock", "request", "doorbell"}
    | {"occupancy_input"}
)
_SLOW = frozenset({"energy", "battery", "battery_low"})
_SLOW_UNITS = frozenset({"kWh", "kVArh", "kVAh"})


def paces(profile: Profile) -> dict[str, float]:
    """Hotel seconds between two reads, by point.

    A register's own `poll_s` wins. Else alarms are read every second, doors, motion and requests every two, meter
    readings every minute, the rest at the pace of the profile. Where the line has a pace of its own (`line_poll_s`)
    it holds for all of these, save that what is slow stays slow.
    """
    counters = {spec.wire.get("counted_by"): spec.name for spec in profile.points.values()}
    found = {spec.name: _pace(spec, profile) for spec in profile.points.values()}
    return {name: found[counters.get(name, name)] for name in found}


def _pace(spec: PointSpec, profile: Profile) -> float:
    poll_s: float = profile.wire.get("poll_s", DEFAULT_POLL_S)
    own: float | None = spec.wire.get("poll_s")
    line: float | None = profile.wire.get("line_poll_s")
    if own is not None:
        return max(own, line or 0.0)
    if spec.name in _SLOW or spec.unit in _SLOW_UNITS:
        return max(_fresh(SLOW_S, spec), line or poll_s)
    if line is not None:
        return line
    if spec.name in _ALARMS:
        return min(ALARM_S, poll_s)
    return min(PROMPT_S, poll_s) if spec.name in _PROMPT else poll_s


def _fresh(seconds: float, spec: PointSpec) -> float:
    """Never so seldom that the value is stale between two reads."""
    return min(seconds, spec.freshness_s / 3) if spec.freshness_s else seconds

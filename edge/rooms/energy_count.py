"""What a room's setbacks came to, measured: only what devices reported counts, and only while somebody looked. Pure."""

from dataclasses import dataclass, fields, replace
from typing import Any

from edge.rooms.setback_state import Control, Doubt, Phase, Plan, Seen
from edge.rooms.setbacks import near

_BY_PHASE = {Phase.SETBACK: "setback_s", Phase.DEEP: "deep_s", Phase.WINDOW: "window_s"}
_BY_OCCUPANCY = {"occupied": "occupied_s", "vacant": "vacant_s"}


@dataclass(frozen=True, slots=True)
class Count:
    """Of a room and a day on the hotel's clock. Seconds; `degree_s`: kelvin times seconds between the guest's setting
    and the one the device reported; `drift_s`: the same for the temperature that the room really had."""

    occupied_s: float = 0
    vacant_s: float = 0
    unknown_s: float = 0
    setback_s: float = 0
    deep_s: float = 0
    window_s: float = 0
    still_s: float = 0
    degree_s: float = 0
    drift_s: float = 0
    orders: int = 0


NAMES = tuple(one.name for one in fields(Count))


def add(count: Count, seen: Seen, plan: Plan, seconds: float, orders: int = 0) -> Count:
    """`seconds` more, in which the room was as seen; and so many orders were given."""
    by = "unknown_s" if seen.doubt is not Doubt.NONE else _BY_OCCUPANCY.get(seen.occupancy, "unknown_s")
    more: dict[str, Any] = {by: getattr(count, by) + seconds, "orders": count.orders + orders}
    degrees, drift = _degrees(seen, plan)
    if degrees and plan.phase in _BY_PHASE:
        name = _BY_PHASE[plan.phase]
        more[name] = getattr(count, name) + seconds
        more["degree_s"] = count.degree_s + degrees * seconds
        more["drift_s"] = count.drift_s + drift * seconds
    if plan.still and any(_is_off(control, plan) for control in seen.controls):
        more["still_s"] = count.still_s + seconds
    return replace(count, **more)


def _degrees(seen: Seen, plan: Plan) -> tuple[float, float]:
    """Kelvin between the guest's setting and what is set now, and how far the room has really gone that way."""
    for control in seen.controls:
        held = plan.held.get(control.key)
        if held is None or control.point != "setpoint" or not held.reached or not near(control.value, held.wanted):
            continue
        if isinstance(held.guest, int | float) and isinstance(control.value, int | float):
            saved = held.guest - control.value
            gone = 0.0 if seen.temperature is None else held.guest - seen.temperature
            return abs(saved), min(max(0.0, gone if saved > 0 else -gone), abs(saved))
    return 0.0, 0.0


def _is_off(control: Control, plan: Plan) -> bool:
    held = plan.held.get(control.key)
    return held is not None and control.point != "setpoint" and near(control.value, held.wanted)

"""What can be ordered, how far an order is, and what to do about how it ended. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pms.kernel.errors import Reason

POINTS: dict[str, str] = {
    "setpoint": "number",
    "mode": "choice",
    "fan": "choice",
    "relay": "boolean",
    "lock": "choice",
}
"""What can be ordered, and what kind of value it takes."""

UNITS = {"degC": "°C"}
"""As people write them."""

LOCK = "lock"
LOCK_VALUES = ("locked", "unlocked")

PROGRESS = ("accepted", "sent", "acknowledged")
"""States of an order that is on its way, in their order."""
END_STATES = ("done", "failed", "expired", "unknown")
VERIFIED = "verified"
"""The step of an order whose outcome the device itself has shown; the others are called as the states."""
NO_ANSWER = "no_answer"
SUPERSEDED = "superseded"

RESPONSES: dict[str, str] = {
    "deadline": "order_again",
    "line_down": "check_line",
    SUPERSEDED: "look_at_later_order",
    "too_soon": "wait_and_order_again",
    "wrong_identity": "call_maintenance",
    "read_only": "call_maintenance",
    "unknown_point": "call_maintenance",
    "unknown_device": "call_maintenance",
    "no_such_device": "call_maintenance",
    "value": "choose_other_value",
    "range": "choose_other_value",
    "unheard": "wait_and_order_again",
    "unusable": "call_maintenance",
    "not_stored": "free_disk",
    "nobody_listens": "check_device",
    "not_allowed": "call_maintenance",
    "broker_refused": "call_maintenance",
    "device_refused": "choose_other_value",
    "jammed": "go_and_look",
    "not_verified": "go_and_look",
    "exception_1": "call_maintenance",
    "exception_2": "call_maintenance",
    "exception_3": "choose_other_value",
    "exception_4": "check_device",
    "exception_5": "go_and_look",
    "exception_6": "wait_and_order_again",
    "exception_8": "check_device",
    "exception_10": "check_line",
    "exception_11": "check_device",
    NO_ANSWER: "go_and_look",
    "timeout": "go_and_look",
    "bad_frame": "go_and_look",
    "closed": "go_and_look",
    "unplugged": "go_and_look",
    "restarted": "go_and_look",
    "cause_not_known": "go_and_look",
}
"""What to do when an order ended for this reason: every code that the edge gives (`devices/command_reasons.py`)."""

OPEN_RESPONSES = {"accepted": "wait_for_turn", "sent": "wait_for_device", "acknowledged": "wait_for_proof"}


@dataclass(frozen=True, slots=True)
class Taker:
    """A device's point that takes orders, as the edge told it. `kind` None: the edge has not said what it takes."""

    device: str
    point: str
    kind: str | None = None
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """`happened`: a code of why it did not end well, None otherwise; `response`: a code of what to do."""

    code: str
    happened: str | None
    response: str


def takers(device: str, told: Sequence[Mapping[str, Any]]) -> list[Taker]:
    """What a device takes of what people may order, from the edge's account of it. What is not understood is left."""
    known = [one for one in told if one.get("point") in POINTS]
    return [_taker(device, one) for one in known if POINTS[one["point"]] == one.get("kind")]


def _taker(device: str, told: Mapping[str, Any]) -> Taker:
    choices = tuple(str(one) for one in told.get("choices") or ())
    limits = {name: _number(told.get(name)) for name in ("minimum", "maximum")}
    return Taker(device, str(told["point"]), str(told["kind"]), choices, **limits, unit=str(told.get("unit") or ""))


def _number(told: object) -> float | None:
    return float(told) if isinstance(told, int | float) and not isinstance(told, bool) else None


def wrong_type(point: str, value: object) -> bool:
    """Whether the value is not of the kind that the point takes in any device."""
    match POINTS[point]:
        case "boolean":
            return not isinstance(value, bool)
        case "number":
            return isinstance(value, bool) or not isinstance(value, int | float) or value != value
        case _:
            return not isinstance(value, str) or (point == LOCK and value not in LOCK_VALUES)


def refusal(taker: Taker, value: object) -> Reason | None:
    """Why the device would not take the value; None: nothing speaks against it."""
    if taker.choices and value not in taker.choices:
        return Reason("value_not_offered", {"choices": ", ".join(taker.choices)})
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    unit = UNITS.get(taker.unit, taker.unit)
    if taker.minimum is not None and value < taker.minimum:
        return Reason("value_too_low", {"limit": f"{taker.minimum:g}", "unit": unit})
    if taker.maximum is not None and value > taker.maximum:
        return Reason("value_too_high", {"limit": f"{taker.maximum:g}", "unit": unit})
    return None


def progressed(state: str, reason: str | None, told: str) -> bool:
    """Whether `told` is news for an order in `state`. A late word replaces "no answer", and no other end."""
    if state in END_STATES:
        return told in END_STATES and reason == NO_ANSWER and state == "unknown" and told != "unknown"
    return told in END_STATES or (told in PROGRESS and PROGRESS.index(told) > PROGRESS.index(state))


def advice(state: str, reason: str | None) -> Advice:
    """What is said of an order."""
    if state in OPEN_RESPONSES:
        return Advice(state, None, OPEN_RESPONSES[state])
    if state == "done":
        return Advice(state, None, "nothing_to_do")
    fallback = "deadline" if state == "expired" and not reason else "cause_not_known"
    happened = reason if reason in RESPONSES else fallback
    if state == "unknown":
        response = RESPONSES[happened] if happened == SUPERSEDED else "go_and_look"
        return Advice(f"unknown_{happened}", happened, response)
    return Advice(happened, happened, RESPONSES[happened])

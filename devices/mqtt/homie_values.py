"""Homie's spelling of values: from the text of a property to our value, and back, as the device describes it."""

from math import isfinite
from typing import Any

from devices.errors import NotSupported
from devices.model import Command, PointSpec, Value
from devices.mqtt.dialect import command_value
from devices.mqtt.homie_tree import NUMBERS, Described
from devices.mqtt.payload import LARGEST, Unfit
from devices.mqtt.topical import spelled

_EMPTY = "\0"  # how an empty text is told: a payload without a byte takes the property away
_BOOLEANS = {"true": True, "false": False}


def text_of(payload: bytes) -> str | None:
    """The text of a property; None: the property was taken away. Raises Unfit."""
    if len(payload) > LARGEST:
        raise Unfit("too_large", len(payload))
    if not payload:
        return None
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        raise Unfit("not_text") from None
    return "" if text == _EMPTY else text


def raw_value(text: str, spec: PointSpec, described: Described) -> Any:
    """What the profile's converter takes; a property that has not been described is read as the point needs it.

    Raises Unfit(wrong_type).
    """
    datatype = described.datatype or _expected(spec)
    if datatype in NUMBERS:
        return _measured(text, described)
    if datatype != "boolean":
        return text
    if text not in _BOOLEANS:
        raise Unfit("wrong_type", f"{text[:60]!r} where true or false is expected")
    return _BOOLEANS[text]


def _expected(spec: PointSpec) -> str:
    if spec.wire["values"]:
        return "enum"
    return {"number": "float", "boolean": "boolean"}.get(spec.wire["kind"], "string")


def _measured(text: str, described: Described) -> float:
    try:
        number = float(text)
    except ValueError:
        raise Unfit("wrong_type", f"{text[:60]!r} where a number is expected") from None
    factor, add = described.scale
    value = number * factor + add
    return round(value, 6) if (factor, add) != (1.0, 0.0) and isfinite(value) else value


def order_text(command: Command, spec: PointSpec, described: Described) -> str:
    """The text to set; raises NotSupported(read_only, range, value)."""
    if not spec.wire["command"] or described.settable is False:
        raise NotSupported("read_only", spec.name)
    word = _own_word(command.value, spec, described)
    value = word if word is not None else command_value(command, spec)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _order_number(value, described)
    text = spelled(value)
    if described.choices and text not in described.choices:
        raise NotSupported("value", f"{text!r} is none of {list(described.choices)}")
    return text


def _own_word(value: Value, spec: PointSpec, described: Described) -> str | None:
    """Of the words that mean the value, the one that this device has."""
    meanings = (spec.wire["values"] or {}).items()
    return next((theirs for theirs, ours in meanings if ours == value and theirs in described.choices), None)


def _order_number(value: float, described: Described) -> str:
    factor, add = described.scale
    theirs = value if (factor, add) == (1.0, 0.0) else round((value - add) / factor, 2)
    lowest, highest = described.limits
    if (lowest is not None and theirs < lowest) or (highest is not None and theirs > highest):
        raise NotSupported("range", f"{theirs} is not within {lowest} to {highest}")
    if described.datatype == "integer":
        if theirs != int(theirs):
            raise NotSupported("range", f"{theirs} is not a whole number")
        theirs = int(theirs)
    return spelled(theirs)

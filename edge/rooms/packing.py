"""Dataclasses to plain JSON values and back, for snapshots."""

from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints


def pack(value: Any) -> Any:
    """`value` as dicts, lists, strings, numbers; instants as ISO 8601."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: pack(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(key): pack(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [pack(item) for item in value]
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def unpack(kind: Any, value: Any) -> Any:
    """What `pack` made of a `kind`; keys that are missing take their default, unknown ones are left out.

    Raises ValueError, TypeError or KeyError when `value` is not of that shape.
    """
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _unpack_optional(kind, value)
    wanted = dict if origin is dict or (isinstance(kind, type) and is_dataclass(kind)) else list
    if (wanted is dict or origin in (tuple, list)) and not isinstance(value, wanted):
        raise TypeError(f"{kind} cannot be made of {type(value).__name__}")
    if kind is datetime:
        return datetime.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: unpack(hints[name], item) for name, item in value.items() if name in hints})
    if origin in (tuple, list):
        return origin(unpack(get_args(kind)[0], item) for item in value)
    if origin is dict:
        return {key: unpack(get_args(kind)[1], item) for key, item in value.items()}
    return value


def _unpack_optional(kind: Any, value: Any) -> Any:
    options = [option for option in get_args(kind) if option is not NoneType]
    return unpack(options[0], value) if len(options) == 1 and value is not None else value

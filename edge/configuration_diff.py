"""Which keys of hotel.toml and service.toml are others than those the service runs with: pure."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from edge.configuration import Configuration


def changed_keys(running: Configuration, read: Configuration) -> list[str]:
    """`file: [table] key` of everything that needs a restart."""
    pairs = (("hotel.toml", running.hotel, read.hotel), ("service.toml", running.settings, read.settings))
    return [f"{file}: {place}" for file, one, other in pairs for place in _places(_tables(one), _tables(other))]


def _tables(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(by_alias=True)


def _places(one: dict[str, Any], other: dict[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys([*one, *other]):
        before, after = one.get(name), other.get(name)
        if before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            yield from (f"[{name}] {key}" for key in {**before, **after} if before.get(key) != after.get(key))
        else:
            yield f"[[{name}]]"

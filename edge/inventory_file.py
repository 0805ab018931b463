"""Edits of the text of `devices.toml`. Pure: text in, text out; comments, order and every other line stay as they are.

Only the lines of the device in question are looked at, so that no other line can change. What comes out is read again
and compared with what was meant: a file written in a way that is not understood here is refused, never spoiled.
"""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

_HEADER = re.compile(r"^\s*\[")
_DEVICE = re.compile(r"^\s*\[\[\s*(?:device|\"device\"|'device')\s*\]\]")
_REMARK = re.compile(r"^\s*(#.*)?$")
_NUMBER = re.compile(r"[1-9][0-9]{0,2}")

Table = dict[str, Any]


class EditError(Exception):
    """The text cannot be edited. `reason`: no_such_device, id_taken, bad_file."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Placed:
    """A device as it is to stand in the file. `room` None: a spare."""

    id: str
    line: str
    profile: str
    address: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class _Section:
    """The lines of one table: from its header to its last key, which is before `end`."""

    start: int
    end: int


def place(text: str, device: Placed) -> str:
    """With the device at the end. Raises EditError."""
    if any(table.get("id") == device.id for table in _devices(text)):
        raise EditError("id_taken", device.id)
    end = _ending(text)
    head = text if not text or text.endswith("\n") else text + end
    fresh = {key: value for key, value in _table(device).items() if value is not None}
    lines = ["", "[[device]]", *(f"{key} = {_toml(value)}" for key, value in fresh.items())]
    return _checked(text, head + "".join(line + end for line in lines), lambda tables: [*tables, fresh])


def move(text: str, device: str, room: str | None) -> str:
    """With the device in another room; None: a spare. Raises EditError."""
    return _changed(text, device, {"room": room})


def replace(text: str, device: str, new: Placed) -> str:
    """With another device in its place: line, profile and address of `new`; id and room stay. Raises EditError."""
    told = _table(new)
    return _changed(text, device, {key: told[key] for key in ("line", "profile", "address")})


def remove(text: str, device: str) -> str:
    """Without the device. Raises EditError."""
    lines = text.splitlines(keepends=True)
    index, section = _found(text, lines, device)
    start, end = section.start, section.end
    before = not start or not lines[start - 1].strip()
    if start and before and (end == len(lines) or not lines[end].strip()):
        start -= 1  # of the two empty lines around it one is enough
    return _checked(text, "".join(lines[:start] + lines[end:]), lambda tables: [*tables[:index], *tables[index + 1 :]])


def _changed(text: str, device: str, values: Table) -> str:
    lines = text.splitlines(keepends=True)
    index, section = _found(text, lines, device)
    edited = _edited(lines[section.start : section.end], values, _ending(text))

    def wanted(tables: list[Table]) -> list[Table]:
        mixed = {**tables[index], **values}
        there = {key: value for key, value in mixed.items() if value is not None}
        return [*tables[:index], there, *tables[index + 1 :]]

    return _checked(text, "".join([*lines[: section.start], edited, *lines[section.end :]]), wanted)


def _edited(lines: list[str], values: Table, end: str) -> str:
    """The table's lines with these values; None: without that key. New keys come after the last one."""
    import tomlkit  # where a file is edited only: most runs never do

    document = tomlkit.parse("".join(lines))
    table = document["device"][0]  # its lines begin with [[device]]
    for key, value in values.items():
        if key in table and value is None:
            table.remove(key)
        elif key in table and table[key] != value:
            table[key] = value
    kept = tomlkit.dumps(document)
    fresh = [f"{key} = {_toml(value)}{end}" for key, value in values.items() if key not in table and value is not None]
    return kept + (end if fresh and not kept.endswith("\n") else "") + "".join(fresh)


def _found(text: str, lines: list[str], device: str) -> tuple[int, _Section]:
    tables, sections = _devices(text), _sections(lines)
    index = next((number for number, table in enumerate(tables) if table.get("id") == device), None)
    if index is None:
        raise EditError("no_such_device", device)
    if len(sections) != len(tables):
        raise EditError("bad_file", "devices are not written as [[device]] tables: edit the file by hand")
    return index, sections[index]


def _sections(lines: list[str]) -> list[_Section]:
    headers = [number for number, line in enumerate(lines) if _HEADER.match(line)] + [len(lines)]
    tables = pairwise(headers)
    return [_Section(start, _last(lines, end)) for start, end in tables if _DEVICE.match(lines[start])]


def _last(lines: list[str], end: int) -> int:
    """Remarks that stand before the next table belong to that."""
    while _REMARK.match(lines[end - 1].rstrip("\r\n")):
        end -= 1
    return end


def _devices(text: str) -> list[Table]:
    tables = _content(text).get("device", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise EditError("bad_file", "device is not a list of tables")
    return tables


def _content(text: str) -> Table:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EditError("bad_file", str(error)) from error


def _checked(before: str, after: str, wanted: Callable[[list[Table]], list[Table]]) -> str:
    """The new text, which says what was meant and nothing else."""
    meant = {**_content(before), "device": wanted(_devices(before))}
    found = _content(after)
    if {**found, "device": found.get("device", [])} != meant:
        raise EditError("bad_file", "is written in a way that cannot be edited here: edit it by hand")
    return after


def _table(device: Placed) -> Table:
    number = bool(_NUMBER.fullmatch(device.address))  # a Modbus unit
    address: object = int(device.address) if number else device.address
    return {
        "id": device.id,
        "line": device.line,
        "profile": device.profile,
        "address": address if device.address else None,
        "room": device.room,
    }


def _toml(value: object) -> str:
    from tomlkit import item

    return item(value).as_string()


def _ending(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"

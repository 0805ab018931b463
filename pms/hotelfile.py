"""hotel.toml: the property, its floors, room types and rooms. Imported at the first start, then edited in the PMS."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

PropertyId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
Number = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,19}$")]
Label = Annotated[str, Field(min_length=1, max_length=200)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PropertyTable(_Table):
    """[property]: the house itself."""

    id: PropertyId = Field(description="Short name of the property; part of the topics of the link. Never changes.")
    name: Label = Field(description="Name as guests know it.")
    time_zone: str = Field(description="IANA time zone, for example Europe/Berlin or Asia/Shanghai.")
    language: str = Field("en", description="Language of the pages for who has chosen none: en or zh-CN.")
    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="ISO 4217 code; amounts are in its minor units.")
    day_starts: time = Field(time(4, 0), description="When the business date moves, on the hotel's own clock.")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"unknown time zone {value!r}") from error
        return value


class FloorTable(_Table):
    """[[floor]]: a floor, from the bottom up."""

    id: Code = Field(description="Short name, referred to by rooms.")
    name: Label = Field(description="Name as people say it.")


class RoomTypeTable(_Table):
    """[[room_type]]: what is sold."""

    code: Code = Field(description="Short name, referred to by rooms: STD, DLX ...")
    name: Label = Field(description="Name as guests know it.")
    capacity: int = Field(2, ge=1, le=50, description="Guests that fit.")


class RoomTable(_Table):
    """[[room]]: a room with a number."""

    number: Number = Field(description="As on the door.")
    type: Code = Field(description="Code of a room_type.")
    floor: Code = Field(description="Id of a floor.")


class KeysTable(_Table):
    """[keys]: how key cards are made."""

    check_out_time: time = Field(
        time(12, 0), description="When a key ends on the day of departure, on the hotel's own clock."
    )
    grace_minutes: int = Field(0, ge=0, le=24 * 60, description="How much longer it opens.")
    deadline_seconds: int = Field(60, ge=10, le=600, description="How long an encoder waits for a card.")

    @field_validator("check_out_time")
    @classmethod
    def _of_the_hotel(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("a time on the hotel's own clock has no zone")
        return value


class Hotel(_Table):
    """The whole file."""

    house: PropertyTable = Field(alias="property")
    floor: tuple[FloorTable, ...] = Field(min_length=1)
    room_type: tuple[RoomTypeTable, ...] = Field(min_length=1)
    room: tuple[RoomTable, ...] = Field(min_length=1)
    keys: KeysTable = Field(KeysTable(), description="How key cards are made.")
    timers: dict[str, float] = Field(
        default={}, description="Changed limits of the room logic, in the unit of their name: search_minutes = 10 ..."
    )

    @property
    def rooms(self) -> frozenset[str]:
        """Every room number."""
        return frozenset(room.number for room in self.room)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where."""

    file: str
    table: str
    key: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: [{self.table}] {self.key}: {self.message}"


class HotelFileError(Exception):
    """hotel.toml cannot be taken. `problems` names all that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def load_hotel(path: Path) -> Hotel:
    """Read and check hotel.toml. Raises HotelFileError with every problem found."""
    text = _text(path)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise HotelFileError([Problem(path.name, "", "", f"not TOML: {error}", _line_of(error))]) from error
    try:
        hotel = Hotel.model_validate(content)
    except ValidationError as error:
        raise HotelFileError([_problem(path, text, item) for item in _without_echoes(error.errors())]) from error
    if problems := _cross_check(path, text, hotel):
        raise HotelFileError(problems)
    return hotel


def hotel_schema() -> dict[str, Any]:
    """The JSON schema of hotel.toml."""
    return Hotel.model_json_schema()


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise HotelFileError([Problem(path.name, "", "", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise HotelFileError([Problem(path.name, "", "", "is not UTF-8")]) from error


def _cross_check(path: Path, text: str, hotel: Hotel) -> list[Problem]:
    found: list[Problem] = []
    floors, types = {floor.id for floor in hotel.floor}, {kind.code for kind in hotel.room_type}
    tables = (
        ("floor", "id", [floor.id for floor in hotel.floor]),
        ("room_type", "code", [kind.code for kind in hotel.room_type]),
        ("room", "number", [room.number for room in hotel.room]),
    )
    for table, key, values in tables:
        found += [
            _located(path, text, table, index, key, f"{values[index]!r} is there twice") for index in _repeated(values)
        ]
    for index, room in enumerate(hotel.room):
        if room.floor not in floors:
            found.append(_located(path, text, "room", index, "floor", f"there is no floor {room.floor!r}"))
        if room.type not in types:
            found.append(_located(path, text, "room", index, "type", f"there is no room_type {room.type!r}"))
    return found


def _repeated(values: list[str]) -> list[int]:
    return [index for index, value in enumerate(values) if value in values[:index]]


def _without_echoes(items: Sequence[Any]) -> list[Any]:
    """A list all of whose tables are wrong is not too short as well."""
    wrong_inside = {item["loc"][0] for item in items if len(item["loc"]) > 1}
    return [item for item in items if item["type"] != "too_short" or item["loc"][0] not in wrong_inside]


def _problem(path: Path, text: str, item: Any) -> Problem:
    location = item["loc"]
    table = str(location[0])
    index = location[1] if len(location) > 1 and isinstance(location[1], int) else None
    key = str(location[-1]) if len(location) > 1 and location[-1] != index else ""
    message = "unknown key" if item["type"] == "extra_forbidden" else item["msg"]
    return _located(path, text, table, index or 0, key, message)


def _located(path: Path, text: str, table: str, index: int, key: str, message: str) -> Problem:
    line = _table_line(text, table, index)
    return Problem(path.name, table, key, message, _key_line(text, line, key))


def _table_line(text: str, table: str, index: int) -> int | None:
    """The line of the table's header; `index` counts the tables of that name."""
    header = re.compile(rf"\s*\[\[?\s*{re.escape(table)}\s*\]\]?")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if header.match(line)]
    return lines[index] if index < len(lines) else None


def _key_line(text: str, start: int | None, key: str) -> int | None:
    if start is None or not key:
        return start
    wanted = re.compile(rf"\s*{re.escape(key)}\s*=")
    for number, line in enumerate(text.splitlines()[start:], start + 1):
        if line.lstrip().startswith("["):
            break
        if wanted.match(line):
            return number
    return start


def _line_of(error: tomllib.TOMLDecodeError) -> int | None:
    match = re.search(r"line (\d+)", str(error))
    return int(match[1]) if match else None

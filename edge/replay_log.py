"""The replay format: logs and lists of spans, read row by row; bad rows are counted and never stop the rest."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from devices.model import CredentialClass, DeviceEvent, Quality, Reading, Value
from edge.rooms.signals import RoomFacts, Signal
from edge.scoring import Span

COLUMNS = ["time", "room", "device", "point", "value"]
SWITCHES = frozenset({"motion", "presence", "bed", "contact", "bolt", "rented"})
NUMBERS = frozenset({"temperature", "humidity", "co2", "lux", "power", "keycard"})
ON_OFF = {"on": True, "off": False}
ACCESS = frozenset({"guest", "housekeeping", "engineering", "denied"})
ABSURD = 1e9
YEARS = (1970, 2200)
MOST_EXAMPLES = 5


class BadRowError(ValueError):
    """A row that says nothing; `args[0]` is the reason as a code."""


class WrongFileError(ValueError):
    """A file that is not in the replay format at all, or cannot be read."""


class Row(NamedTuple):
    """One line of a log: `time` as written, `now` in UTC (a time without a zone is taken as if it were UTC)."""

    time: datetime
    now: datetime
    room: str
    device: str
    point: str
    value: Value


@dataclass
class Rejects:
    """Rows that could not be used: how many for which reason, and the first few of them."""

    reasons: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)

    def add(self, where: str, reason: str) -> None:
        """Count one."""
        self.reasons[reason] = self.reasons.get(reason, 0) + 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(f"{where}: {reason}")


def read_log(path: Path, rejects: Rejects) -> Iterator[Row]:
    """The usable rows of a log, in order; the others are counted. Raises WrongFileError."""
    header = _header(path)
    if header != COLUMNS:
        raise WrongFileError(f"{path}: the first line must be {','.join(COLUMNS)}")
    last: Row | None = None
    for number, fields in islice(_lines(path), 1, None):
        try:
            last = _after(last, parse(fields))
        except BadRowError as error:
            rejects.add(f"{path.name} line {number}", str(error))
            continue
        yield last


def _after(last: Row | None, row: Row) -> Row:
    if last is not None and (row.time.tzinfo is None) != (last.time.tzinfo is None):
        raise BadRowError("mixed_zones")
    if last is not None and row.now < last.now:
        raise BadRowError("out_of_order")
    return row


def parse(fields: Sequence[str]) -> Row:
    """One row. Raises BadRowError."""
    if len(fields) != len(COLUMNS):
        raise BadRowError("wrong_number_of_fields")
    text, room, device, point, value = (item.strip() for item in fields)
    time = _instant(text)
    if not room:
        raise BadRowError("no_room")
    now = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return Row(time, now, room, device, point, _value(point, value))


def signal_of(row: Row, sequence: int) -> Signal:
    """What the room is told."""
    if row.point == "rented":
        return RoomFacts(row.room, rented=row.value is True, guests=1 if row.value is True else 0)
    if row.point == "access":
        denied = row.value == "denied"
        kind = CredentialClass.UNKNOWN if denied else CredentialClass(str(row.value))
        params = {"result": "denied" if denied else "granted", "credential_class": kind}
        return DeviceEvent(row.device, row.room, "access", params, row.now, row.now, sequence)
    return Reading(row.device, row.room, row.point, row.value, Quality.GOOD, row.now, row.now, sequence)


def read_spans(path: Path | None, rejects: Rejects) -> dict[str, list[Span]]:
    """Spans by room ("" for all rooms) of a list with two times a line. Raises WrongFileError."""
    found: dict[str, list[Span]] = {}
    if path is None:
        return found
    header = _header(path)
    room_at = header.index("room") if "room" in header else None
    for number, fields in islice(_lines(path), 1, None):
        room = fields[room_at].strip() if room_at is not None and room_at < len(fields) else ""
        times = [item for at, item in enumerate(fields) if at != room_at]
        try:
            span = _span(times)
        except BadRowError as error:
            rejects.add(f"{path.name} line {number}", str(error))
            continue
        found.setdefault(room, []).append(span)
    return found


def _value(point: str, text: str) -> Value:
    if point == "door" and text in ("open", "closed"):
        return text
    if point == "access" and text in ACCESS:
        return text
    if point in SWITCHES or (point == "keycard" and text in ON_OFF):
        if text not in ON_OFF:
            raise BadRowError("wrong_value")
        return ON_OFF[text]
    if point not in NUMBERS:
        raise BadRowError("wrong_value" if point in ("door", "access") else "unknown_point")
    return _number(point, text)


def _number(point: str, text: str) -> Value:
    try:
        number = float(text)
    except ValueError:
        raise BadRowError("not_a_number") from None
    if not -ABSURD < number < ABSURD:
        raise BadRowError("absurd_value")
    return number > 0 if point == "keycard" else number


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise BadRowError("not_a_time") from None
    if not YEARS[0] <= instant.year <= YEARS[1]:
        raise BadRowError("absurd_time")
    return instant


def _span(times: Sequence[str]) -> Span:
    if len(times) < 2:
        raise BadRowError("wrong_number_of_fields")
    start, end = _instant(times[0].strip()), _instant(times[1].strip())
    if (start.tzinfo is None) != (end.tzinfo is None):
        raise BadRowError("mixed_zones")
    if end < start:
        raise BadRowError("ends_before_it_starts")
    return start, end


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Numbered rows; undecodable bytes become a bad row and not an end. Raises WrongFileError."""
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
            reader = csv.reader(line.replace("\0", "") for line in file)
            while True:
                try:
                    fields = next(reader, None)
                except csv.Error:
                    fields = ["?"]
                if fields is None:
                    return
                if fields:
                    yield reader.line_num, fields
    except OSError as error:
        raise WrongFileError(f"{path}: {error.strerror}") from error


def _header(path: Path) -> list[str]:
    first = next(_lines(path), None)
    if first is None:
        raise WrongFileError(f"{path}: empty")
    return [name.strip() for name in first[1]]

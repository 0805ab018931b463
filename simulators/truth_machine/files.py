"""A room of known truth as files for `innkeeper replay`: the log, the absences, the sleep."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from devices.model import Value
from simulators.truth_machine.life import Life

COLUMNS = ("time", "room", "device", "point", "value")
POINTS = frozenset(
    {"door", "motion", "presence", "bed", "contact", "temperature", "humidity", "co2", "lux", "power", "keycard"}
    | {"access", "bolt", "rented"}
)
"""What the replay format knows."""
ACCESS = {"unknown": "denied", "master": "housekeeping", "emergency": "engineering"}


def write_room(life: Life, folder: Path) -> list[str]:
    """`room-<number>.csv`, `.away.csv`, `.asleep.csv` in `folder`, which is made; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"room-{life.room}"
    rows = (
        (event.time.isoformat(), event.room, event.device, event.point, _text(event.point, event.value))
        for event in life.events
        if event.point in POINTS and event.value is not None
    )
    asleep = ((start.isoformat(), end.isoformat()) for start, end, _ in life.asleep)
    away = ((left.isoformat(), back.isoformat()) for left, back in _absences(life))
    lists: Sequence[tuple[str, Sequence[str], Iterable[Sequence[str]]]] = (
        ("csv", COLUMNS, rows),
        ("away.csv", ("left", "returned"), away),
        ("asleep.csv", ("start", "end"), asleep),
    )
    return [_write(Path(f"{stem}.{ending}"), header, lines) for ending, header, lines in lists]


def _write(path: Path, header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(header)
        out.writerows(lines)
    return str(path)


def _text(point: str, value: Value) -> str:
    if point == "access":
        return ACCESS.get(str(value), str(value))
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _absences(life: Life) -> Iterator[tuple[datetime, datetime]]:
    """From the first event on."""
    free = life.events[0].time
    for start, end, _ in life.occupied:
        if start > free:
            yield free, start
        free = max(free, end)
    if free < life.end:
        yield free, life.end

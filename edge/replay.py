"""`innkeeper replay`: a recorded log through the rooms' own logic, and how well it knew (design section 7)."""

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, NamedTuple

from edge.replay_log import Rejects, Row, WrongFileError, read_log, read_spans, signal_of
from edge.rooms.parameters import RoomParameters
from edge.rooms.room import Room
from edge.rooms.signals import RoomFacts, Tick
from edge.scoring import Score, Span, Spans, Truth, score

TICK = Tick()


class Change(NamedTuple):
    """The occupancy of a room changed, in the log's own clock."""

    time: datetime
    room: str
    occupancy: str


@dataclass
class ReplayResult:
    """What a replay found."""

    rows: int
    rejects: Rejects
    changes: list[Change]
    scores: dict[str, Score]  # by room; empty without a list of absences
    overall: Score | None
    masked: int = 0  # spans that were not scored

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "rows": self.rows,
            "bad_rows": {"reasons": self.rejects.reasons, "examples": self.rejects.examples},
            "changes": len(self.changes),
            "masked_spans": self.masked,
            "rooms": {room: result.figures() for room, result in self.scores.items()},
            "overall": self.overall.figures() if self.overall is not None else None,
        }


def replay(
    log: Path, away: Path | None = None, asleep: Path | None = None, timeline: Path | None = None
) -> ReplayResult:
    """Drive real rooms with a log, causally. Lists apply to every room unless they have a `room` column.

    A list named `*.mask.csv` beside `*.away.csv` holds minutes that are not scored. Raises WrongFileError.
    """
    rejects = Rejects()
    lists = Lists(read_spans(away, rejects), read_spans(asleep, rejects), read_spans(_mask_beside(away), rejects))
    player = Player()
    for row in read_log(log, rejects):
        player.play(row)
    scores = {room: player.score(room, lists) for room in player.rooms} if away is not None else {}
    overall = sum_of(list(scores.values())) if away is not None else None
    if timeline is not None:
        write_timeline(timeline, player.changes)
    masked = sum(len(spans) for spans in lists.masked.values())
    return ReplayResult(player.rows, rejects, player.changes, scores, overall, masked)


@dataclass(frozen=True)
class Lists:
    """What is known to be true, by room ("" for every room), each in its own clock."""

    away: dict[str, list[Span]]
    asleep: dict[str, list[Span]]
    masked: dict[str, list[Span]]

    def truth(self, room: str, zone: tzinfo | None) -> Truth:
        """Of one room, in the clock of its log."""
        away, asleep, masked = (
            Spans(
                [
                    (own_clock(start, zone), own_clock(end, zone))
                    for key in ("", room)
                    for start, end in spans.get(key, ())
                ]
            )
            for spans in (self.away, self.asleep, self.masked)
        )
        return Truth(away, asleep, masked)


def own_clock(instant: datetime, zone: tzinfo | None) -> datetime:
    """As the wall clock of the log showed it, without a zone."""
    if instant.tzinfo is not None and zone is not None:
        instant = instant.astimezone(zone)
    return instant.replace(tzinfo=None)


def in_zone(time: datetime) -> RoomParameters:
    """The default parameters, with day and night as the clock of the log has them."""
    offset = time.utcoffset()
    return RoomParameters(utc_offset_minutes=offset.total_seconds() / 60 if offset is not None else 0)


class Player:
    """Feeds rows to rooms, and time between them."""

    def __init__(self) -> None:
        self.rooms: dict[str, Room] = {}
        self.changes: list[Change] = []
        self.rows = 0
        self._zone: tzinfo | None = None
        self._heard: dict[str, tuple[datetime, datetime]] = {}
        self._answers: dict[str, str] = {}

    def play(self, row: Row) -> None:
        """Let time go by up to the row, then take it."""
        if not self.rows:
            self._zone = row.time.tzinfo
        self.rows += 1
        room = self.rooms.get(row.room)
        if room is None:
            room = self.rooms[row.room] = Room(row.room, parameters=in_zone(row.time))
            room.take(RoomFacts(row.room, rented=True, guests=1), row.now)
        for number, other in self.rooms.items():
            self._pass_time(number, other, row.now)
        self._heard[row.room] = (self._heard.get(row.room, (row.time, row.time))[0], row.time)
        room.take(signal_of(row, self.rows), row.now)
        self._note(row.room, room, row.time)

    def score(self, room: str, lists: Lists) -> Score:
        """How well one room knew."""
        first, last = (own_clock(instant, self._zone) for instant in self._heard[room])
        changes = [(own_clock(time, self._zone), answer) for time, number, answer in self.changes if number == room]
        return score(changes, first, last, lists.truth(room, self._zone))

    def _pass_time(self, number: str, room: Room, until: datetime) -> None:
        due = room.next_due()
        while due is not None and due <= until:
            room.take(TICK, due)
            self._note(number, room, due.astimezone(self._zone) if self._zone else due.replace(tzinfo=None))
            due = room.next_due()

    def _note(self, number: str, room: Room, time: datetime) -> None:
        answer = room.occupancy
        if answer != self._answers.get(number, "unknown"):
            self._answers[number] = answer
            self.changes.append(Change(time, number, answer))


def write_timeline(path: Path, changes: Sequence[Change]) -> None:
    """`time,room,occupancy`, a line a change."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["time", "room", "occupancy"])
        out.writerows([change.time.isoformat(), change.room, change.occupancy] for change in changes)


def run(log: Path, away: Path | None, asleep: Path | None, timeline: Path | None, *, as_json: bool = False) -> int:
    """The command: prints what was found. 0 done, 2 wrong input."""
    try:
        result = replay(log, away, asleep, timeline)
    except WrongFileError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(json.dumps(result.as_dict()) + "\n" if as_json else _text(result))
    return 0


def sum_of(scores: Sequence[Score]) -> Score:
    """All rooms together."""
    overall = Score()
    for part in scores:
        overall += part
    return overall


def _mask_beside(away: Path | None) -> Path | None:
    if away is None or not away.name.endswith(".away.csv"):
        return None
    mask = away.with_name(away.name.removesuffix(".away.csv") + ".mask.csv")
    return mask if mask.exists() else None


def _text(result: ReplayResult) -> str:
    lines = [f"{result.rows} readings, {len(result.changes)} changes, {sum(result.rejects.reasons.values())} bad rows"]
    lines += [f"  bad: {reason} {count}" for reason, count in sorted(result.rejects.reasons.items())]
    lines += [f"  {example}" for example in result.rejects.examples]
    if result.masked:
        lines.append(f"{result.masked} spans are not scored")
    tables = dict(result.scores)
    if result.overall is not None and len(tables) != 1:
        tables["overall"] = result.overall
    for name, found in tables.items():
        lines.append(name)
        lines += [f"  {key:20} {'-' if value is None else value}" for key, value in found.figures().items()]
    return "\n".join(lines) + "\n"

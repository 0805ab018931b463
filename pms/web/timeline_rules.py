"""From a room's events to the bands of its timeline. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

BANDS = ("occupancy", "desk", "cleaning", "request", "energy")
NOTHING = {"cleaning": "none", "request": "none", "energy": "comfort"}
"""What a band shows as empty."""
WIDTH = 1440
MOST_TOLD = 200


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of a room: when the house heard of it, its kind, what it said."""

    at: datetime
    kind: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a band. `x`, `width`: of `WIDTH`; `evidence`, `why`: the reasons given then, as codes."""

    start: datetime
    end: datetime
    value: str
    x: float
    width: float
    stale: bool = False
    by_hand: bool = False
    evidence: Sequence[Mapping[str, Any]] = ()
    why: Mapping[str, Any] | None = None


@dataclass(slots=True)
class _Open:
    """A piece that goes on."""

    start: datetime
    value: str
    more: dict[str, Any] = field(default_factory=dict)


def parts(happenings: Iterable[Happening], start: datetime, end: datetime) -> dict[str, list[Part]]:
    """The bands from `start` to `end`; before the first event of a kind nothing is known, and nothing is drawn."""
    bands: dict[str, list[Part]] = {band: [] for band in BANDS}
    going: dict[str, _Open] = {}
    for happening in happenings:
        for band, (at, value, more) in _said(happening).items():
            before = going.get(band)
            if before is not None and (before.value, _marks(before.more)) == (value, _marks(more)):
                continue
            since = max(at, before.start) if before is not None else at
            _close(bands[band], before, since, (start, end))
            going[band] = _Open(since, value, more)
    for band, last in going.items():
        _close(bands[band], last, end, (start, end))
    return bands


def _marks(more: Mapping[str, Any]) -> tuple[Any, Any]:
    return more.get("stale"), more.get("by_hand")


def _close(band: list[Part], piece: _Open | None, until: datetime, span: tuple[datetime, datetime]) -> None:
    start, end = span
    if piece is None:
        return
    first, last = max(piece.start, start), min(until, end)
    if last > first:
        scale = WIDTH / (end - start).total_seconds()
        x = round((first - start).total_seconds() * scale, 2)
        width = round((last - first).total_seconds() * scale, 2)
        band.append(Part(first, last, piece.value, x, width, **piece.more))


Said = dict[str, tuple[datetime, str, dict[str, Any]]]


def _said(happening: Happening) -> Said:
    payload, at = happening.payload, happening.at
    if happening.kind == "room.front_office":
        return {"desk": (at, str(payload.get("front_office")), {})}
    if happening.kind != "room.sensed":
        return {}
    energy = payload.get("energy") or {}
    more = {
        "stale": bool(payload.get("stale")),
        "by_hand": bool(payload.get("by_hand")),
        "evidence": payload.get("evidence") or (),
    }
    said: Said = {"occupancy": (_since(payload, at), str(payload.get("occupancy") or "unknown"), more)}
    for band in ("cleaning", "request"):
        said[band] = (at, str(payload.get(band) or "none"), {})
    if energy:
        said["energy"] = (at, str(energy.get("phase") or "comfort"), {"why": energy.get("why")})
    return said


def _since(payload: Mapping[str, Any], at: datetime) -> datetime:
    """When it became so, as the room says; never later than the house heard of it. Stale: from when that was said."""
    told = payload.get("since")
    if not isinstance(told, str) or payload.get("stale"):
        return at
    since = datetime.fromisoformat(told)
    return min(since, at) if since.tzinfo else at


def hours(start: datetime, end: datetime) -> list[tuple[float, datetime]]:
    """Where the marks of the axis are (of `WIDTH`), every three hours."""
    step, found = timedelta(hours=3), []
    at = start.replace(minute=0, second=0, microsecond=0)
    at += timedelta(hours=(3 - at.hour % 3) % 3 if (at.hour % 3 or at < start) else 0)
    at = at + step if at < start else at
    while at <= end:
        found.append((round(WIDTH * (at - start) / (end - start), 2), at))
        at += step
    return found


def told(bands: Mapping[str, Sequence[Part]]) -> list[tuple[str, Part]]:
    """The same in words, oldest first: every piece that says something, with its band."""
    lines = [(band, part) for band in BANDS for part in bands[band] if part.value != NOTHING.get(band)]
    return sorted(lines, key=lambda line: (line[1].start, BANDS.index(line[0])))[-MOST_TOLD:]

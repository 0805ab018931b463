"""What each room was, kept as it was said at the time, for whoever asks later why. Only a change is a row."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson

from edge.journal_energy import HistoryRow
from edge.rooms.signals import RoomFacts

View = Mapping[str, Any]
MOST_EVIDENCE = 4


class Chronicle:
    """`latest`: what was written last of each room and kind. To be asked with `anew` before the view is made."""

    def __init__(self, latest: Iterable[HistoryRow]) -> None:
        self._said = {(row.room, row.kind): (row.at, _compared(row.kind, orjson.loads(row.body))) for row in latest}
        self._stories: dict[str, int] = {}

    def anew(self, room: str, story: int) -> bool:
        """Whether a room may have become another since it was asked last: most changes are of a figure alone."""
        if self._stories.get(room) == story:
            return False
        self._stories[room] = story
        return True

    def beside(self, room: str) -> None:
        """What is shown of a room beside its own story has changed."""
        self._stories.pop(room, None)

    def note(self, view: View, facts: RoomFacts | None, now: datetime) -> list[HistoryRow]:
        """What of a room (`view`: its shape on the link) became another; each with the instant since when it is so."""
        room, rows = str(view["room"]), []
        for kind, (since, body) in _parts(view, facts).items():
            compared = _compared(kind, body)
            before = self._said.get((room, kind))
            if before is not None and before[1] == compared:
                continue
            at = _when(since, before[0] if before else None, now)
            self._said[room, kind] = (at, compared)
            rows.append(HistoryRow(room, at, kind, orjson.dumps(body)))
        return rows


def _when(since: datetime | None, before: datetime | None, now: datetime) -> datetime:
    """What was so before and is so again (an answer set by hand has ended) became so now."""
    if since is None or since > now or (before is not None and since <= before):
        return now
    return since


def _parts(view: View, facts: RoomFacts | None) -> dict[str, tuple[datetime | None, dict[str, Any]]]:
    occupancy, cleaning = view["occupancy"], view["cleaning"]
    said = {name: occupancy[name] for name in ("value", "source", "stale", "confidence", "detected", "until")}
    why = list(occupancy["evidence"])[-MOST_EVIDENCE:]
    since = None if occupancy["stale"] else occupancy["since"]
    parts: dict[str, tuple[datetime | None, dict[str, Any]]] = {
        "occupancy": (since, {**said, "evidence": why}),
        "cleaning": (cleaning["since"], {"phase": cleaning["phase"]}),
        "conditions": (None, {"kinds": sorted(view["conditions"])}),
    }
    for point in ("door", "request"):
        parts[point] = (view[point]["since"], {"value": view[point]["value"]})
    if facts is not None:
        parts["desk"] = (None, {"rented": facts.rented, "guests": facts.guests, "maintenance": facts.maintenance})
    if (energy := view.get("energy")) is not None:
        parts["energy"] = (energy["since"], dict(energy))
    return parts


def _compared(kind: str, body: Mapping[str, Any]) -> object:
    """What of it makes it another: not its confidence, not its evidence."""
    if kind == "occupancy":
        return body.get("value"), body.get("source"), body.get("stale")
    if kind == "energy":
        return body.get("phase"), (body.get("why") or {}).get("code"), body.get("still"), body.get("reached")
    return tuple(body.values())

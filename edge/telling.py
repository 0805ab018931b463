"""What a room was and why, as sentences in one language."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from edge.explain import KINDS, SERVICE, Entry, Explanation
from pms.kernel import formats
from pms.kernel.i18n import Translator
from pms.kernel.i18n.translator import local_params

CATALOGUES = Path(__file__).parents[1] / "pms" / "web" / "catalogues"


def translator() -> Translator:
    """Of the texts that the pages have too."""
    return Translator.load(CATALOGUES)


class Teller:
    """Says an explanation in one language, on the hotel's clock."""

    def __init__(self, translator: Translator, language: str, zone: ZoneInfo) -> None:
        self._translator = translator
        self._language = language
        self._zone = zone

    def lines(self, found: Explanation) -> Iterator[str]:
        """The whole text, line by line."""
        since, until = (self._moment(at, found.until) for at in (found.since, found.until))
        yield self._text("explain.title", room=found.room, since=since, until=until, zone=str(self._zone))
        if not found.state:
            yield self._text("explain.nothing")
            return
        if found.known_since is not None and found.known_since > found.since:
            yield self._text("explain.known_since", at=self._moment(found.known_since, found.until))
        yield ""
        for entry in found.entries:
            yield from self._entry(entry, f"{self._moment(entry.at, found.until)}  ")
        if not found.entries:
            yield self._text("explain.unchanged")
        yield ""
        yield self._text("explain.state", at=self._moment(found.until, found.until))
        for kind in KINDS:
            if kind in found.state:
                yield from self._entry(found.state[kind], "  ", since=self._moment(found.state[kind].at, found.until))

    def _entry(self, entry: Entry, head: str, since: str | None = None) -> Iterator[str]:
        ending = f" ({self._text('explain.since', at=since)})" if since else ""
        yield head + self.sentence(entry) + ending
        for reason in self._reasons(entry):
            yield " " * len(head) + "- " + reason

    def sentence(self, entry: Entry) -> str:
        """An entry without its reasons."""
        body, kind = entry.body, entry.kind
        if kind == "occupancy":
            return self._occupancy(body)
        if kind == "desk":
            word = self._word("front_office", "occupied" if body["rented"] else "vacant")
            ending = f"; {self._text('explain.maintenance')}" if body.get("maintenance") else ""
            return self._text("explain.desk", word=word, guests=body["guests"]) + ending
        if kind == "conditions":
            kinds = ", ".join(self._word("kind", one) for one in body["kinds"])
            return self._text("explain.conditions", kinds=kinds) if kinds else self._text("explain.no_conditions")
        if kind == SERVICE:
            return self._text("explain.service")
        value = body.get("phase") if kind in ("cleaning", "energy") else body.get("value")
        group = {"energy": "energy_phase"}.get(kind, kind)
        return self._text(f"explain.{kind}", word=self._word(group, str(value)))

    def _occupancy(self, body: dict[str, Any]) -> str:
        said = self._text("explain.occupancy", word=self._word("presence", body["value"]))
        marks = []
        if body["source"] == "manual":
            marks.append(self._text("source.manual"))
        elif body["value"] != "unknown":
            marks.append(formats.percent(body["confidence"], self._language))
        if body["stale"]:
            marks.append(self._text("explain.stale"))
        return f"{said} ({', '.join(marks)})" if marks else said

    def _reasons(self, entry: Entry) -> Iterator[str]:
        for item in entry.body.get("evidence") or ():
            yield self._coded("evidence", item)
        if (why := entry.body.get("why")) is not None:
            yield self._coded("energy_why", why)
        if entry.kind == "energy" and entry.body.get("wanted_c") is not None:
            told = {"wanted": entry.body["wanted_c"], "guest": entry.body["guest_c"]}
            yield self._text("energy_room.goes_back" if entry.body.get("reached") else "energy_room.ordered", **told)

    def _coded(self, group: str, item: dict[str, Any]) -> str:
        key = f"{group}.{item['code']}"
        if not self._translator.has(self._language, key):
            return str(item["code"]).replace("_", " ")
        params = {name: self._word(name, str(value)) for name, value in (item.get("params") or {}).items()}
        said = local_params({"at": item["at"], "params": params}, self._zone)
        return self._text(key, **{"line": "", **said})

    def _word(self, group: str, code: str) -> str:
        key = f"{group}.{code}"
        return self._text(key) if self._translator.has(self._language, key) else code

    def _text(self, key: str, **params: Any) -> str:
        return self._translator.text(self._language, key, **params)

    def _moment(self, at: datetime, now: datetime) -> str:
        return formats.moment(at, now, self._zone, self._language)

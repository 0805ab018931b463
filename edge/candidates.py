"""The edge's list of devices heard and not configured: made from what discovery hears, told to the PMS when it changed.

Kept in DATA/candidates.json over a restart: who was heard, first and last. The list is made
in a look every few seconds, a few devices at a time: reading a stranger's payloads must not delay anybody's.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import structlog
from pydantic import ValidationError

from devices.catalog import Catalog
from devices.clock import Clock
from devices.inventory import Inventory
from devices.mqtt.likeness import Likeness, Spoken, best_values, likenesses
from devices.mqtt.recognise import Sighting
from edge.naming import NamingRules, Placement
from gateway.discovery import Discovery, Heard
from pms.link.inventory_messages import Candidate, CandidatesBody, LookAlike

log = structlog.get_logger()

FILE = "candidates.json"
LOOK_S = 3.0
A_LOOK = 10
"""Candidates whose likenesses are worked out in one look, each in a turn of its own."""
TOLD_AGAIN = timedelta(minutes=1)
"""When only times and numbers moved, the list is told no more often than this."""
LONGEST_SAMPLE = 500


@dataclass(frozen=True, slots=True)
class Hotel:
    """What the list is made against. `ignored`: line and address of those that are to be left out."""

    inventory: Inventory
    rooms: frozenset[str]
    catalog: Catalog
    rules: NamingRules
    ignored: frozenset[tuple[str, str]] = frozenset()


class Candidates:
    """Give `run()` a task. `hotel` is asked anew for each list, so that a reload counts at once.

    `tell` puts the list on the link; it may be called at any time.
    """

    def __init__(
        self,
        discovery: Discovery,
        hotel: Callable[[], Hotel],
        clock: Clock,
        tell: Callable[[CandidatesBody], None],
        data: Path,
    ) -> None:
        self._discovery = discovery
        self._hotel = hotel
        self._clock = clock
        self._tell = tell
        self._file = data / FILE
        self._looks: dict[tuple[str, str], tuple[int, list[Likeness]]] = {}
        self._told: tuple[Any, ...] = ()
        self._told_at: datetime | None = None
        self._restore()

    async def run(self) -> None:
        """Look until cancelled; what is known is kept at the end, and whenever the list changed."""
        try:
            while True:
                await self.look()
                await asyncio.sleep(LOOK_S)
        finally:
            self._keep()

    async def look(self) -> None:
        """Make the list anew, and tell it when it is another one."""
        self._discovery.forget_configured()
        heard = self._discovery.heard
        for key in self._looks.keys() - heard.keys():
            del self._looks[key]
        due = [key for key, one in heard.items() if self._looks.get(key, (-1, []))[0] != one.changed]
        for key in due[:A_LOOK]:
            if key in heard:
                self._looks[key] = (heard[key].changed, self._likenesses(heard[key]))
            await asyncio.sleep(0)
        self._say(self._body())

    def _say(self, body: CandidatesBody) -> None:
        identity = _identity(body)
        if identity == self._told and self._told_at and body.at - self._told_at < TOLD_AGAIN:
            return
        news, self._told, self._told_at = identity != self._told, identity, body.at
        self._tell(body)
        if news:
            self._keep()

    def _likenesses(self, heard: Heard) -> list[Likeness]:
        told = heard.sighting
        spoken = Spoken(told.address, told.dialect, told.why, heard.samples, told.properties, told.name or "")
        return likenesses(spoken, self._hotel().catalog, self._clock.now())

    def _body(self) -> CandidatesBody:
        hotel = self._hotel()
        taken, shown = set(hotel.inventory.devices), []
        for key, heard in sorted(self._discovery.heard.items()):
            if key in hotel.ignored:
                continue
            placed = hotel.rules.place(list(_called(heard.sighting)), hotel.rooms, taken)
            one = _candidate(heard, self._looks.get(key, (0, []))[1], placed)
            taken.add(one.device or "")
            shown.append(one)
        return CandidatesBody(
            at=self._clock.now(), candidates=shown, ignored=len(hotel.ignored), dropped=self._discovery.dropped
        )

    def _restore(self) -> None:
        """What the last run knew. A file that cannot be read is no loss: whoever speaks is found again."""
        try:
            kept = orjson.loads(self._file.read_bytes())
            for item in kept["candidates"]:
                one = Candidate.model_validate(item["told"])
                sighting = Sighting(
                    one.address, item["dialect"], item["why"], one.name, one.vendor, one.model,
                    frozenset(item["properties"]),
                )  # fmt: skip
                samples = {topic: text.encode() for topic, text in item["samples"].items()}
                known = Heard(one.line, sighting, one.first_heard, one.last_heard, one.messages, samples)
                self._discovery.heard.setdefault((one.line, one.address), known)
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
            log.warning("candidates.not_restored", file=self._file.name, error=str(error)[:200])

    def _keep(self) -> None:
        items = [_kept(heard) for heard in self._discovery.heard.values()]
        content = {"candidates": items}
        fresh = self._file.with_suffix(".new")
        try:
            fresh.write_bytes(orjson.dumps(content))
            fresh.replace(self._file)
        except OSError as error:  # a full disk: the list is heard again, and the journal speaks of the disk
            log.warning("candidates.not_kept", file=self._file.name, error=str(error))


def _candidate(heard: Heard, looks: list[Likeness], placed: Placement) -> Candidate:
    told = heard.sighting
    return Candidate(
        line=heard.line,
        address=told.address,
        name=told.name,
        vendor=told.vendor,
        model=told.model,
        looks_like=[LookAlike(profile=one.profile, why=one.why, share=round(one.share, 2)) for one in looks],
        room=placed.room,
        device=placed.device,
        first_heard=heard.first,
        last_heard=heard.last,
        messages=heard.messages,
        sample=_sample(heard),
        values=best_values(looks),
    )


def _kept(heard: Heard) -> dict[str, Any]:
    told = heard.sighting
    return {
        "told": _candidate(heard, [], Placement(None, "")).model_dump(mode="json"),
        "dialect": told.dialect,
        "why": told.why,
        "properties": sorted(told.properties),
        "samples": {topic: payload.decode(errors="replace") for topic, payload in heard.samples.items()},
    }


def _called(told: Sighting) -> Iterable[str]:
    """What a device is called, the installer's own words first: its name, the end of its address, all of it."""
    names = (told.name, told.address.rpartition("/")[2], told.address)
    return dict.fromkeys(name for name in names if name)


def _sample(heard: Heard) -> str:
    if not heard.samples:
        return ""
    topic, payload = next(reversed(heard.samples.items()))
    below = topic.removeprefix(heard.sighting.address).strip("/")
    text = payload.decode(errors="replace")
    return (f"{below}: {text}" if below else text)[:LONGEST_SAMPLE]


def _identity(body: CandidatesBody) -> tuple[Any, ...]:
    """What of the list is news: who, where to, what it looks like. Times and counts are not."""
    shown = ((one.line, one.address, one.name, one.room, one.device, str(one.looks_like)) for one in body.candidates)
    return (tuple(shown), body.ignored, body.dropped)

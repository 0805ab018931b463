"""Which profiles a device may have: each profile of its way of speaking reads what the device said, and is judged by
how much of it it understood. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from devices.catalog import Catalog
from devices.model import Decoded, Device, Profile, Quality, Reading, Value
from devices.mqtt.dialect import NOTHING, Dialect, Finder, Handler
from devices.mqtt.router import BUILT_IN

POINTS = "points"
MOST_SHOWN = 4
UNKNOWN_FORM = "mapped"
"""The dialect whose profiles are tried on a device of no known form."""
_BESIDE = frozenset({"online", "battery", "battery_low", "link_quality", "voltage", "tamper"})
"""Points that many devices have beside what they are there for: alone they make no likeness."""
_SPECIAL = frozenset({"keycard", "window", "lock", "leak", "smoke", "light", "strike"})
"""Points and kinds of devices that are less usual than others which say the same: a contact is mostly a door's."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was heard of one device: its samples by topic, and what it says it can tell (`recognise.Sighting`)."""

    address: str
    dialect: str | None
    why: str
    samples: Mapping[str, bytes]
    properties: frozenset[str] = frozenset()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Likeness:
    """A profile that fits. `share`: of what the device said, how much the profile understands, 0 to 1."""

    profile: str
    why: str
    share: float
    values: Mapping[str, Value]


def likenesses(spoken: Spoken, catalog: Catalog, now: datetime) -> list[Likeness]:
    """The profiles it may have, best first; empty when none understands anything of it."""
    dialect = spoken.dialect or UNKNOWN_FORM
    if dialect not in BUILT_IN:
        return []
    profiles = (catalog.get(name) for name in catalog.ids())
    tried = [(profile, _fit(profile, spoken, now)) for profile in profiles if profile.dialect == dialect]
    fits = [(profile, fit) for profile, fit in tried if fit is not None]
    fits.sort(key=lambda one: (-round(one[1].share, 2), *_doubts(one[0], one[1], spoken), one[0].id))
    return [fit for _, fit in fits[:MOST_SHOWN]]


def _doubts(profile: Profile, fit: Likeness, spoken: Spoken) -> tuple[bool, bool, float]:
    """Of two that understand as much: is it called so, is it unusual, how much of it was not heard."""
    called = f"{spoken.address} {spoken.name}".lower()
    kind = profile.id.rpartition("/")[2]
    named = any(word in called for word in (kind, *(profile.points.keys() - _BESIDE)))
    told = sum(point in fit.values for point in profile.points)
    return not named, bool(_SPECIAL & {kind, *profile.points}), 1 - told / max(1, len(profile.points))


def _fit(profile: Profile, spoken: Spoken, now: datetime) -> Likeness | None:
    described = _described(profile, spoken.properties)
    values = _read(profile, spoken, now)
    found = described | values.keys()
    if not found - _BESIDE:
        return None
    said = max(len(spoken.properties), _leaves(spoken.samples), len(found))
    why = spoken.why if described else POINTS
    return Likeness(profile.id, why, min(1.0, len(found) / said), {**dict.fromkeys(described), **values})


def _described(profile: Profile, properties: frozenset[str]) -> set[str]:
    """The points whose property the device says it has."""
    if not properties:
        return set()
    return {name for name, spec in profile.points.items() if str(spec.wire.get("path") or "") in properties}


def _read(profile: Profile, spoken: Spoken, now: datetime) -> dict[str, Value]:
    """What the profile's decoder makes of the samples: the good values by point."""
    if profile.wire.get("identity"):
        return {}  # the part of the address that names the node is a person's to say
    device = Device("candidate", "candidate", profile.id, spoken.address)
    dialect = BUILT_IN[profile.dialect]([(device, profile)])
    handlers = dict(dialect.handlers())
    values: dict[str, Value] = {}
    for sequence, (topic, payload) in enumerate(spoken.samples.items()):
        handler = handlers.get(topic) or _found(dialect, topic)
        decoded: Decoded = handler(payload, now, sequence, False) if handler else NOTHING  # noqa: FBT003
        for fact in decoded.facts:
            if isinstance(fact, Reading) and fact.quality is Quality.GOOD and fact.point != "online":
                values[fact.point] = fact.value
    return values


def _found(dialect: Dialect, topic: str) -> Handler | None:
    return dialect.find(topic) if isinstance(dialect, Finder) else None


def _leaves(samples: Mapping[str, bytes]) -> int:
    """How many values were said, in all samples together."""
    return sum(_values(payload) for payload in samples.values())


def _values(payload: bytes) -> int:
    try:
        told = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return 1
    return _count(told, 4)


def _count(told: object, depth: int) -> int:
    if isinstance(told, dict) and depth:
        return sum(_count(item, depth - 1) for item in told.values())
    return 1 if isinstance(told, bool | int | float | str) else 0


def best_values(likely: Sequence[Likeness]) -> dict[str, Value]:
    """What the best profile reads, without what was only described."""
    return {name: value for name, value in likely[0].values.items() if value is not None} if likely else {}

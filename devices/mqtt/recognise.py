"""Who speaks on a topic that nobody configured: recognised by how they describe themselves, or by the topic's form.

Pure: a topic and a payload in, sightings out. Forms: `bridge/devices` of Zigbee2MQTT (a list with vendor, model and
what each exposes), `tasmota/discovery/<mac>/config`, `shellies/announce` of the first Shellies and `events/rpc`,
`status/<component>` of the later ones, the attributes of Homie 4 and `$description` of Homie 5, ESPHome's
`<component>/<object>/state`, and the discovery of Home Assistant, in which any of them may describe itself.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

OURSELVES = "Innkeeper"
"""As whom we describe our own devices for Home Assistant."""
SELF_DESCRIBED, MODEL_ID, TOPIC = "self_described", "model_id", "topic"
LARGEST = 4_000_000
"""Bytes of a description that are looked at."""
MOST_DESCRIBED = 1_000
"""Devices that one description names."""
_NOT_DEVICES = frozenset({"innkeeper", "$SYS"})
_ORDERS = frozenset({"set", "get", "command", "cmnd", "rpc"})
_PARTS = frozenset({"data", "state", "status", "value", "config", "online", "availability"})
_SENSING = ("binary_sensor", "event", "select", "sensor", "text_sensor")
_ACTING = ("button", "climate", "cover", "fan", "light", "lock", "number", "switch", "valve")
_COMPONENTS = frozenset((*_SENSING, *_ACTING))
_WORDS = frozenset({b"online", b"offline"})
_TRUTH = frozenset({b"true", b"false"})


@dataclass(frozen=True, slots=True)
class Sighting:
    """A device that was heard. `dialect` None: nobody knows how it speaks. `sample`: the payload holds its values.

    `properties`: what it says it can tell, in its own words (Zigbee2MQTT's `exposes`).
    """

    address: str
    dialect: str | None = None
    why: str = TOPIC
    name: str | None = None
    vendor: str | None = None
    model: str | None = None
    properties: frozenset[str] = frozenset()
    sample: bool = True


Found = tuple[Sighting, ...]
NOBODY: Found = ()
_Form = Callable[[list[str], bytes], Found | None]


def recognise(topic: str, payload: bytes) -> Found:
    """Who the message tells of; nobody for orders, our own topics and what is said of no device. Never raises."""
    levels = topic.split("/")
    if levels[0] in _NOT_DEVICES or not topic.strip("/") or len(payload) > LARGEST:
        return NOBODY
    for form in _FORMS:
        found = form(levels, payload)
        if found is not None:
            return found
    return _unknown(levels)


def _unknown(levels: list[str]) -> Found:
    if levels[-1] in _ORDERS:
        return NOBODY
    stem = levels[:-1] if len(levels) > 1 and levels[-1] in _PARTS else levels
    return (Sighting("/".join(stem), name=stem[-1]),)


def _bridge(levels: list[str], payload: bytes) -> Found | None:
    """Zigbee2MQTT's own topics: of all that the bridge says, the list of its devices."""
    if "bridge" not in levels[1:]:
        return None
    if levels[-2:] != ["bridge", "devices"]:
        return NOBODY
    base, told = "/".join(levels[:-2]), _parsed(payload)
    listed = told[:MOST_DESCRIBED] if isinstance(told, list) else []
    return tuple(found for item in listed if isinstance(item, dict) and (found := _paired(base, item)) is not None)


def _paired(base: str, item: Mapping[str, Any]) -> Sighting | None:
    name, definition = _text(item.get("friendly_name")), item.get("definition")
    if item.get("type") == "Coordinator" or name is None:
        return None
    known = definition if isinstance(definition, dict) else {}
    return Sighting(
        address=f"{base}/{name}",
        dialect="zigbee2mqtt",
        why=MODEL_ID if known else SELF_DESCRIBED,
        name=name,
        vendor=_text(known.get("vendor")) or _text(item.get("manufacturer")),
        model=_text(known.get("model")) or _text(item.get("model_id")),
        properties=frozenset(_exposed(known.get("exposes"))),
        sample=False,
    )


def _exposed(exposes: object) -> Iterator[str]:
    for item in exposes if isinstance(exposes, list) else ():
        if not isinstance(item, dict):
            continue
        if isinstance(item.get("property"), str):
            yield item["property"]
        for feature in item.get("features") or ():
            if isinstance(feature, dict) and isinstance(feature.get("property"), str):
                yield feature["property"]


def _zigbee(levels: list[str], payload: bytes) -> Found | None:
    """A device of Zigbee2MQTT says how well it is received in every message."""
    if len(levels) < 2 or b'"linkquality"' not in payload:
        return None
    return (Sighting("/".join(levels), "zigbee2mqtt", name="/".join(levels[1:])),)


def _tasmota(levels: list[str], payload: bytes) -> Found | None:
    if levels[:2] == ["tasmota", "discovery"]:
        return _tasmota_config(payload) if levels[-1] == "config" else NOBODY
    if levels[0] == "cmnd" and len(levels) > 2:
        return NOBODY
    if levels[0] not in ("tele", "stat") or len(levels) < 3:
        return None
    return (Sighting("/".join(levels[1:-1]), "tasmota", name=levels[-2], sample=levels[-1] != "LWT"),)


def _tasmota_config(payload: bytes) -> Found:
    told = _object(payload)
    topic = _text(told.get("t"))
    if topic is None:
        return NOBODY
    pattern = (_text(told.get("ft")) or "%prefix%/%topic%/").rstrip("/")
    usual = pattern == "%prefix%/%topic%"
    address = topic if usual else pattern.replace("%topic%", topic)
    name, model = _text(told.get("dn")) or topic, _text(told.get("md"))
    return (Sighting(address, "tasmota", SELF_DESCRIBED, name, "Tasmota", model, sample=False),)


def _shelly_gen1(levels: list[str], payload: bytes) -> Found | None:
    if levels[0] != "shellies":
        return None
    if levels[1:] == ["announce"]:
        told = _object(payload)
        name = _text(told.get("id"))
        said = Sighting(f"shellies/{name}", "shelly_gen1", SELF_DESCRIBED, name, "Shelly", _text(told.get("model")))
        return (replace(said, sample=False),) if name else NOBODY
    if len(levels) < 3 or levels[-1] == "command" or levels[1] in ("command", "announce"):
        return NOBODY
    name = levels[1]
    model = name.rpartition("-")[0] or None
    return (Sighting(f"shellies/{name}", "shelly_gen1", TOPIC, name, "Shelly", model, sample=levels[2] != "online"),)


def _shelly(levels: list[str], payload: bytes) -> Found | None:
    if levels[-2:] == ["events", "rpc"] and len(levels) > 2:
        return (_shelly_at(levels[:-2], _text(_object(payload).get("src"))),)
    if levels[-1] == "online" and len(levels) > 1 and payload.strip().lower() in _TRUTH:
        return (replace(_shelly_at(levels[:-1], None), sample=False),)
    if len(levels) > 2 and levels[-2] == "status" and payload[:1] == b"{":
        return (_shelly_at(levels[:-2], None),)
    return None


def _shelly_at(stem: list[str], source: str | None) -> Sighting:
    """A Shelly that kept its factory name tells its model by it (`shellyplus1-a8032abe54dc`)."""
    said = source or stem[-1]
    model = said.rpartition("-")[0] or None if said.startswith("shelly") else None
    return Sighting("/".join(stem), "shelly", SELF_DESCRIBED if source else TOPIC, stem[-1], "Shelly", model)


def _homie(levels: list[str], payload: bytes) -> Found | None:
    if levels[0] != "homie":
        return None
    depth = 3 if levels[1:2] == ["5"] else 2
    if len(levels) <= depth or levels[-1] == "set" or levels[depth - 1].startswith("$"):
        return NOBODY
    attribute = levels[depth] if len(levels) == depth + 1 else ""
    name = _text(_object(payload).get("name")) if attribute == "$description" else None
    if attribute == "$name":
        name = _plain(payload)
    described = attribute in ("$description", "$nodes", "$name")
    why = SELF_DESCRIBED if described else TOPIC
    return (Sighting("/".join(levels[:depth]), "homie", why, name or levels[depth - 1], sample=not attribute),)


def _esphome(levels: list[str], payload: bytes) -> Found | None:
    if levels[-1] == "status" and len(levels) > 1 and payload in _WORDS:
        return (Sighting("/".join(levels[:-1]), "esphome", name=levels[-2], sample=False),)
    if levels[-1] != "state":
        return None
    for after in (3, 4):
        if len(levels) > after and levels[-after] in _COMPONENTS:
            stem = levels[:-after]
            return (Sighting("/".join(stem), "esphome", name=stem[-1]),)
    return None


def _home_assistant(levels: list[str], payload: bytes) -> Found | None:
    """A description for Home Assistant: whose topic it names, is the device; ours are not ours to find."""
    if levels[0] != "homeassistant":
        return None
    told = _object(payload) if levels[-1] == "config" else {}
    state = _text(told.get("state_topic")) or _text(told.get("stat_t"))
    if state is None:
        return NOBODY
    origin = told.get("origin") or told.get("o")
    bridge = _text(origin.get("name")) if isinstance(origin, dict) else None
    if bridge == OURSELVES:
        return NOBODY
    state = state.replace("~", _text(told.get("~")) or "")
    device = told.get("device") or told.get("dev")
    known = device if isinstance(device, dict) else {}
    spoken = recognise(state, b"") if not state.startswith("homeassistant/") else NOBODY
    return tuple(_described(one, bridge, known) for one in spoken)


def _described(spoken: Sighting, bridge: str | None, device: Mapping[str, Any]) -> Sighting:
    return replace(
        spoken,
        dialect="zigbee2mqtt" if bridge == "Zigbee2MQTT" else spoken.dialect,
        why=SELF_DESCRIBED,
        name=_text(device.get("name")) or spoken.name,
        vendor=_text(device.get("manufacturer")) or _text(device.get("mf")),
        model=_text(device.get("model")) or _text(device.get("mdl")),
        sample=False,
    )


_FORMS: tuple[_Form, ...] = (
    _home_assistant,
    _bridge,
    _tasmota,
    _shelly_gen1,
    _homie,
    _zigbee,
    _shelly,
    _esphome,
)
"""In the order in which they are asked: those that are sure by a word of the topic first."""


def _parsed(payload: bytes) -> object:
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None


def _object(payload: bytes) -> dict[str, Any]:
    told = _parsed(payload)
    return told if isinstance(told, dict) else {}


def _text(value: object) -> str | None:
    return value.strip()[:200] or None if isinstance(value, str) else None


def _plain(payload: bytes) -> str | None:
    try:
        return _text(payload.decode())
    except UnicodeDecodeError:
        return None

"""Discovery documents: one of the device form for each of the hotel's devices, for each room, and for the house."""

import re
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from devices.model import Device, Profile
from edge.home_assistant.entities import BINARY, SENSOR, entity_of
from edge.home_assistant.words import Words

_UNFIT = re.compile(r"[^a-zA-Z0-9_-]")
CLEANING = ("none", "in_progress", "done")
REQUESTS = ("none", "dnd", "mur")
LOCKS = ("locked", "unlocked", "not_fully_locked", "jammed")


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything of this hotel is on Home Assistant's broker."""

    property_id: str
    house: str  # the hotel's name
    prefix: str
    topic: str
    version: str

    @property
    def status(self) -> str:
        """Whether Innkeeper itself is there: {"state": "online"|"offline"}, retained, its last will."""
        return f"{self.topic}/{self.property_id}/status"

    def state(self, kind: str, name: str) -> str:
        """The topic of a state; `kind`: device, room, house."""
        return f"{self.topic}/{self.property_id}/{kind}/{fit(name)}"

    def object_id(self, kind: str, name: str) -> str:
        """What a device is called in Home Assistant's registry."""
        return f"innkeeper_{fit(self.property_id)}_{kind}_{fit(name)}"

    def config(self, kind: str, name: str) -> str:
        """The topic of a document."""
        return f"{self.prefix}/device/{self.object_id(kind, name)}/config"


def fit(name: str) -> str:
    """A name that may stand in a topic and an id; two names never become one."""
    clean = _UNFIT.sub("_", name)
    return clean if clean == name else f"{clean}_{crc32(name.encode()):08x}"


def of_device(place: Place, device: Device, profile: Profile, words: Words) -> dict[str, Any]:
    """A device of the hotel with its points and its faults."""
    about = {"name": device.id, "model": profile.label}
    if device.room:
        about["suggested_area"] = words("room.name", number=device.room)
    components: dict[str, Any] = {}
    for point, spec in profile.points.items():
        if entity := entity_of(point, spec):
            components[point] = {"platform": entity.platform, "name": words.of_point(point), **entity.options}
    components["problem"] = _problem(words("device.problem")) | _always(place)
    body = _document(place, ("device", device.id), about, components)
    here = {"topic": place.state("device", device.id), "value_template": "{{ value_json.online }}"}
    return body | {"availability": [_own(place), here], "availability_mode": "all"}


def of_room(place: Place, number: str, words: Words) -> dict[str, Any]:
    """What Innkeeper found out about a room."""
    name = words("room.name", number=number)
    components = {
        "occupancy": _binary("occupancy", words("room.occupancy")) | _attributes("occupancy"),
        "cleaning": _enum(CLEANING, words("room.cleaning")) | _attributes("cleaning"),
        "request": _enum(REQUESTS, words("room.request")),
        "door": _binary("door", words("room.door")),
        "lock": _enum(LOCKS, words("room.lock")),
        "problem": _problem(words("room.problem")),
    }
    return _document(place, ("room", number), {"name": name, "suggested_area": name}, components)


def of_house(place: Place, words: Words) -> dict[str, Any]:
    """The service itself, and the faults that are in no room."""
    components = {"problem": _problem(words("house.problem"))}
    body = _document(place, ("house", "house"), {"name": place.house, "sw_version": place.version}, components)
    del body["device"]["via_device"]
    return body


def _document(
    place: Place, subject: tuple[str, str], about: dict[str, Any], components: dict[str, Any]
) -> dict[str, Any]:
    object_id, state_topic = place.object_id(*subject), place.state(*subject)
    return {
        "device": {
            "identifiers": [object_id],
            "manufacturer": "Innkeeper",
            "via_device": place.object_id("house", "house"),
            **about,
        },
        "origin": {"name": "Innkeeper", "sw_version": place.version},
        "components": {key: _component((object_id, state_topic), key, told) for key, told in components.items()},
        "state_topic": state_topic,
        "availability": [_own(place)],
        "qos": 1,
    }


def _component(names: tuple[str, str], key: str, told: dict[str, Any]) -> dict[str, Any]:
    object_id, state_topic = names
    whole = {**told, "unique_id": f"{object_id}_{key}", "value_template": f"{{{{ value_json.{key} }}}}"}
    return whole | ({"json_attributes_topic": state_topic} if "json_attributes_template" in told else {})


def _own(place: Place) -> dict[str, str]:
    return {"topic": place.status, "value_template": "{{ value_json.state }}"}


def _always(place: Place) -> dict[str, Any]:
    """There even when its device is not: that the device is away is what it tells."""
    return {"availability": [_own(place)], "availability_mode": "all"}


def _binary(device_class: str, name: str) -> dict[str, Any]:
    return {"platform": BINARY, "device_class": device_class, "name": name}


def _enum(options: tuple[str, ...], name: str) -> dict[str, Any]:
    return {"platform": SENSOR, "device_class": "enum", "options": list(options), "name": name}


def _problem(name: str) -> dict[str, Any]:
    return _binary("problem", name) | {"entity_category": "diagnostic"} | _attributes("problem")


def _attributes(key: str) -> dict[str, Any]:
    return {"json_attributes_template": f"{{{{ value_json.{key}_attributes | tojson }}}}"}

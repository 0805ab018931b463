"""How a device with mains power is asked for its state: the messages, by dialect. Pure.

Zigbee2MQTT: `<address>/get` with the properties that can be read (the writable ones of a profile); Tasmota:
`cmnd/<topic>/STATE`, answered on `stat/<topic>/RESULT`. Others tell their absence by a last will.
"""

import orjson

from devices.model import Device, Power, Profile
from devices.mqtt.tasmota import topic_of

Question = tuple[str, bytes]
"""Topic and payload."""


def questions(device: Device, profile: Profile) -> list[Question]:
    """What to publish; empty for a device that cannot be asked: it sleeps on a battery, or has no such topic."""
    if profile.power is not Power.MAINS:
        return []
    if profile.dialect == "zigbee2mqtt":
        paths = sorted({spec.wire["path"] for spec in profile.points.values() if spec.writable})
        return [(f"{device.address}/get", orjson.dumps(dict.fromkeys(paths, "")))] if paths else []
    if profile.dialect == "tasmota":
        return [(topic_of(device.address, "cmnd", "STATE"), b"")]
    return []

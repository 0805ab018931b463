"""Strangers on the wire: who they are by their own words or by the form of their topics, and what they look like.

Payloads as the makers' documentation and recordings of the field have them, shortened.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from devices.catalog import Catalog
from devices.mqtt.likeness import Spoken, best_values, likenesses
from devices.mqtt.recognise import Sighting, recognise

CATALOG = Catalog.load()
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)

BRIDGE: list[dict[str, Any]] = [
    {"type": "Coordinator", "friendly_name": "Coordinator", "definition": None},
    {
        "type": "EndDevice",
        "friendly_name": "102_motion",
        "definition": {
            "vendor": "Aqara",
            "model": "RTCGQ11LM",
            "exposes": [
                {"type": "binary", "property": "occupancy"},
                {"type": "numeric", "property": "battery"},
                {"type": "numeric", "property": "illuminance"},
                {"type": "numeric", "property": "linkquality"},
            ],
        },
    },
    {
        "type": "EndDevice",
        "friendly_name": "floor 1/103_trv",
        "definition": {
            "vendor": "Danfoss",
            "model": "014G2461",
            "exposes": [
                {
                    "type": "climate",
                    "features": [{"property": "occupied_heating_setpoint"}, {"property": "local_temperature"}],
                }
            ],
        },
    },
    {
        "type": "EndDevice",
        "friendly_name": "0x00158d0001",
        "manufacturer": "LUMI",
        "model_id": "lumi.x",
        "definition": None,
    },
]
TASMOTA = {
    "ip": "10.0.0.9",
    "dn": "Plug 101",
    "fn": ["Plug"],
    "md": "Sonoff S20",
    "t": "101_plug",
    "ft": "%prefix%/%topic%/",
}
ANNOUNCE = {"id": "shellyht-F3E2A1", "model": "SHHT-1", "mac": "F3E2A1", "ip": "10.0.0.7", "new_fw": False}
NOTIFY = {
    "src": "shellyplus1-a8032abe54dc",
    "dst": "shellyplus1-a8032abe54dc/events",
    "method": "NotifyStatus",
    "params": {"ts": 1700000000.1, "switch:0": {"id": 0, "output": True, "source": "button"}},
}
DISCOVERY = {
    "~": "zigbee2mqtt",
    "stat_t": "~/104_door",
    "dev": {"name": "104_door", "mf": "Aqara", "mdl": "MCCGQ11LM"},
    "o": {"name": "Zigbee2MQTT"},
}

CASES: list[tuple[str, Any, list[tuple[str, str | None, str, str | None]]]] = [
    (
        "zigbee2mqtt/bridge/devices",
        BRIDGE,
        [
            ("zigbee2mqtt/102_motion", "zigbee2mqtt", "model_id", "RTCGQ11LM"),
            ("zigbee2mqtt/floor 1/103_trv", "zigbee2mqtt", "model_id", "014G2461"),
            ("zigbee2mqtt/0x00158d0001", "zigbee2mqtt", "self_described", "lumi.x"),
        ],
    ),
    ("zigbee2mqtt/bridge/logging", {"level": "info", "message": "x"}, []),
    ("zigbee2mqtt/bridge/devices", {"not": "a list"}, []),
    (
        "zigbee2mqtt/101_door",
        {"contact": True, "linkquality": 80},
        [("zigbee2mqtt/101_door", "zigbee2mqtt", "topic", None)],
    ),
    ("zigbee2mqtt/101_door/set", {"x": 1}, []),
    ("tasmota/discovery/A4CF12/config", TASMOTA, [("101_plug", "tasmota", "self_described", "Sonoff S20")]),
    (
        "tasmota/discovery/A4CF12/config",
        TASMOTA | {"ft": "hotel/%prefix%/%topic%/"},
        [("hotel/%prefix%/101_plug", "tasmota", "self_described", "Sonoff S20")],
    ),
    ("tasmota/discovery/A4CF12/sensors", {"sn": {}}, []),
    ("tele/101_plug/STATE", {"POWER": "ON"}, [("101_plug", "tasmota", "topic", None)]),
    ("tele/101_plug/LWT", "Online", [("101_plug", "tasmota", "topic", None)]),
    ("cmnd/101_plug/POWER", "ON", []),
    ("shellies/announce", ANNOUNCE, [("shellies/shellyht-F3E2A1", "shelly_gen1", "self_described", "SHHT-1")]),
    ("shellies/command", "announce", []),
    (
        "shellies/shellyht-F3E2A1/sensor/temperature",
        "22.5",
        [("shellies/shellyht-F3E2A1", "shelly_gen1", "topic", "shellyht")],
    ),
    ("shellies/shelly1-1/relay/0/command", "on", []),
    (
        "shellyplus1-a8032abe54dc/events/rpc",
        NOTIFY,
        [("shellyplus1-a8032abe54dc", "shelly", "self_described", "shellyplus1")],
    ),
    ("hall/light/online", "true", [("hall/light", "shelly", "topic", None)]),
    ("hall/light/status/switch:0", {"id": 0, "output": False}, [("hall/light", "shelly", "topic", None)]),
    (
        "homie/5/101-climate/$description",
        {"homie": "5.0", "name": "Climate"},
        [("homie/5/101-climate", "homie", "self_described", None)],
    ),
    ("homie/101-climate/$name", "Climate 101", [("homie/101-climate", "homie", "self_described", None)]),
    ("homie/101-climate/sensor/temperature", "21.5", [("homie/101-climate", "homie", "topic", None)]),
    ("homie/101-climate/sensor/setpoint/set", "21", []),
    ("node-101/binary_sensor/door/state", "ON", [("node-101", "esphome", "topic", None)]),
    ("node-101/climate/ac/mode/state", "cool", [("node-101", "esphome", "topic", None)]),
    ("node-101/status", "online", [("node-101", "esphome", "topic", None)]),
    ("homeassistant/status", "online", []),
    ("homeassistant/sensor/x/config", {"state_topic": "states/101", "origin": {"name": "Innkeeper"}}, []),
    (
        "homeassistant/binary_sensor/0x1/contact/config",
        DISCOVERY,
        [("zigbee2mqtt/104_door", "zigbee2mqtt", "self_described", "MCCGQ11LM")],
    ),
    ("homeassistant/sensor/innkeeper/101/config", {"state_topic": "innkeeper/ha/101"}, []),
    ("sensor/7/data", {"temp": 21.5}, [("sensor/7", None, "topic", None)]),
    ("anything", "at all", [("anything", None, "topic", None)]),
    ("innkeeper/house/up/room", {"x": 1}, []),
]


def wire(told: Any) -> bytes:
    return told.encode() if isinstance(told, str) else json.dumps(told).encode()


@pytest.mark.parametrize(("topic", "told", "expected"), CASES, ids=[f"{n}-{case[0]}" for n, case in enumerate(CASES)])
def test_who_speaks(topic: str, told: Any, expected: list[tuple[str, str | None, str, str | None]]) -> None:
    found = recognise(topic, wire(told))
    assert [(one.address, one.dialect, one.why, one.model) for one in found] == expected


@pytest.mark.parametrize(
    "payload", [b"", b"\xff\xfe\x00", b"{", b"[" * 5000, b'{"t": 7}', b"null", b'[1, {"friendly_name": 3}]']
)
def test_no_payload_hurts(payload: bytes) -> None:
    for topic in {case[0] for case in CASES}:
        assert all(isinstance(one, Sighting) and one.address for one in recognise(topic, payload))


LIKE: list[tuple[str, str, dict[str, Any], str, dict[str, Any]]] = [
    (
        "zigbee2mqtt",
        "zigbee2mqtt/101_door",
        {"": {"contact": True, "battery": 97, "linkquality": 80}},
        "zigbee2mqtt/contact",
        {"door": "closed"},
    ),
    (
        "zigbee2mqtt",
        "zigbee2mqtt/101_window",
        {"": {"contact": True, "battery": 97}},
        "zigbee2mqtt/window",
        {"window": False},
    ),
    (
        "zigbee2mqtt",
        "zigbee2mqtt/0x15",
        {"": {"contact": True, "battery": 97}},
        "zigbee2mqtt/contact",
        {"door": "closed"},
    ),
    (
        "zigbee2mqtt",
        "zigbee2mqtt/x",
        {"": {"temperature": 21.5, "humidity": 40}},
        "zigbee2mqtt/climate",
        {"temperature": 21.5},
    ),
    (
        "tasmota",
        "101_plug",
        {"tele/101_plug/STATE": {"Time": "2026-11-22T09:00:00", "POWER": "ON"}},
        "tasmota/relay",
        {"relay": True},
    ),
    (
        "shelly_gen1",
        "shellies/shellyht-1",
        {"/sensor/temperature": "22.5", "/sensor/humidity": "40"},
        "shelly_gen1/climate",
        {"temperature": 22.5, "humidity": 40.0},
    ),
    ("shelly", "shellyplus1-a8", {"/events/rpc": NOTIFY}, "shelly/switch", {"relay": True}),
    ("esphome", "node-101", {"/binary_sensor/door/state": "ON"}, "esphome/contact", {"door": "open"}),
    ("homie", "homie/101-climate", {"/sensor/temperature": "21.5"}, "homie/climate", {"temperature": 21.5}),
    (
        "",
        "sensor/7",
        {"/data": {"temp": 21.5, "hum": 40, "co2": 700}},
        "mapped/climate_json",
        {"temperature": 21.5, "co2": 700},
    ),
]


@pytest.mark.parametrize(("dialect", "address", "samples", "profile", "values"), LIKE, ids=[case[1] for case in LIKE])
def test_what_it_looks_like(
    dialect: str, address: str, samples: dict[str, Any], profile: str, values: dict[str, Any]
) -> None:
    whole = {topic if topic.startswith("tele/") else f"{address}{topic}": wire(told) for topic, told in samples.items()}
    likely = likenesses(Spoken(address, dialect or None, "topic", whole), CATALOG, NOW)
    assert likely[0].profile == profile
    assert values.items() <= best_values(likely).items()
    assert 0 < likely[0].share <= 1


def test_a_definition_tells_what_a_device_is_before_it_spoke() -> None:
    motion, valve, unknown = recognise("zigbee2mqtt/bridge/devices", wire(BRIDGE))
    looks = [
        likenesses(Spoken(one.address, one.dialect, one.why, {}, one.properties), CATALOG, NOW)
        for one in (motion, valve, unknown)
    ]
    assert (looks[0][0].profile, looks[0][0].why) == ("zigbee2mqtt/motion", "model_id")
    assert looks[1][0].profile == "zigbee2mqtt/thermostat"
    assert looks[2] == []


def test_what_nobody_understands_looks_like_nothing() -> None:
    assert likenesses(Spoken("anything", None, "topic", {"anything": b"at all"}), CATALOG, NOW) == []
    only = {"zigbee2mqtt/x": b'{"battery": 90, "linkquality": 80}'}
    assert likenesses(Spoken("zigbee2mqtt/x", "zigbee2mqtt", "topic", only), CATALOG, NOW) == []

"""Real messages and register maps, where the folder with them is at hand; nothing of them is kept here."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from devices.modbus.plan import words_of
from devices.model import Decoded
from tests.devices.codec import catalog, device, reasons, router, say, values

SHARED = Path(__file__).parents[3] / "shared" / "data"

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is absent")


def lines(name: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (SHARED / "mqtt" / name).read_bytes().splitlines() if line.strip()]


def test_a_laboratorys_messages_are_understood() -> None:
    codec = router(
        device("mapped/node_climate", "temp-hum-readings#sensor-node-1", "climate"),
        device("mapped/node_motion", "motion-readings#SENSOR-NODE-3-MOZIoT", "motion"),
        device("tasmota/relay", "sonoff/%prefix%/sonoff-plug-1", "plug"),
    )
    heard: dict[str, list[Decoded]] = {}
    for message in lines("lab_messages.jsonl"):
        heard.setdefault(message["topic"], []).append(say(codec, message["topic"], message["payload"]))
    climate = [values(decoded) for decoded in heard["temp-hum-readings"] if decoded.facts]
    motion = [values(decoded)["motion"] for decoded in heard["motion-readings"] if decoded.facts]
    assert all(isinstance(one := told["temperature"], float) and 15 < one < 30 for told in climate)
    assert climate
    assert {True, False} == set(motion)
    assert any("relay" in values(decoded) for decoded in heard["sonoff/tele/sonoff-plug-1/STATE"])
    assert all(reasons(decoded) == ["unknown_topic"] for decoded in heard["lux-readings"])


def test_a_recorded_zigbee_message_is_understood() -> None:
    address = "zigbee2mqtt/Living Room temperature, humidity and pressure sensor"
    codec = router(device("zigbee2mqtt/climate", address))
    told = {
        message["topic"]: say(codec, message["topic"], message["payload"])
        for message in lines("zigbee2mqtt_messages.jsonl")
    }
    assert values(told[address])["temperature"] == 20.74
    assert not told["zigbee2mqtt/bridge/info"].rejected


MAPS = sorted(path.stem for path in (SHARED / "modbus").glob("*.yaml")) if SHARED.is_dir() else []
TABLES = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}


def registers(name: str) -> list[dict[str, str]]:
    """The registers of a map that say what a unit measures or takes, as text."""
    text = (SHARED / "modbus" / f"{name}.yaml").read_text().split("\nconfig_registers:")[0]
    found = []
    for block in text.split("- name: ")[1:]:
        pairs = (
            line.strip().split(": ", 1) for line in block.splitlines()[1:] if line.startswith("  ") and ": " in line
        )
        found.append(dict(pairs))
    return found


def test_there_are_seventeen_maps() -> None:
    assert len(MAPS) == 17


@pytest.mark.parametrize("name", MAPS)
def test_a_profile_holds_every_register_of_its_map(name: str) -> None:
    """Same table, address, width, and what a raw number is worth; percent where the map has a fraction of one."""
    points = {(TABLES[spec.wire["table"]], spec.wire["address"]): spec for spec in catalog().get(name).points.values()}
    for register in registers(name):
        spec = points[int(register["function"]), int(register["address"])]
        assert words_of(spec) == int(register.get("count", "1"))
        hundredfold = 100 if register.get("unit") == "fraction" else 1
        assert spec.wire["scale"] == pytest.approx(float(register.get("scale", "1")) * hundredfold)
        if spec.writable:
            assert register.get("writable") == "true", spec.name


def test_states_of_a_real_house_are_read_without_a_refusal() -> None:
    devices = orjson.loads((SHARED / "mqtt" / "zigbee2mqtt_bridge_devices.json").read_bytes())
    models = {"RTCGQ11LM": "motion", "MCCGQ01LM": "contact", "SJCGQ11LM": "leak", "WSDCGQ11LM": "climate"}
    for told in devices:
        model = (told.get("definition") or {}).get("model")
        if model not in models:
            continue
        exposed = {one.get("property") for one in told["definition"]["exposes"]}
        points = catalog().get(f"zigbee2mqtt/{models[model]}").points.values()
        assert {spec.wire["path"] for spec in points} & exposed, model

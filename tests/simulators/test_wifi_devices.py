"""Tasmota, Shelly and devices with a format of their own, heard on a real broker."""

import pytest

from tests.simulators.conftest import Maker, listening, opened
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")

RELAY = ("101_light", "field", "tasmota/relay", "r101", "101")
CONTACT = ("101_door", "field", "tasmota/switch_contact", "d101", "101")
AIR = ("101_air", "field", "tasmota/climate", "a101", "101")
PLUS = ("101_plus", "field", "shelly/switch", "shellyplus1pm-101", "101")
FLOOD = ("101_flood", "field", "shelly/flood", "shellyflood-101", "101")
INPUT = ("101_card", "field", "shelly/keycard", "shellyi4-101", "101")
PANEL = ("101_panel", "field", "mapped/panel", "panel/101", "101")
SENSOR = ("101_sensor", "field", "mapped/climate_json", "sensor/101", "101")
NODE = ("101_node", "field", "mapped/node_motion", "motion-readings#NODE-1", "101")


async def test_tasmota_speaks_and_obeys(maker: Maker) -> None:
    hotel = maker.hotel(RELAY)
    async with listening(maker.broker_port) as ear, opened(hotel):
        await until(lambda: ear.last("tele/r101/SENSOR"))
        assert ear.last("tele/r101/LWT") == b"Online"
        assert ear.json("tele/r101/STATE")["POWER"] == "OFF"
        assert ear.json("tele/r101/STATE")["Wifi"]["RSSI"] == 47
        assert {"Total", "Power", "Voltage", "Current"} <= ear.json("tele/r101/SENSOR")["ENERGY"].keys()
        await ear.say("cmnd/r101/POWER", "ON")
        await until(lambda: ear.last("stat/r101/POWER") == b"ON")
        assert ear.json("stat/r101/RESULT") == {"POWER": "ON"}
        await ear.say("cmnd/r101/POWER", "TOGGLE")
        await until(lambda: ear.last("stat/r101/POWER") == b"OFF")
        await ear.say("cmnd/r101/Nonsense", "1")
        await until(lambda: ear.json("stat/r101/RESULT") == {"Command": "Unknown"})


async def test_tasmota_switch_and_climate(maker: Maker) -> None:
    hotel = maker.hotel(CONTACT, AIR)
    async with listening(maker.broker_port) as ear, opened(hotel):
        await until(lambda: ear.last("tele/a101/SENSOR") and ear.last("tele/d101/SENSOR"))
        assert ear.json("tele/d101/SENSOR")["Switch1"] == "OFF"
        hotel.rooms["101"].open_door()
        await until(lambda: ear.json("tele/d101/SENSOR")["Switch1"] == "ON")
        assert ear.json("stat/d101/RESULT") == {"Switch1": {"Action": "ON"}}
        air = ear.json("tele/a101/SENSOR")
        assert air["TempUnit"] == "C"
        assert {"Temperature", "Humidity", "DewPoint"} == air["SI7021"].keys()


async def test_a_dead_wifi_device_leaves_its_will(maker: Maker) -> None:
    hotel = maker.hotel(RELAY, PLUS)
    async with listening(maker.broker_port) as ear, opened(hotel):
        await until(lambda: ear.last("tele/r101/LWT") == b"Online" and ear.last(f"{PLUS[3]}/online") == b"true")
        hotel.rooms["101"].die()
        await until(lambda: ear.last("tele/r101/LWT") == b"Offline" and ear.last(f"{PLUS[3]}/online") == b"false")
        hotel.rooms["101"].revive()
        await until(lambda: ear.last("tele/r101/LWT") == b"Online" and ear.last(f"{PLUS[3]}/online") == b"true")


async def test_shelly_switch_speaks_json_rpc(maker: Maker) -> None:
    hotel = maker.hotel(PLUS)
    prefix = str(PLUS[3])
    async with listening(maker.broker_port) as ear, opened(hotel):
        await until(lambda: ear.last(f"{prefix}/status/switch:0"))
        full = ear.json(f"{prefix}/events/rpc")
        assert (full["src"], full["dst"], full["method"]) == (prefix, f"{prefix}/events", "NotifyFullStatus")
        assert full["params"]["switch:0"]["aenergy"]["total"] >= 12_000  # Wh
        order = '{"id":5,"src":"desk","method":"Switch.Set","params":{"id":0,"on":true}}'
        await ear.say(f"{prefix}/rpc", order)
        await until(lambda: ear.last("desk/rpc"))
        assert ear.json("desk/rpc") == {"id": 5, "src": prefix, "dst": "desk", "result": {"was_on": False}}
        await until(lambda: ear.json(f"{prefix}/status/switch:0")["output"] is True)
        assert ear.json(f"{prefix}/events/rpc")["method"] == "NotifyStatus"
        await ear.say(f"{prefix}/rpc", '{"id":6,"src":"desk","method":"Cover.Open"}')
        await until(lambda: ear.json("desk/rpc")["id"] == 6)
        assert ear.json("desk/rpc")["error"]["code"] == 404


async def test_shelly_sensors(maker: Maker) -> None:
    hotel = maker.hotel(FLOOD, INPUT)
    async with listening(maker.broker_port) as ear, opened(hotel):
        await until(lambda: ear.last("shellyflood-101/status/flood:0") and ear.last("shellyi4-101/status/input:0"))
        hotel.rooms["101"].leak()
        hotel.rooms["101"].keycard()
        await until(lambda: ear.json("shellyflood-101/status/flood:0")["alarm"] is True)
        await until(lambda: ear.json("shellyi4-101/status/input:0")["state"] is True)
        assert ear.json("shellyflood-101/status/devicepower:0")["battery"]["percent"] == 97
        assert ear.json("shellyi4-101/events/rpc")["params"]["input:0"] == {"id": 0, "state": True}


async def test_devices_with_a_format_of_their_own(maker: Maker) -> None:
    hotel = maker.hotel(PANEL, SENSOR, NODE)
    async with listening(maker.broker_port) as ear, opened(hotel):
        await until(lambda: ear.last("sensor/101/data") and ear.last("motion-readings"))
        assert ear.json("panel/101/state") == {"request": "none", "sos": False}
        assert {"temp", "hum", "co2"} == ear.json("sensor/101/data").keys()
        hotel.rooms["101"].request("mur")
        await until(lambda: ear.json("panel/101/state")["request"] == "mur")
        await ear.say("panel/101/set", '{"request":"dnd"}')
        await until(lambda: ear.json("panel/101/state")["request"] == "dnd")
        await ear.say("panel/101/set", '{"request":"nonsense"}')
        hotel.rooms["101"].motion()
        await until(lambda: ear.json("motion-readings")["motion-bool"] == 1)
        assert ear.json("motion-readings")["node-id"] == "NODE-1"
        assert ear.json("motion-readings")["timestamp"] == pytest.approx(hotel.clock.now().timestamp(), abs=5)
        await until(lambda: sum(session.rejected for session in hotel.sessions) == 1)
        assert ear.json("panel/101/state")["request"] == "dnd"

"""A guest goes out, the room is set back and the device shows it; the edge ends in between; the guest comes back."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from devices.clock import Clock
from tests.edge.inventory_edge import Hotel, hotel
from tests.servers import RealBroker
from tests.waiting import until

pytestmark = [pytest.mark.real("mosquitto"), pytest.mark.timeout(120)]

SPEED = 30.0
QUICK = "\n[rooms]\nsearch_minutes = 1\ngrace_seconds = 5\n[energy]\nrented_minutes = 1\n"
TOPIC = "zigbee2mqtt/101_trv"
UNIT = f"""
[[device]]
id = "101_trv"
line = "field"
profile = "zigbee2mqtt/thermostat"
address = "{TOPIC}"
room = "101"
"""
LET = {"room": "101", "rented": True, "stay": "stay_1", "guests": 1}


class Thermostat:
    """Does as it is told, and says so, as one behind Zigbee2MQTT."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self.setpoint = 21.0
        self.told: list[float] = []

    async def run(self) -> None:
        await self._client.subscribe(f"{TOPIC}/set", 1)
        await self.say()
        async for message in self._client.messages:
            self.setpoint = float(json.loads(bytes(message.payload))["occupied_heating_setpoint"])
            self.told.append(self.setpoint)
            await self.say()

    async def say(self) -> None:
        body = {"local_temperature": 21.2, "occupied_heating_setpoint": self.setpoint, "system_mode": "heat"}
        await self._client.publish(TOPIC, json.dumps(body), 1)


def climate(place: Hotel) -> dict[str, Any]:
    view: dict[str, Any] = place.edge.hub.view("101", place.edge.hub.clock.now())
    found: dict[str, Any] = view.get("energy", {})
    return found


async def test_the_guest_goes_out_and_comes_back(tmp_path: Path, mosquitto: RealBroker) -> None:
    async with aiomqtt.Client("127.0.0.1", mosquitto.port, identifier="trv") as client:
        unit = Thermostat(client)
        clock = Clock(SPEED, datetime.now(UTC).replace(hour=9))  # by day: at night nobody is taken to have gone
        async with hotel(tmp_path, mosquitto, QUICK, clock) as place:
            place.devices.write_text(place.devices.read_text() + UNIT)
            assert (await place.edge.reloading.reload()).reason is None
            running = asyncio.create_task(unit.run())
            try:
                await _goes_out(place)
                await until(lambda: unit.told == [18.5], 40)
                await until(lambda: climate(place).get("reached") is True, 20)
                assert climate(place)["why"]["code"] == "vacant_rented"
                await _order_is_done(place)
            except BaseException:
                running.cancel()
                raise
        try:
            async with hotel(tmp_path, mosquitto, QUICK, clock) as place:
                assert climate(place).get("guest_c", 21.0) == 21.0
                await place.hears("zigbee2mqtt/101_door", contact=False)
                await place.hears("zigbee2mqtt/101_motion", occupancy=True)
                await until(lambda: unit.told == [18.5, 21.0], 40)
                await until(lambda: climate(place).get("phase") == "comfort", 20)
        finally:
            running.cancel()
            await asyncio.wait([running])


async def _goes_out(place: Hotel) -> None:
    await place.tell(1, LET, "room_facts")
    await until(lambda: place.edge.hub.house.rooms["101"].facts is not None)
    await place.hears("zigbee2mqtt/101_motion", occupancy=False)
    await place.hears("zigbee2mqtt/101_door", contact=False)
    await place.hears("zigbee2mqtt/101_door", contact=True)


async def _order_is_done(place: Hotel) -> None:
    """The PMS was told of the order first, and then how it fared."""

    def states() -> list[str]:
        orders = {one["body"]["id"] for one in place.said if one["kind"] == "order"}
        return [
            one["body"]["state"] for one in place.said if one["body"].get("id") in orders and "state" in one["body"]
        ]

    await until(lambda: "done" in states(), 20)
    kinds = [one["kind"] for one in place.said if one["kind"] in {"order", "command_result"}]
    assert kinds[0] == "order"

"""What the simulated bridge says on a real broker, heard by a client that knows nothing of it."""

import aiomqtt
import orjson
import pytest

from tests.servers import RealBroker
from tests.simulators.conftest import Maker, listening, opened
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")

DOOR = ("101_door", "field", "zigbee2mqtt/contact", "zigbee2mqtt/101_door", "101")
MOTION = ("101_motion", "field", "zigbee2mqtt/motion", "zigbee2mqtt/101_motion", "101")
LOCK = ("101_lock", "field", "zigbee2mqtt/lock", "zigbee2mqtt/101_lock", "101")


async def test_a_closed_door_has_contact(maker: Maker) -> None:
    hotel = maker.hotel(DOOR)
    async with listening(maker.broker_port) as ear, opened(hotel):
        door = await until(lambda: ear.said["zigbee2mqtt/101_door"])
        assert orjson.loads(door[0]) == {
            "contact": True,
            "tamper": False,
            "battery": 97,
            "battery_low": False,
            "linkquality": 120,
        }
        hotel.rooms["101"].open_door()
        await until(lambda: ear.json("zigbee2mqtt/101_door")["contact"] is False)


async def test_the_same_state_is_not_said_twice_but_every_message_repeats_the_cache(maker: Maker) -> None:
    hotel = maker.hotel(MOTION, speed=60)
    async with listening(maker.broker_port) as ear, opened(hotel):
        room = hotel.rooms["101"]
        room.motion()
        room.motion()
        await until(lambda: ear.json("zigbee2mqtt/101_motion")["occupancy"] is False and len(ear.all(MOTION[3])) == 3)
        assert [body["occupancy"] for body in ear.all(MOTION[3])] == [False, True, False]
        room.motion()
        room.battery(40)
        await until(lambda: ear.json("zigbee2mqtt/101_motion")["battery"] == 40)
        assert ear.json("zigbee2mqtt/101_motion")["occupancy"] is True


async def test_availability_and_bridge_are_retained_states_are_not(maker: Maker) -> None:
    hotel = maker.hotel(DOOR)
    async with opened(hotel):
        await until(lambda: hotel.sent >= 5)
        async with aiomqtt.Client("127.0.0.1", maker.broker_port) as late:
            await late.subscribe("zigbee2mqtt/#", 1)
            kept = {str((message := await anext(late.messages)).topic): message for _ in range(4)}
    assert set(kept) == {
        "zigbee2mqtt/bridge/state",
        "zigbee2mqtt/bridge/info",
        "zigbee2mqtt/bridge/devices",
        "zigbee2mqtt/101_door/availability",
    }
    assert all(message.retain for message in kept.values())
    assert kept["zigbee2mqtt/101_door/availability"].payload == b'{"state":"online"}'


async def test_a_cut_bridge_leaves_its_will_and_says_everything_when_back(maker: Maker) -> None:
    hotel = maker.hotel(DOOR)
    async with listening(maker.broker_port) as ear, opened(hotel):
        await until(lambda: ear.last("zigbee2mqtt/101_door"))
        await hotel.cut("field")
        await until(lambda: ear.last("zigbee2mqtt/bridge/state") == b'{"state":"offline"}')
        hotel.rooms["101"].open_door()
        assert hotel.dropped == 1
        await hotel.restore("field")
        await until(lambda: ear.json("zigbee2mqtt/101_door")["contact"] is False)
        assert ear.last("zigbee2mqtt/bridge/state") == b'{"state":"online"}'


async def test_a_card_is_an_action_that_empties_and_the_lock_locks_itself(maker: Maker) -> None:
    hotel = maker.hotel(LOCK, speed=20)
    async with listening(maker.broker_port) as ear, opened(hotel):
        hotel.rooms["101"].card("housekeeping")
        await until(lambda: len(ear.all(LOCK[3])) == 4)
        first, card, emptied, relocked = ear.all(LOCK[3])
        assert "action" not in first
        assert (card["action"], card["action_source_name"], card["action_user"]) == ("unlock", "rfid", 100)
        assert emptied["action"] == ""
        assert (card["state"], relocked["state"], relocked["lock_state"]) == ("UNLOCK", "LOCK", "locked")


async def test_a_refused_card_and_the_inner_handle(maker: Maker) -> None:
    hotel = maker.hotel(LOCK)
    async with listening(maker.broker_port) as ear, opened(hotel):
        hotel.rooms["101"].card("unknown", granted=False)
        hotel.rooms["101"].opened_from_inside()
        await until(lambda: len(ear.all(LOCK[3])) == 5)
        actions = [(body.get("action"), body.get("action_user")) for body in ear.all(LOCK[3])]
    assert actions[1] == ("unlock_failure_invalid_pin_or_id", 5000)
    assert actions[3] == ("manual_unlock", 65535)


async def test_an_order_is_obeyed_and_echoed_nonsense_is_counted(maker: Maker) -> None:
    hotel = maker.hotel(LOCK)
    async with listening(maker.broker_port) as ear, opened(hotel):
        await ear.say("zigbee2mqtt/101_lock/set", "not json")
        await ear.say("zigbee2mqtt/101_lock/set", '{"state":"UNLOCK"}')
        await until(lambda: ear.said[LOCK[3]] and ear.json(LOCK[3])["lock_state"] == "unlocked")
        assert hotel.sessions[0].rejected == 1
        await ear.say("zigbee2mqtt/bridge/request/health_check", '{"transaction":"7"}')
        await until(lambda: ear.last("zigbee2mqtt/bridge/response/health_check"))
        assert ear.json("zigbee2mqtt/bridge/response/health_check") == {
            "data": {"healthy": True},
            "status": "ok",
            "transaction": "7",
        }


async def test_a_dead_device_is_silent_and_noticed(maker: Maker) -> None:
    hotel = maker.hotel(DOOR, speed=20)
    async with listening(maker.broker_port) as ear, opened(hotel):
        room = hotel.rooms["101"]
        await until(lambda: ear.last("zigbee2mqtt/101_door/availability") == b'{"state":"online"}')
        room.die("101_door")
        room.open_door()
        await until(lambda: ear.last("zigbee2mqtt/101_door/availability") == b'{"state":"offline"}')
        assert [body["contact"] for body in ear.all("zigbee2mqtt/101_door")] == [True]
        room.revive("101_door")
        await until(lambda: ear.json("zigbee2mqtt/101_door")["contact"] is False)
        assert ear.last("zigbee2mqtt/101_door/availability") == b'{"state":"online"}'


async def test_a_stuck_contact_goes_on_speaking_without_noticing(maker: Maker) -> None:
    hotel = maker.hotel(DOOR)
    async with listening(maker.broker_port) as ear, opened(hotel):
        room = hotel.rooms["101"]
        room.devices["101_door"].stick()
        room.open_door()
        room.devices["101_door"].heartbeat()
        await until(lambda: len(ear.all("zigbee2mqtt/101_door")) == 2)
        assert ear.json("zigbee2mqtt/101_door")["contact"] is True


async def test_the_broker_dies_and_comes_back(maker: Maker, mosquitto: RealBroker) -> None:
    hotel = maker.hotel(DOOR)

    async with opened(hotel):
        mosquitto.kill()
        await until(lambda: not hotel.connected)
        mosquitto.start()
        await until(lambda: hotel.connected)
        async with listening(maker.broker_port) as ear:
            hotel.rooms["101"].open_door()
            await until(lambda: ear.said[DOOR[3]] and ear.json(DOOR[3])["contact"] is False)

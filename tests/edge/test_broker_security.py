"""What a device with a password of its own may not do: the rows of the MQTT checklist, on a real Mosquitto."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from edge.brokers.credentials import Wanted
from tests.edge.broker_house import PORTS, BrokerHouse, broker_house, heard
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")
MARK = "innkeeper/house/mark"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[BrokerHouse]:
    async with broker_house(tmp_path) as opened:
        yield opened


async def out(client: aiomqtt.Client) -> bool:
    """Whether the broker closed the connection."""
    async with asyncio.timeout(10):
        with contextlib.suppress(aiomqtt.MqttError):
            async for _ in client.messages:
                pass
    return True


async def started_again(house: BrokerHouse) -> None:
    """The broker was killed, and is there again."""
    assert house.broker._process is not None
    house.broker._process.kill()
    await until(lambda: house.broker.restarts == 1)


async def test_row_1_nobody_is_anonymous_and_no_password_is_good_at_the_other_port(house: BrokerHouse) -> None:
    own = house.broker.address("innkeeper").password
    for name, word in ((None, None), ("plug_a", "wrong"), ("innkeeper", own), ("nobody", "x")):
        with pytest.raises(aiomqtt.MqttError):
            async with house.device("plug_a", username=name, password=word):
                pass
    with pytest.raises(aiomqtt.MqttError):
        async with house.own("innkeeper", username="plug_a", password=house.passwords["plug_a"]):
            pass


@pytest.mark.parametrize("victim", ["plug_a", "innkeeper-house-field"])
async def test_row_2_nobody_takes_over_a_session_by_its_client_id(house: BrokerHouse, victim: str) -> None:
    """Also not that of the service, whose field line keeps its messages in its session."""
    mine = (
        house.device("plug_a", identifier=victim)
        if victim == "plug_a"
        else house.own(identifier=victim, clean_session=False)
    )
    async with mine as robbed, house.own() as service:
        await robbed.subscribe("cmnd/plug_a/#" if victim == "plug_a" else "tele/#", qos=1)
        async with house.device("plug_b", identifier=victim) as robber:
            await robber.subscribe("#", qos=1)
            await robber.publish("tele/plug_b/STATE", b"{}", qos=1)
            await service.publish("cmnd/plug_a/POWER", b"ON", qos=1)
            last = "cmnd/plug_a/POWER" if victim == "plug_a" else "tele/plug_b/STATE"
            assert len(await heard(robbed, last)) == 1


async def test_row_3_a_publish_to_anothers_topic_reaches_nobody(house: BrokerHouse) -> None:
    """The broker acknowledges it all the same (MQTT 3.1.1 has no other word): what counts is what arrives."""
    async with house.own() as service, house.device("plug_b") as device:
        await service.subscribe("#", qos=1)
        for topic in ("tele/plug_a/STATE", "cmnd/plug_a/POWER", "innkeeper/house/up/room", "zigbee2mqtt/101_lock"):
            await device.publish(topic, b"forged", qos=1)
        await device.publish("homeassistant/device/innkeeper_house_room_101/config", b"forged", qos=1)
        await device.publish("innkeeper_states/house/room/101", b"forged", qos=1)
        await device.publish("tele/plug_b/STATE", b"{}", qos=1)
        assert await heard(service, "tele/plug_b/STATE") == [("tele/plug_b/STATE", b"{}")]


async def test_row_4_a_retained_forgery_waits_for_nobody(house: BrokerHouse) -> None:
    async with house.device("plug_b") as device:
        await device.publish("cmnd/plug_a/POWER", b"ON", qos=1, retain=True)
        await device.publish("tele/plug_a/LWT", b"Online", qos=1, retain=True)
        await device.publish("tele/plug_b/LWT", b"Online", qos=1, retain=True)
    async with house.own() as service:
        await service.subscribe([("cmnd/#", 1), ("tele/#", 1)])
        assert await heard(service, "tele/plug_b/LWT") == [("tele/plug_b/LWT", b"Online")]


async def test_row_5_what_is_too_large_is_not_taken(tmp_path: Path) -> None:
    async with broker_house(tmp_path, f"{PORTS}message_size_limit = 2048\n") as house, house.own() as service:
        await service.subscribe("tele/#", qos=1)
        async with house.device("plug_b") as device:
            with contextlib.suppress(aiomqtt.MqttError):
                await device.publish("tele/plug_b/STATE", b"x" * 4096, qos=0)
        async with house.device("plug_b") as device:
            await device.publish("tele/plug_b/LWT", b"Online", qos=1)
        assert await heard(service, "tele/plug_b/LWT") == [("tele/plug_b/LWT", b"Online")]


async def test_row_5_a_flood_of_connections_leaves_the_service_its_own_port(tmp_path: Path) -> None:
    """As from a start: Mosquitto 2.0.11 forgets a listener's limit when it reads its users again."""
    async with broker_house(tmp_path, f"{PORTS}device_connections = 3\n") as house:
        await started_again(house)
        assert house.broker.device_port is not None
        with contextlib.ExitStack() as stack:
            for _ in range(40):
                stack.enter_context(socket.create_connection(("127.0.0.1", house.broker.device_port)))
            with pytest.raises(aiomqtt.MqttError):
                async with house.device("plug_a", timeout=1):
                    pass
            async with house.own() as service, house.own("field") as simulated:
                await service.subscribe("zigbee2mqtt/#", qos=1)
                await simulated.publish("zigbee2mqtt/101_door", b"{}", qos=1)
                assert len(await heard(service, "zigbee2mqtt/101_door")) == 1


async def test_row_6_subscribing_to_everything_brings_only_what_is_ones_own(house: BrokerHouse) -> None:
    """Neither others' orders nor others' states, nor the service's topics, nor what the broker says of itself."""
    async with house.own() as service, house.device("plug_b") as nosy, house.device("plug_a") as other:
        await nosy.subscribe([("#", 1), ("$SYS/#", 1), ("+/plug_a/#", 1), ("innkeeper/#", 1)])
        await other.publish("tele/plug_a/STATE", b"{}", qos=1)
        for topic in ("cmnd/plug_a/POWER", "innkeeper/house/down/room_facts", "zigbee2mqtt/101_lock/set"):
            await service.publish(topic, b"secret", qos=1)
        await service.publish("cmnd/plug_b/POWER", b"ON", qos=1)
        assert await heard(nosy, "cmnd/plug_b/POWER") == [("cmnd/plug_b/POWER", b"ON")]


async def test_row_6_a_last_will_is_for_ones_own_topic_alone(house: BrokerHouse) -> None:
    async with house.own() as service:
        await service.subscribe("tele/#", qos=1)
        for topic in ("tele/plug_a/LWT", "tele/plug_b/LWT"):
            will = aiomqtt.Will(topic, b"Offline", qos=1, retain=True)
            with contextlib.suppress(aiomqtt.MqttError):
                async with house.device("plug_b", will=will) as device:
                    device._client.socket().shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
                    await out(device)
        assert await heard(service, "tele/plug_b/LWT") == [("tele/plug_b/LWT", b"Offline")]


async def test_row_6_field_and_a_bridge_have_nothing_of_the_service(house: BrokerHouse) -> None:
    made = house.make("stairs", Wanted("bridge", "zigbee2mqtt"))
    assert made.says == made.hears == ("zigbee2mqtt/#",)
    async with house.own() as service, house.own("field") as field, house.device("stairs") as bridge:
        await service.subscribe("innkeeper/#", qos=1)
        for client in (field, bridge):
            await client.subscribe("#", qos=1)
            await client.publish("innkeeper/house/up/room", b"forged", qos=1)
        await service.publish(MARK, b"", qos=1)
        assert await heard(service, MARK) == [(MARK, b"")]
        await bridge.publish("zigbee2mqtt/101_door", b"{}", qos=1)
        for client in (field, bridge):
            assert await heard(client, "zigbee2mqtt/101_door") == [("zigbee2mqtt/101_door", b"{}")]


async def test_row_6_a_far_pms_has_its_side_of_the_link_and_home_assistant_only_reads(house: BrokerHouse) -> None:
    prefix = house.make("books", Wanted("pms")).says[0].removesuffix("/down/#")
    house.make("ha", Wanted("home_assistant"))
    async with house.own() as service, house.device("books") as books, house.device("ha") as shown:
        await service.subscribe("#", qos=1)
        for client in (books, shown):
            await client.subscribe("#", qos=1)
            await client.publish(f"{prefix}/up/room", b"forged", qos=1)
        await shown.publish("innkeeper_states/house/room/101", b"forged", qos=1)
        await shown.publish("zigbee2mqtt/101_lock/set", b"forged", qos=1)
        await books.publish(f"{prefix}/down/ack", b"{}", qos=1)
        assert await heard(service, f"{prefix}/down/ack") == [(f"{prefix}/down/ack", b"{}")]
        await service.publish("homeassistant/device/innkeeper_x/config", b"{}", qos=1)
        await service.publish(f"{prefix}/up/room", b"{}", qos=1)
        assert await heard(books, f"{prefix}/up/room") == [(f"{prefix}/up/room", b"{}")]
        state = house.users.topics(Wanted("home_assistant")).hears[1].replace("#", "room/101")
        await service.publish(state, b"{}", qos=1)
        assert [topic for topic, _ in await heard(shown, state)] == ["homeassistant/device/innkeeper_x/config", state]


async def test_row_8_a_revoked_user_is_thrown_out_and_stays_out(house: BrokerHouse) -> None:
    async with house.device("plug_b") as neighbour, house.own() as service:
        async with contextlib.AsyncExitStack() as stack:
            stack.push(lambda kind, *_: kind is aiomqtt.MqttError)
            device = await stack.enter_async_context(house.device("plug_a"))
            assert (await house.call("credentials", "revoke", "plug_a"))["held"]
            assert await out(device)
        with pytest.raises(aiomqtt.MqttError):
            async with house.device("plug_a"):
                pass
        await service.subscribe("tele/#", qos=1)
        await neighbour.publish("tele/plug_b/STATE", b"{}", qos=1)
        assert await heard(service, "tele/plug_b/STATE")
    house.make("plug_a", Wanted("device", "plug_a"))
    async with house.device("plug_a"):
        pass


async def test_row_8_a_rotated_password_ends_the_old_one(house: BrokerHouse) -> None:
    async with contextlib.AsyncExitStack() as stack:
        stack.push(lambda kind, *_: kind is aiomqtt.MqttError)
        device = await stack.enter_async_context(house.device("plug_a"))
        new = await house.call("credentials", "rotate", "plug_a")
        assert await out(device)
    with pytest.raises(aiomqtt.MqttError):
        async with house.device("plug_a"):
            pass
    async with house.device("plug_a", password=new["password"]):
        pass


async def test_row_8_field_is_rotated_beside_the_service_whose_own_clients_stay(house: BrokerHouse) -> None:
    old = house.broker.address("field").password
    async with house.own() as service:
        await service.subscribe("zigbee2mqtt/#", qos=1)
        assert (await house.call("credentials", "rotate", "field"))["held"]
        with pytest.raises(aiomqtt.MqttError):
            async with house.own("field", password=old):
                pass
        async with house.own("field") as simulated:
            await simulated.publish("zigbee2mqtt/101_door", b"{}", qos=1)
        assert await heard(service, "zigbee2mqtt/101_door")


async def test_users_and_what_is_retained_outlive_the_broker(house: BrokerHouse) -> None:
    async with house.own(identifier="keeper", clean_session=False) as keeper:
        await keeper.subscribe("tele/#", qos=1)
    async with house.device("plug_a") as device:
        await device.publish("tele/plug_a/LWT", b"Online", qos=1, retain=True)
    store = house.shell.data / "broker" / "mosquitto.db"
    await until(lambda: store.exists() and b"tele/plug_a/LWT" in store.read_bytes())
    await started_again(house)
    async with house.device("plug_a") as device:
        await device.publish("tele/plug_a/STATE", b"{}", qos=1)
    async with house.own(identifier="keeper", clean_session=False) as keeper:
        assert [topic for topic, _ in await heard(keeper, "tele/plug_a/STATE")][-1] == "tele/plug_a/STATE"
    async with house.own() as service:
        await service.subscribe("tele/#", qos=1)
        assert await heard(service, "tele/plug_a/LWT") == [("tele/plug_a/LWT", b"Online")]


@pytest.mark.parametrize("restarted", [False, True])
async def test_reading_users_again_loses_nothing_of_a_session_that_is_away(house: BrokerHouse, restarted: bool) -> None:
    """After a restart the broker knows a session by its name alone, and still keeps what comes for it."""
    async with house.own(identifier="keeper", clean_session=False) as keeper:
        await keeper.subscribe("tele/#", qos=1)
    store = house.shell.data / "broker" / "mosquitto.db"
    await until(lambda: store.exists() and b"tele/#" in store.read_bytes())
    if restarted:
        await started_again(house)
    async with house.device("plug_a") as device:
        await device.publish("tele/plug_a/STATE", b"before", qos=1)
        await house.call("credentials", "rotate", "plug_b")
        await device.publish("tele/plug_a/RESULT", b"after", qos=1)
    async with house.own(identifier="keeper", clean_session=False) as keeper:
        found = await heard(keeper, "tele/plug_a/RESULT")
    assert found == [("tele/plug_a/STATE", b"before"), ("tele/plug_a/RESULT", b"after")]


async def test_a_plain_port_beyond_this_machine_is_closed(house: BrokerHouse) -> None:
    """The service's own port listens on loopback alone while devices have one with TLS."""
    port = int((house.shell.data / "broker" / "port").read_text())
    with pytest.raises(OSError, match="refused"):
        await asyncio.to_thread(socket.create_connection, ("127.0.0.2", port), 2)
    house.shell.change("service.toml", 'host = "127.0.0.1"\nport = 0', 'host = "0.0.0.0"\nport = 0')
    refused = await asyncio.to_thread(house.shell, "check")
    assert refused.exit_code == 2
    assert "plain_beyond_loopback" in refused.stdout + refused.stderr

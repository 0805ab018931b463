"""Home Assistant: discovery documents, states, what is taken away, and all of it on a real broker."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.model import Device, LineState, Quality
from devices.points import POINT_KINDS
from edge.home_assistant import documents, states
from edge.home_assistant.documents import Place, fit
from edge.home_assistant.entities import BINARY_CLASSES, HIDDEN, SENSOR_CLASSES, entity_of
from edge.home_assistant.mirror import Mirror, Said
from edge.home_assistant.opening import line_settings
from edge.home_assistant.output import HomeAssistantOutput, Shown
from edge.home_assistant.words import FOLDER, Words
from edge.rooms.signals import DeviceHeard, Tick
from edge.settings import load_settings
from gateway.lines.mqtt_settings import MqttSettings
from tests.edge.places import CATALOG, inventory, reading
from tests.edge.test_hub import Stage, staged
from tests.servers import RealBroker
from tests.waiting import until

PLACE = Place("house", "Hotel Test", "homeassistant", "innkeeper_states", "1.0")
EN = Words("en")
DOOR = "homeassistant/device/innkeeper_house_device_101_contact/config"
DOOR_STATE = "innkeeper_states/house/device/101_contact"
ROOM = "homeassistant/device/innkeeper_house_room_101/config"
ROOM_STATE = "innkeeper_states/house/room/101"


# documents


@pytest.mark.parametrize("profile_id", CATALOG.ids())
def test_every_profile_makes_a_document_that_home_assistant_takes(profile_id: str) -> None:
    profile = CATALOG.get(profile_id)
    document = documents.of_device(PLACE, Device("d1", "field", profile_id, "x", "101"), profile, EN)
    assert document["device"]["identifiers"] == ["innkeeper_house_device_d1"]
    assert document["origin"]["name"] == "Innkeeper"
    shown = [point for point, spec in profile.points.items() if entity_of(point, spec)]
    assert [*shown, "problem"] == list(document["components"])
    for key, told in document["components"].items():
        assert told["platform"] in ("binary_sensor", "sensor")
        assert told["unique_id"] == f"innkeeper_house_device_d1_{key}"
        assert told["value_template"] == f"{{{{ value_json.{key} }}}}"
        assert "command_topic" not in told
        if told.get("device_class") == "enum":
            assert told["options"]
            assert "state_class" not in told
    json.dumps(document)


def test_a_door_is_on_when_it_is_open_and_a_temperature_is_in_celsius() -> None:
    contact = CATALOG.get("zigbee2mqtt/contact")
    climate = CATALOG.get("zigbee2mqtt/climate")
    door = documents.of_device(PLACE, Device("a", "f", contact.id, "x", "101"), contact, EN)["components"]["door"]
    air = documents.of_device(PLACE, Device("b", "f", climate.id, "x"), climate, EN)["components"]["temperature"]
    assert (door["platform"], door["device_class"]) == ("binary_sensor", "door")
    assert (air["unit_of_measurement"], air["state_class"]) == ("°C", "measurement")
    assert (
        documents.of_device(PLACE, Device("b", "f", climate.id, "x"), climate, EN)["device"].get("suggested_area")
        is None
    )


def test_a_devices_faults_are_there_even_when_the_device_is_not() -> None:
    contact = CATALOG.get("zigbee2mqtt/contact")
    document = documents.of_device(PLACE, Device("a", "f", contact.id, "x", "101"), contact, EN)
    assert [one["topic"] for one in document["availability"]] == [PLACE.status, PLACE.state("device", "a")]
    assert [one["topic"] for one in document["components"]["problem"]["availability"]] == [PLACE.status]


def test_two_names_never_become_one() -> None:
    names = ["101", "1.01", "1_01", "1 01", "客房", "101_door"]
    assert len({fit(name) for name in names}) == len(names)
    assert fit("101_door") == "101_door"


def test_all_points_have_a_name_in_both_languages() -> None:
    words = {file.stem: Words(file.stem) for file in FOLDER.glob("*.toml")}
    assert set(words) == {"en", "zh-CN"}
    assert words["en"].keys == words["zh-CN"].keys
    shown = POINT_KINDS.keys() - HIDDEN
    assert {f"point.{point}" for point in shown} <= words["en"].keys
    assert (BINARY_CLASSES.keys() | SENSOR_CLASSES.keys()) <= shown
    assert Words("zh-CN")("room.name", number="101") == "客房 101"
    assert EN.of_point("soil_moisture") == "Soil moisture"


# states


def test_what_is_not_known_is_none() -> None:
    values = {"door": None, "motion": True, "temperature": 21.5}
    state = states.of_device(values, ["low_battery", "low_battery"], online=False)
    assert state == {
        "online": "offline",
        "door": None,
        "motion": "ON",
        "temperature": 21.5,
        "problem": "ON",
        "problem_attributes": {"kinds": ["low_battery"]},
    }


def sensed(value: str, *, stale: bool = False) -> dict[str, Any]:
    return {"value": value, "stale": stale}


def view(occupancy: str, *, stale: bool = False) -> dict[str, Any]:
    answer = sensed(occupancy, stale=stale) | {"confidence": 0.9, "since": None, "source": "detected", "evidence": []}
    cleaning = {"phase": "in_progress", "since": None}
    return {
        "occupancy": answer,
        "cleaning": cleaning,
        "request": sensed("dnd"),
        "door": sensed("open"),
        "lock": sensed("unknown"),
    }


@pytest.mark.parametrize(
    ("occupancy", "stale", "state"),
    [("occupied", False, "ON"), ("vacant", False, "OFF"), ("unknown", False, None), ("vacant", True, None)],
)
def test_an_answer_that_is_stale_or_unknown_switches_nothing(occupancy: str, stale: bool, state: str | None) -> None:
    told = states.of_room(view(occupancy, stale=stale), [])
    assert told["occupancy"] == state
    assert told["occupancy_attributes"]["answer"] == occupancy
    assert (told["cleaning"], told["request"], told["door"], told["lock"]) == ("in_progress", "dnd", "ON", None)


# what has to be said


def document(name: str, **components: Any) -> dict[str, Any]:
    return {"components": components, "state_topic": PLACE.state("device", name)}


def said(mirror: Mirror, most: int = 100) -> list[Said]:
    """Everything that is due, published."""
    found = mirror.due(most)
    for one in found:
        mirror.published(one)
    return found


def topic(name: str) -> str:
    return PLACE.config("device", name)


def test_documents_go_before_states_and_each_only_once() -> None:
    mirror = Mirror(PLACE)
    mirror.want_state(PLACE.state("device", "a"), {"door": "ON"})
    mirror.want_documents({topic("a"): document("a")})
    assert [one.topic for one in said(mirror)] == [topic("a"), PLACE.state("device", "a")]
    assert not said(mirror)
    mirror.want_state(PLACE.state("device", "a"), {"door": "ON"})
    assert not said(mirror)
    mirror.want_state(PLACE.state("device", "a"), {"door": "OFF"})
    assert said(mirror) == [Said(PLACE.state("device", "a"), b'{"door":"OFF"}')]


def test_no_more_at_once_than_asked_for_and_all_of_it_in_the_end() -> None:
    mirror = Mirror(PLACE)
    mirror.want_documents({topic(str(n)): document(str(n)) for n in range(25)})
    rounds = [len(said(mirror, 10)) for _ in range(4)]
    assert rounds == [10, 10, 5, 0]


def test_a_device_that_goes_is_taken_away_with_its_state() -> None:
    mirror = Mirror(PLACE)
    mirror.want_documents({topic("a"): document("a"), topic("b"): document("b")})
    mirror.want_state(PLACE.state("device", "a"), {"door": "ON"})
    said(mirror)
    mirror.want_documents({topic("b"): document("b")})
    assert said(mirror) == [Said(topic("a"), b""), Said(PLACE.state("device", "a"), b"")]
    mirror.forget()
    assert [one.topic for one in said(mirror)] == [topic("b")]


def test_what_an_earlier_run_left_is_taken_away() -> None:
    mirror = Mirror(PLACE)
    mirror.want_documents({topic("b"): document("b")})
    mirror.heard(topic("gone"), json.dumps(document("gone")).encode())
    assert said(mirror)[:2] == [Said(topic("gone"), b""), Said(PLACE.state("device", "gone"), b"")]


def test_others_are_left_alone() -> None:
    mirror = Mirror(PLACE)
    other = document("x") | {"state_topic": "innkeeper_states/house_2/device/x"}
    mirror.heard("homeassistant/device/innkeeper_house_2_device_x/config", json.dumps(other).encode())
    mirror.heard("homeassistant/device/zigbee2mqtt_x/config", json.dumps(document("x")).encode())
    assert not said(mirror)


def test_a_part_that_a_device_no_longer_has_is_taken_away_first() -> None:
    mirror = Mirror(PLACE)
    mirror.want_documents({topic("a"): document("a", door={"platform": "binary_sensor", "name": "Door"})})
    said(mirror)
    old = document("a", door={"platform": "binary_sensor"}, tamper={"platform": "binary_sensor", "name": "Tampering"})
    mirror.heard(topic("a"), json.dumps(old).encode())
    first, then = said(mirror)
    assert json.loads(first.payload)["components"]["tamper"] == {"platform": "binary_sensor"}
    assert list(json.loads(then.payload)["components"]) == ["door"]
    assert not said(mirror)


JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["components", "state_topic", "platform", "a"]), inner, max_size=4)
    ),
)


@given(body=JSON, raw=st.binary(max_size=60), known=st.booleans())
def test_whatever_stands_on_the_broker_hurts_nobody(body: Any, raw: bytes, known: bool) -> None:
    mirror = Mirror(PLACE)
    mirror.want_documents({topic("a"): document("a")})
    name = topic("a" if known else "b")
    mirror.heard(name, json.dumps(body).encode())
    mirror.heard(name, raw)
    mirror.heard(name, json.dumps({"components": body, "state_topic": PLACE.state("device", "a")}).encode())
    assert all(isinstance(one.payload, bytes) for one in said(mirror))


# settings


def test_it_is_off_unless_it_is_switched_on(tmp_path: Path) -> None:
    assert not load_settings(tmp_path / "absent.toml", {}).home_assistant.enabled


@pytest.mark.parametrize(
    "line", ["topic = 'innkeeper/states'", "url = 'http://ha'", "discovery_prefix = 'a/#'", "language = 'fr'"]
)
def test_a_wrong_setting_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "service.toml").write_text(f"[home_assistant]\nenabled = true\n{line}\n")
    with pytest.raises(Exception, match="home_assistant"):
        load_settings(tmp_path / "service.toml", {})


def test_where_it_connects(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "home_assistant").write_text("word\n")
    (secrets / "broker_innkeeper").write_text("own")
    text = "[home_assistant]\nenabled = true\nurl = 'mqtts://hotel@ha.example'\nca_file = 'ha.pem'\n"
    (tmp_path / "service.toml").write_text(text)
    other = line_settings(load_settings(tmp_path / "service.toml", {}), tmp_path, PLACE)
    assert (other.host, other.port, other.username, other.password) == ("ha.example", 8883, "hotel", "word")
    assert (other.tls, other.ca_file, other.state_topic) == (True, tmp_path / "ha.pem", PLACE.status)
    own = line_settings(load_settings(tmp_path / "absent.toml", {}), tmp_path, PLACE)
    assert (own.host, own.port, own.username, own.password) == ("127.0.0.1", 1883, "innkeeper", "own")
    assert "word" not in repr(other)


# rooms


async def test_what_a_point_is_now(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        room = stage.room
        assert room.current("101_contact", "door") is None
        stage.hear(1, reading("101_contact", "door", "open"), reading("101_motion", "motion", True))  # noqa: FBT003
        stage.hear(2, reading("101_contact", "battery", 80))
        assert (room.current("101_contact", "door"), room.current("101_motion", "motion")) == ("open", True)
        stage.hear(3, reading("101_contact", "door", None)._replace(quality=Quality.BAD))
        assert room.current("101_contact", "door") is None
        stage.clock.forward(3 * 93_600)
        room.take(Tick(), stage.clock.clock.now())
        assert room.current("101_contact", "battery") is None
        room.take(DeviceHeard("101_motion", online=False), stage.clock.clock.now())
        assert room.current("101_motion", "motion") is None


# on the wire


class Watcher:
    """What Home Assistant's broker holds, as a client of its own sees it."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.retained: dict[str, bytes] = {}
        self.count: dict[str, int] = {}

    async def listen(self) -> None:
        await self.client.subscribe([("homeassistant/#", 1), ("innkeeper_states/#", 1)])
        async for message in self.client.messages:
            name, payload = str(message.topic), message.payload
            assert isinstance(payload, bytes)
            self.count[name] = self.count.get(name, 0) + 1
            self.retained[name] = payload
            if not payload:
                del self.retained[name]

    def json(self, name: str) -> dict[str, Any]:
        found = json.loads(self.retained.get(name, b"{}"))
        assert isinstance(found, dict)
        return found


@contextlib.asynccontextmanager
async def watching(port: int) -> AsyncIterator[Watcher]:
    """A watcher that listens."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        watcher = Watcher(client)
        task = asyncio.create_task(watcher.listen())
        try:
            yield watcher
        finally:
            task.cancel()
            await asyncio.wait([task])


@contextlib.asynccontextmanager
async def shown(stage: Stage, port: int, *rooms: str, parts: bool = True) -> AsyncIterator[HomeAssistantOutput]:
    """The output over a stage's hub."""
    what = Shown(inventory(*(rooms or ("101",))), CATALOG, parts, parts, EN)
    settings = MqttSettings("127.0.0.1", port, client_id="innkeeper-house-home-assistant", state_topic=PLACE.status)
    output = HomeAssistantOutput(stage.hub, what, PLACE, settings)
    task = asyncio.create_task(output.run())
    try:
        yield output
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.mark.real("mosquitto")
async def test_devices_rooms_and_faults_appear_change_and_go(tmp_path: Path, mosquitto: RealBroker) -> None:
    port = mosquitto.port
    async with watching(port) as seen:
        async with staged(tmp_path / "a", "101", "102") as stage, shown(stage, port, "101", "102"):
            await until(lambda: ROOM_STATE in seen.retained and DOOR_STATE in seen.retained)
            assert seen.json(DOOR)["state_topic"] == DOOR_STATE
            assert seen.json(ROOM)["components"]["occupancy"]["device_class"] == "occupancy"
            assert seen.json(DOOR_STATE)["door"] is None
            assert json.loads(seen.retained[PLACE.status]) == {"state": "online"}
            stage.hear(1, reading("101_contact", "door", "open"), reading("101_leak", "leak", True))  # noqa: FBT003
            await until(lambda: seen.json(DOOR_STATE)["door"] == "ON" and seen.json(ROOM_STATE)["door"] == "ON")
            await until(lambda: seen.json(ROOM_STATE)["problem"] == "ON")
            assert seen.json(ROOM_STATE)["problem_attributes"] == {"kinds": ["leak"]}
            stage.hub.device_health("101_contact", online=False, cause=None)
            await until(lambda: seen.json(DOOR_STATE)["online"] == "offline")
            assert any("102" in name for name in seen.retained)
        await until(lambda: json.loads(seen.retained[PLACE.status]) == {"state": "offline"})
        async with staged(tmp_path / "b") as stage, shown(stage, port):
            await until(lambda: not any("102" in name for name in seen.retained))
            assert DOOR in seen.retained
        async with staged(tmp_path / "c") as stage, shown(stage, port, parts=False):
            await until(lambda: list(seen.retained) == [PLACE.status])


@pytest.mark.real("mosquitto")
async def test_a_changed_configuration_is_followed_while_it_runs(tmp_path: Path, mosquitto: RealBroker) -> None:
    async with watching(mosquitto.port) as seen, staged(tmp_path) as stage, shown(stage, mosquitto.port) as output:
        await until(lambda: DOOR_STATE in seen.retained)
        fewer = inventory("101")
        del fewer.devices["101_contact"]
        output.show(Shown(fewer, CATALOG, devices=True, rooms=True, words=EN))
        await until(lambda: DOOR not in seen.retained and DOOR_STATE not in seen.retained)
        assert ROOM in seen.retained


@pytest.mark.real("mosquitto")
async def test_home_assistant_that_starts_is_told_everything_and_gives_no_orders(
    tmp_path: Path, mosquitto: RealBroker
) -> None:
    async with watching(mosquitto.port) as seen, staged(tmp_path) as stage, shown(stage, mosquitto.port):
        await until(lambda: DOOR_STATE in seen.retained)
        before = seen.count[DOOR], seen.count[DOOR_STATE]
        await seen.client.publish("homeassistant/status", b"online", 1)
        await until(lambda: (seen.count[DOOR], seen.count[DOOR_STATE]) == (before[0] + 1, before[1] + 1))
        for name in (f"{DOOR_STATE}/set", f"{ROOM_STATE}/set", DOOR):
            await seen.client.publish(name, b'{"lock":"unlocked"}', 1)
        await seen.client.publish("homeassistant/status", b"online", 1)
        await until(lambda: seen.json(DOOR).get("state_topic") == DOOR_STATE)
        assert stage.field.commands == []


@pytest.mark.real("mosquitto")
async def test_a_broker_that_forgot_everything_is_told_again(tmp_path: Path, mosquitto: RealBroker) -> None:
    async with staged(tmp_path) as stage, shown(stage, mosquitto.port) as output:
        async with watching(mosquitto.port) as seen:
            await until(lambda: ROOM_STATE in seen.retained)
        mosquitto.kill()
        await until(lambda: output.status.state is LineState.DOWN)
        for store in mosquitto.folder.glob("*.db*"):
            store.unlink()
        mosquitto.start()
        await until(lambda: output.status.state is LineState.UP, timeout=20)
        async with watching(mosquitto.port) as seen:
            await until(lambda: {DOOR, DOOR_STATE, ROOM, ROOM_STATE} <= seen.retained.keys())

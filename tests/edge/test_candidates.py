"""The list of devices that nobody configured: made, told when it is news, kept over a restart."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.catalog import Catalog
from devices.inventory import Inventory, Line
from devices.model import Device
from devices.mqtt.recognise import recognise
from edge.candidates import FILE, Candidates, Hotel
from edge.naming import NamingRules
from gateway.discovery import FORGOTTEN_AFTER, Discovery, Field, Limits
from pms.link.inventory_messages import CandidatesBody

CATALOG = Catalog.load()
START = datetime(2026, 11, 22, 9, tzinfo=UTC)
DOOR = b'{"contact":true,"battery":97,"linkquality":80}'


class Hand:
    """A clock that the test moves."""

    speed = 1.0

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def real(self, seconds: float) -> float:
        return seconds


class Place:
    """Discovery and list over an inventory that may change; `told` is what the link was given."""

    def __init__(self, data: Path, limits: Limits | None = None) -> None:
        self.clock = Hand()
        self.inventory = Inventory({"field": Line("field", "mqtt")}, {})
        self.ignored: set[tuple[str, str]] = set()
        self.told: list[CandidatesBody] = []
        self.discovery = Discovery(
            Field(dict, lambda line: [device.address for device in self.inventory.on(line)]),
            self.clock,  # type: ignore[arg-type]
            limits=limits or Limits(),
        )
        rules, rooms = NamingRules(["{room}_{kind}"]), frozenset({"101", "102"})
        self.candidates = Candidates(
            self.discovery,
            lambda: Hotel(self.inventory, rooms, CATALOG, rules, frozenset(self.ignored)),
            self.clock,  # type: ignore[arg-type]
            self.told.append,
            data,
        )

    def says(self, topic: str, payload: bytes = DOOR) -> None:
        self.discovery.take("field", topic, payload)

    async def last(self) -> CandidatesBody:
        await self.candidates.look()
        return self.told[-1]

    def configure(self, name: str, address: str) -> None:
        device = Device(name, "field", "zigbee2mqtt/contact", address, "101")
        self.inventory = Inventory(self.inventory.lines, {**self.inventory.devices, name: device})


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def test_a_stranger_is_told_with_room_id_likeness_and_values(place: Place) -> None:
    place.says("zigbee2mqtt/101_door")
    (one,) = (await place.last()).candidates
    assert (one.line, one.address, one.room, one.device) == ("field", "zigbee2mqtt/101_door", "101", "101_door")
    assert (one.looks_like[0].profile, one.looks_like[0].why) == ("zigbee2mqtt/contact", "points")
    assert one.values["door"] == "closed"
    assert one.sample == DOOR.decode()
    assert (one.first_heard, one.last_heard, one.messages) == (START, START, 1)


async def test_what_is_configured_is_no_stranger_and_stops_being_one(place: Place) -> None:
    place.configure("101_door", "zigbee2mqtt/101_door")
    place.says("zigbee2mqtt/101_door")
    place.says("zigbee2mqtt/101_door/availability", b'{"state":"online"}')
    place.says("zigbee2mqtt/102_door")
    assert [one.address for one in (await place.last()).candidates] == ["zigbee2mqtt/102_door"]
    place.configure("102_door", "zigbee2mqtt/102_door")
    assert (await place.last()).candidates == []


async def test_no_two_are_proposed_the_same_id(place: Place) -> None:
    place.configure("101_door", "zigbee2mqtt/old")
    for topic in ("zigbee2mqtt/101_door", "other/101_door"):
        place.says(topic)
    assert sorted(one.device or "" for one in (await place.last()).candidates) == ["101_door_2", "101_door_3"]


async def test_it_is_told_when_it_is_news_and_once_a_minute_else(place: Place) -> None:
    place.says("zigbee2mqtt/101_door")
    for _ in range(3):
        await place.candidates.look()
        place.clock.at += timedelta(seconds=3)
        place.says("zigbee2mqtt/101_door")
    assert len(place.told) == 1
    place.clock.at += timedelta(minutes=1)
    assert (await place.last()).candidates[0].messages == 4
    assert len(place.told) == 2
    place.says("zigbee2mqtt/102_door")
    assert len((await place.last()).candidates) == 2


async def test_that_there_is_nothing_new_is_told_too(place: Place) -> None:
    assert (await place.last()).candidates == []
    await place.candidates.look()
    assert len(place.told) == 1


async def test_an_ignored_one_is_left_out_and_counted(place: Place) -> None:
    place.says("zigbee2mqtt/101_door")
    place.ignored.add(("field", "zigbee2mqtt/101_door"))
    body = await place.last()
    assert (body.candidates, body.ignored) == ([], 1)
    place.ignored.clear()
    assert [one.address for one in (await place.last()).candidates] == ["zigbee2mqtt/101_door"]


async def test_who_was_heard_when_lasts_over_a_restart(place: Place, tmp_path: Path) -> None:
    place.says("zigbee2mqtt/101_door")
    await place.candidates.look()
    again = Place(tmp_path)
    again.clock.at += timedelta(hours=1)
    again.says("zigbee2mqtt/101_door")
    (one,) = (await again.last()).candidates
    assert (one.first_heard, one.last_heard) == (START, START + timedelta(hours=1))
    assert one.looks_like[0].profile == "zigbee2mqtt/contact"


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"ignored": 3}', b'{"ignored": [], "candidates": [{"told": {}}]}', b"[]"]
)
async def test_a_file_that_cannot_be_read_is_no_loss(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    place = Place(tmp_path)
    place.says("zigbee2mqtt/101_door")
    assert len((await place.last()).candidates) == 1


def test_a_full_table_drops_the_new_one_until_an_old_one_is_forgotten(tmp_path: Path) -> None:
    place = Place(tmp_path, Limits(most=2))
    for number in range(3):
        place.says(f"zigbee2mqtt/d{number}")
    assert (len(place.discovery.heard), place.discovery.dropped) == (2, 1)
    place.clock.at += FORGOTTEN_AFTER
    place.says("zigbee2mqtt/d1")
    place.says("zigbee2mqtt/d2")
    assert {address for _, address in place.discovery.heard} == {"zigbee2mqtt/d1", "zigbee2mqtt/d2"}


def test_a_long_description_is_read_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def recorded(topic: str, payload: bytes) -> object:
        read.append(topic)
        return recognise(topic, payload)

    monkeypatch.setattr("gateway.discovery.recognise", recorded)
    long = b"[" + b",".join([b'{"friendly_name": "x", "type": "EndDevice"}'] * 200) + b"]"
    for _ in range(3):
        place.says("zigbee2mqtt/bridge/devices", long)
    assert read == ["zigbee2mqtt/bridge/devices"]

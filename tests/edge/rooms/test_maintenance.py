"""A room in maintenance raises nothing; what stands when it ends is raised then. A spare device raises nothing ever."""

from datetime import timedelta

import pytest

from devices.model import Device
from edge.rooms.room import Room, RoomDevice
from edge.rooms.signals import (
    CleaningEnded,
    CleaningStarted,
    ConditionCleared,
    ConditionRaised,
    DeviceHeard,
    Effect,
    RoomFacts,
    Tick,
)
from edge.rooms.spares import is_spare
from tests.edge.rooms.play import CATALOG, devices, instant, reading

KINDS = ("contact", "motion", "lock", "leak", "smoke")
WORKS, DONE = RoomFacts("101", rented=False, maintenance=True), RoomFacts("101", rented=False)
NINE = instant("9:00")


def conditions(effects: list[Effect]) -> list[tuple[str, str]]:
    return [
        ("+" if isinstance(one, ConditionRaised) else "-", one.kind)
        for one in effects
        if isinstance(one, ConditionRaised | ConditionCleared)
    ]


def test_what_stands_is_cleared_with_the_reason_and_raised_again_at_the_end() -> None:
    room = Room("101", devices(*KINDS))
    assert conditions(room.take(reading("leak", value=True, at=NINE), NINE)) == [("+", "leak")]
    begun = room.take(WORKS, NINE + timedelta(minutes=1))
    (cleared,) = [one for one in begun if isinstance(one, ConditionCleared)]
    assert (cleared.kind, [item.code for item in cleared.evidence]) == ("leak", ["maintenance"])
    assert room.view(NINE)["conditions"] == []
    assert conditions(room.take(DONE, NINE + timedelta(hours=1))) == [("+", "leak")]
    assert room.view(NINE)["conditions"] == ["leak"]


def test_what_comes_and_goes_meanwhile_is_never_told_and_what_came_and_stays_is() -> None:
    room = Room("101", devices(*KINDS))
    room.take(WORKS, NINE)
    said = room.take(reading("leak", value=True, at=NINE), NINE)
    said += room.take(DeviceHeard("contact", online=False), NINE + timedelta(minutes=1))
    said += room.take(reading("leak", value=False, at=NINE), NINE + timedelta(minutes=2))
    said += room.take(Tick(), NINE + timedelta(minutes=3))
    assert conditions(said) == []
    assert conditions(room.take(DONE, NINE + timedelta(hours=1))) == [("+", "device_offline")]


def test_a_restart_in_the_middle_changes_nothing() -> None:
    room, again = Room("101", devices(*KINDS)), Room("101", devices(*KINDS))
    room.take(WORKS, NINE)
    room.take(reading("smoke", value=True, at=NINE), NINE)
    again.restore(room.snapshot())
    assert again.muted
    assert conditions(again.take(WORKS, NINE)) == []
    assert conditions(again.take(DONE, NINE)) == [("+", "smoke")]


def test_nobody_cleans_meanwhile_and_who_was_at_it_has_ended() -> None:
    played = Room("101", devices(*KINDS))
    played.take(reading("door", "closed", NINE), NINE)
    played.take(reading("motion", value=False, at=NINE), NINE)
    said = _attendant(played, 0)
    assert [type(one) for one in said if isinstance(one, CleaningStarted | CleaningEnded)] == [CleaningStarted]
    ended = played.take(WORKS, NINE + timedelta(minutes=30))
    assert [type(one) for one in ended if isinstance(one, CleaningStarted | CleaningEnded)] == [CleaningEnded]
    quiet = _attendant(played, 60)
    assert not [one for one in quiet if isinstance(one, CleaningStarted | CleaningEnded)]


def _attendant(room: Room, after: int) -> list[Effect]:
    from devices.model import CredentialClass, DeviceEvent

    start, said = NINE + timedelta(minutes=after), []
    params = {"result": "granted", "credential_class": CredentialClass.HOUSEKEEPING, "credential": "hk-1"}
    said += room.take(DeviceEvent("lock", "101", "access", params, None, start, 1), start)
    for minutes, opened in ((0.05, True), (0.2, False)):
        at = start + timedelta(minutes=minutes)
        said += room.take(reading("door", "open" if opened else "closed", at), at)
    for minutes in range(1, 20):
        at = start + timedelta(minutes=minutes)
        said += room.take(reading("motion", value=minutes % 2 == 1, at=at), at)
    return said


@pytest.mark.parametrize(
    ("profile", "room", "spare"),
    [
        ("zigbee2mqtt/contact", None, True),
        ("zigbee2mqtt/contact", "101", False),
        ("zigbee2mqtt/smoke", None, False),
        ("zigbee2mqtt/lock", None, False),
        ("pn532", None, False),
    ],
)
def test_which_devices_are_spare(profile: str, room: str | None, spare: bool) -> None:
    assert is_spare(Device("one", "field", profile, "one", room), CATALOG.get(profile)) is spare


def test_a_spare_device_raises_nothing_and_a_detector_in_a_corridor_does() -> None:
    placed = {"door_7": "zigbee2mqtt/contact", "smoke_7": "zigbee2mqtt/smoke"}
    house = Room(
        "", [RoomDevice(Device(name, "field", profile, name), CATALOG.get(profile)) for name, profile in placed.items()]
    )
    said = house.take(DeviceHeard("door_7", online=False), NINE)
    said += house.take(reading("battery", 1, NINE, "door_7"), NINE)
    assert conditions(said) == []
    assert conditions(house.take(DeviceHeard("smoke_7", online=False), NINE)) == [("+", "device_offline")]

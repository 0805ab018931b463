"""A room's devices become others while it lives: what stays is not touched, what goes takes its faults with it."""

from dataclasses import replace

from edge.rooms.room import Room, RoomDevice
from edge.rooms.signals import ConditionCleared, ConditionRaised, DeviceHeard, RoomChanged
from tests.edge.rooms.play import CATALOG, Play, devices, instant, reading

QUIET = "7:00 motion off\n7:00 door closed\n"


def cleared(room: Room, members: list[RoomDevice], at: str) -> list[tuple[str, str]]:
    """Fit; the keys of the faults that this clears, with why."""
    effects = room.fit(members, instant(at))
    return [(each.key, each.evidence[0].code) for each in effects if isinstance(each, ConditionCleared)]


def test_a_removed_device_takes_its_points_and_faults_with_it() -> None:
    play = Play("contact", "motion", "leak").tell(QUIET + "9:00 leak on\n9:00 offline contact")
    assert cleared(play.room, devices("motion"), "9:10") == [
        ("device_offline:contact", "device_removed"),
        ("leak:leak", "device_removed"),
    ]
    view = play.room.view(instant("9:10"))
    assert (view["conditions"], view["door"]["value"]) == ([], "unknown")
    assert not play.room.misses("contact")
    assert "contact" not in str(play.room.snapshot()["cells"])


def test_what_is_known_of_a_device_that_stays_is_kept_live() -> None:
    play = Play("contact", "motion").tell(QUIET + "9:00 door open")
    version = play.room.version
    effects = play.room.fit(devices("contact", "motion", "leak"), instant("9:01"))
    assert effects == [RoomChanged("101")]
    assert play.room.version == version + 1
    door = play.room.view(instant("9:01"))["door"]
    assert (door["value"], door["since"], door["stale"]) == ("open", instant("9:00"), False)
    play.tell("9:05 ?conditions door_ajar")
    raised = play.room.take(reading("leak", value=True, at=instant("9:06")), instant("9:06"))
    assert [each.key for each in raised if isinstance(each, ConditionRaised)] == ["leak:leak"]


def test_the_same_devices_are_no_change() -> None:
    room = Play("contact", "motion").room
    assert room.has(devices("motion", "contact"))
    assert not room.has(devices("contact"))


def test_where_a_sensor_looks_counts_from_then_on() -> None:
    play = Play().tell(
        "7:00 rented 1\n" + QUIET + "7:10 motion on\n7:12 motion off\n8:00 door open\n8:00:04 door closed"
    )
    play.tell("12:00 ? vacant")
    for entry, answer in ((("motion",), "unknown"), ((), "occupied")):
        play.room.fit(devices("contact", "motion", "lock", entry=entry), instant("12:10"))
        assert play.room.view(instant("12:10"))["occupancy"]["value"] == answer
    play.tell("13:00 ? vacant")


def exchanged(kind: str, profile: str) -> RoomDevice:
    """Another device in the place of `kind`."""
    before = devices(kind)[0]
    return RoomDevice(replace(before.device, address="zigbee2mqtt/new", profile=profile), CATALOG.get(profile))


def test_a_replaced_device_keeps_its_faults_until_the_new_one_takes_them_back() -> None:
    play = Play("contact", "motion").tell(QUIET + "9:00 battery 5 contact\n9:30 offline contact")
    assert cleared(play.room, [exchanged("contact", "zigbee2mqtt/contact"), *devices("motion")], "9:40") == []
    assert play.room.view(instant("9:40"))["conditions"] == ["device_offline", "low_battery"]
    play.room.take(DeviceHeard("contact", online=True), instant("9:41"))
    play.room.take(reading("battery", 100, instant("9:41")), instant("9:41"))
    assert play.room.view(instant("9:41"))["conditions"] == []


def test_a_replaced_devices_values_are_old_until_the_new_one_speaks() -> None:
    play = Play("contact", "motion").tell(QUIET + "9:00 door open")
    play.room.fit([exchanged("contact", "zigbee2mqtt/contact"), *devices("motion")], instant("9:01"))
    door = play.room.view(instant("9:01"))["door"]
    assert (door["value"], door["stale"]) == ("open", True)
    play.room.take(reading("door", "closed", instant("9:02")), instant("9:02"))
    assert play.room.view(instant("9:02"))["door"]["stale"] is False


def test_a_new_lock_has_to_say_itself_which_keys_it_opens_to() -> None:
    play = Play("lock")
    play.room.take(reading("key_sequence", 7, instant("9:00"), "lock"), instant("9:00"))
    assert play.room.reported("lock", "key_sequence") == 7
    play.room.fit([exchanged("lock", "zigbee2mqtt/lock")], instant("9:01"))
    assert play.room.reported("lock", "key_sequence") is None


def test_a_fault_that_the_new_device_can_never_take_back_is_cleared() -> None:
    play = Play("motion", "leak").tell("9:00 leak on")
    assert cleared(play.room, [*devices("motion"), exchanged("leak", "zigbee2mqtt/contact")], "9:10") == [
        ("leak:leak", "device_replaced")
    ]

"""What differs between two inventories."""

from dataclasses import replace

from devices.catalog import Catalog
from devices.inventory import Inventory, Line
from devices.inventory_diff import InventoryDiff, Stock, differences, lines_of
from devices.model import Device

CATALOG = Catalog.load()
CONTACT, MOTION = "zigbee2mqtt/contact", "zigbee2mqtt/motion"
DOOR = Device("101_door", "field", CONTACT, "zigbee2mqtt/a", "101")
SEEN = Device("101_motion", "field", MOTION, "zigbee2mqtt/b", "101")
FIELD, FLOOR = Line("field", "mqtt"), Line("floor-1", "modbus_tcp", "127.0.0.1", 5020)


def stock(*devices: Device, lines: tuple[Line, ...] = (FIELD, FLOOR), catalog: Catalog = CATALOG) -> Stock:
    return Stock(Inventory({line.id: line for line in lines}, {one.id: one for one in devices}), catalog)


def test_the_same_is_no_difference() -> None:
    diff = differences(stock(DOOR, SEEN), stock(SEEN, DOOR))
    assert not diff
    assert diff.told() == {}


def test_devices_added_removed_changed_and_moved() -> None:
    before, after = stock(DOOR, SEEN), stock(replace(DOOR, address="zigbee2mqtt/c", room="102"))
    diff = differences(before, after)
    assert diff == InventoryDiff(
        devices_removed=("101_motion",), devices_changed=("101_door",), devices_moved=("101_door",)
    )
    assert differences(after, before).devices_added == ("101_motion",)
    assert lines_of(diff, before, after) == ("field",)


def test_a_sensor_that_sees_something_else_was_moved() -> None:
    assert differences(stock(DOOR, SEEN), stock(DOOR, replace(SEEN, sees="entry"))).devices_moved == ("101_motion",)


def test_a_line_with_another_host_is_begun_anew_and_not_among_those_that_stand() -> None:
    before = stock(DOOR)
    after = stock(replace(DOOR, room=None), lines=(replace(FIELD, host="10.0.0.1"), Line("desk", "serial", path="x")))
    diff = differences(before, after)
    assert diff.lines_ended == ("floor-1", "field")
    assert diff.lines_begun == ("desk", "field")
    assert lines_of(diff, before, after) == ()


def test_a_profile_with_another_content_changes_its_devices() -> None:
    other = replace(CATALOG.get(CONTACT), offline_after_s=7.0)
    catalog = Catalog([other, CATALOG.get(MOTION)])
    assert differences(stock(DOOR, SEEN), stock(DOOR, SEEN, catalog=catalog)).devices_changed == ("101_door",)

"""Devices placed, moved, replaced and removed over the link, on a real broker, while the house runs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from devices.catalog import Catalog
from devices.inventory import load_inventory
from edge.inventory_file import move
from tests.edge.inventory_edge import Hotel, hotel
from tests.servers import RealBroker
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")

CONTACT = {"line": "field", "profile": "zigbee2mqtt/contact"}
WINDOW = CONTACT | {"address": "zigbee2mqtt/0x00158d0001", "room": "101"}


def inventory(made: Hotel) -> Any:
    return load_inventory(made.devices, Catalog.load(), None)


async def heard(made: Hotel, number: str, state: str, topic: str) -> None:
    """A contact speaks until its room has heard it: a broker may need a moment for a new subscription."""

    async def said() -> bool:
        await made.hears(topic, contact=state == "closed")
        return bool(made.door(number)["value"] == state and not made.door(number)["stale"])

    await until(said, every=0.05)


async def test_a_device_is_placed_and_heard_without_a_restart(tmp_path: Path, mosquitto: RealBroker) -> None:
    async with hotel(tmp_path, mosquitto) as made:
        before = made.devices.read_text()
        result = await made.ask("place", "101_second_door", **WINDOW)
        assert (result["state"], result["reason"], result["detail"]) == ("done", None, None)
        assert made.devices.read_text().startswith(before)
        await heard(made, "101", "open", WINDOW["address"])
        sessions = (mosquitto.folder / "log").read_text().count(f"as innkeeper-{made.property}-field ")
        assert sessions == 1


async def test_a_device_that_is_moved_takes_its_points_and_faults_to_the_other_room(
    tmp_path: Path, mosquitto: RealBroker
) -> None:
    async with hotel(tmp_path, mosquitto) as made:
        await heard(made, "101", "open", "zigbee2mqtt/101_door")
        await made.hears("zigbee2mqtt/101_door", battery=3, contact=False)
        await until(lambda: made.conditions().get("low_battery:101_door") == ["raised"])
        assert (await made.ask("move", "101_door", room="104"))["state"] == "done"
        assert made.door("101")["value"] == "unknown"
        await until(lambda: made.conditions()["low_battery:101_door"] == ["raised", "cleared device_removed"])
        await heard(made, "104", "closed", "zigbee2mqtt/101_door")
        assert made.door("101")["value"] == "unknown"
        assert (await made.ask("move", "101_door", room=None))["state"] == "done"
        assert inventory(made).devices["101_door"].room is None


async def test_a_device_that_was_moved_while_nothing_ran_is_not_in_two_rooms(
    tmp_path: Path, mosquitto: RealBroker
) -> None:
    async with hotel(tmp_path, mosquitto) as made:
        await heard(made, "101", "open", "zigbee2mqtt/101_door")
        await made.hears("zigbee2mqtt/101_door", battery=3, contact=False)
        await until(lambda: made.conditions().get("low_battery:101_door") == ["raised"])
    made.devices.write_text(move(made.devices.read_text(), "101_door", "104"))
    async with hotel(tmp_path, mosquitto) as made:
        await until(lambda: made.conditions().get("low_battery:101_door", [""])[-1] == "cleared device_removed")
        assert made.door("101")["value"] == "unknown"
        await made.hears("zigbee2mqtt/101_door", battery=3, contact=False)
        await until(lambda: made.conditions()["low_battery:101_door"][-1] == "raised")
        assert made.edge.hub.house.rooms["104"].view(datetime.now(UTC))["conditions"] == ["low_battery"]


async def test_a_replaced_device_keeps_its_name_its_room_and_its_faults(tmp_path: Path, mosquitto: RealBroker) -> None:
    async with hotel(tmp_path, mosquitto) as made:
        await heard(made, "101", "open", "zigbee2mqtt/101_door")
        made.edge.gateway._liveness.missed("101_door")
        await until(lambda: made.conditions().get("device_offline:101_door") == ["raised"])
        assert (await made.ask("replace", "101_door", address="zigbee2mqtt/0xnew"))["state"] == "done"
        assert made.door("101")["value"] == "open"
        assert made.conditions()["device_offline:101_door"] == ["raised"]
        await heard(made, "101", "closed", "zigbee2mqtt/0xnew")
        await until(lambda: made.conditions()["device_offline:101_door"] == ["raised", "cleared"])
        kept = '"zigbee2mqtt/0xnew"    # topic, unit number, encoder ...'
        assert kept in made.devices.read_text()


async def test_a_removed_device_is_gone_with_its_faults(tmp_path: Path, mosquitto: RealBroker) -> None:
    async with hotel(tmp_path, mosquitto) as made:
        made.edge.gateway._liveness.missed("101_door")
        await until(lambda: made.conditions().get("device_offline:101_door") == ["raised"])
        assert (await made.ask("remove", "101_door"))["state"] == "done"
        await until(lambda: made.conditions()["device_offline:101_door"] == ["raised", "cleared device_removed"])
        assert "101_door" not in inventory(made).devices
        assert "101_door" not in {one["id"] for one in made.edge.health.body()["devices"]}
        assert "# Room 101\n" in made.devices.read_text()


RELAY = {"line": "field", "profile": "tasmota/relay", "address": "relay1", "room": "101"}
SHOWN = "\n[home_assistant]\nenabled = true\n"


async def test_a_device_placed_a_moment_ago_takes_orders_and_is_shown_elsewhere(
    tmp_path: Path, mosquitto: RealBroker
) -> None:
    async with hotel(tmp_path, mosquitto, SHOWN) as made, aiomqtt.Client("127.0.0.1", mosquitto.port) as other:
        await other.subscribe([("cmnd/relay1/#", 1), ("homeassistant/device/+/config", 1)])
        assert (await made.ask("place", "101_relay", **RELAY))["state"] == "done"
        deadline = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
        order = {"id": "on", "room": "101", "device": None, "point": "relay", "value": True, "by": "boss"}
        await made.tell(2, {**order, "deadline": deadline}, "command")
        seen: set[str] = set()
        async for message in other.messages:
            seen.add(str(message.topic))
            if {"cmnd/relay1/POWER", "homeassistant/device/innkeeper_example_device_101_relay/config"} <= seen:
                break
        await until(lambda: made.results("on"))


REFUSED: list[tuple[str, str | None, dict[str, Any], str, str]] = [
    ("place", "101_door", WINDOW, "id_taken", "101_door"),
    ("place", "a b", WINDOW, "bad_id", "'a b'"),
    ("place", "new", WINDOW | {"room": "999"}, "no_such_room", "999"),
    ("place", "new", WINDOW | {"profile": "nobody/knows"}, "no_such_profile", "nobody/knows"),
    ("place", "new", WINDOW | {"line": "nowhere"}, "no_such_line", "nowhere"),
    ("place", "new", WINDOW | {"line": "floor-1"}, "wrong_line", "floor-1"),
    ("place", "new", WINDOW | {"address": "innkeeper/x"}, "wrong_address", "innkeeper/"),
    ("place", "new", WINDOW | {"address": "zigbee2mqtt/101_door"}, "address_taken", "101_door"),
    ("replace", "102_door", {"address": "zigbee2mqtt/101_door"}, "address_taken", "101_door"),
    ("move", "nobody", {"room": "101"}, "no_such_device", "nobody"),
    ("remove", "nobody", {}, "no_such_device", "nobody"),
    ("ignore", None, {"line": "field"}, "unusable", ""),
]


async def test_what_cannot_be_done_changes_nothing_and_says_why(tmp_path: Path, mosquitto: RealBroker) -> None:
    async with hotel(tmp_path, mosquitto) as made:
        before = made.devices.read_bytes()
        for action, device, told, reason, detail in REFUSED:
            result = await made.ask(action, device, **told)
            assert (result["state"], result["reason"]) == ("failed", reason), result
            assert detail in (result["detail"] or ""), result
        late = await made.ask("remove", "101_door", deadline=datetime.now(UTC) - timedelta(seconds=1))
        assert (late["state"], late["reason"]) == ("expired", "deadline")
        assert made.devices.read_bytes() == before


async def test_the_same_change_sent_again_has_one_result(tmp_path: Path, mosquitto: RealBroker) -> None:
    async with hotel(tmp_path, mosquitto) as made:
        await made.ask("move", "101_door", id="once", room="102")
        await made.ask("move", "101_door", id="once", room="103")
        await made.ask("move", "102_door", id="after", room="103")
        assert [body["state"] for body in made.results("once")] == ["done"]
        assert inventory(made).devices["101_door"].room == "102"


async def test_a_file_that_cannot_be_read_any_more_is_not_written_over(tmp_path: Path, mosquitto: RealBroker) -> None:
    async with hotel(tmp_path, mosquitto) as made:
        made.devices.write_text(spoiled := made.devices.read_text() + "\n[[device]]\nid = \n")
        result = await made.ask("place", "new", **WINDOW)
        assert (result["state"], result["reason"]) == ("failed", "file_changed")
        assert "devices.toml:" in result["detail"]
        assert made.devices.read_text() == spoiled


async def test_a_file_that_cannot_be_written_fails_with_clear_words(
    tmp_path: Path, mosquitto: RealBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object, **__: object) -> int:
        raise OSError(30, "Read-only file system", "devices.toml")

    async with hotel(tmp_path, mosquitto) as made:
        before = made.devices.read_bytes()
        monkeypatch.setattr("edge.replacing_file.os.open", read_only)
        result = await made.ask("place", "new", **WINDOW)
        monkeypatch.undo()
        assert (result["reason"], result["detail"]) == ("file_not_writable", "devices.toml: Read-only file system")
        assert made.devices.read_bytes() == before
        assert "new" not in {one["id"] for one in made.edge.health.body()["devices"]}


async def test_what_is_to_be_left_out_is_remembered(tmp_path: Path, mosquitto: RealBroker) -> None:
    place = {"line": "field", "address": "zigbee2mqtt/neighbour"}
    async with hotel(tmp_path, mosquitto) as made:
        assert (await made.ask("ignore", **place))["state"] == "done"
        assert (await made.ask("ignore", line="field", address="zigbee2mqtt/other"))["state"] == "done"
    async with hotel(tmp_path, mosquitto) as made:
        assert made.edge.onboarding.ignored == {(place["line"], place["address"]), ("field", "zigbee2mqtt/other")}
        made.sent = 2
        assert (await made.ask("unignore", **place))["state"] == "done"
        assert made.edge.onboarding.ignored == {("field", "zigbee2mqtt/other")}


async def test_a_change_that_a_crash_interrupted_is_done_where_the_file_says_so(
    tmp_path: Path, mosquitto: RealBroker
) -> None:
    async with hotel(tmp_path, mosquitto) as made:
        await made.ask("place", "written", id="written", **WINDOW)
        await made.ask("place", "unwritten", id="unwritten", **WINDOW | {"address": "zigbee2mqtt/b"})
        await made.ask("remove", "unwritten", id="other")
        sql = "UPDATE inventory_change SET state = 'applying' WHERE id != 'other'"
        await made.edge.hub.journal._write(lambda connection: connection.execute(sql))
    async with hotel(tmp_path, mosquitto) as made:
        await until(lambda: {"written", "unwritten"} <= inventory(made).devices.keys())
        assert (await made.result("unwritten"))["state"] == "done"
        assert (await made.result("written"))["state"] == "done"

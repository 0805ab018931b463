"""The configuration read again while the house runs: what differs is taken, a bad file changes nothing and says why."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.catalog import BUILT_IN
from devices.encoders.jobs import CardJob, CardTask
from devices.mqtt.router import BUILT_IN as DIALECTS
from edge.reload_call import lines
from edge.reloading import Outcome
from tests.edge.inventory_edge import Hotel, hotel
from tests.edge.test_onboarding import heard
from tests.servers import RealBroker
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")

PROFILE = (BUILT_IN / "zigbee2mqtt" / "contact.toml").read_text()
LINE = '\n[[line]]\nid = "floor-2"\nkind = "modbus_tcp"\nhost = "127.0.0.1"\nport = {port}\n'
UNIT = (
    '\n[[device]]\nid = "105_thermostat"\nline = "floor-2"\nprofile = "smarttemp_smt131"\naddress = 9\nroom = "101"\n'
)


def part(made: Hotel) -> dict[str, Any] | None:
    """The health part of the configuration."""
    parts = made.edge.health.body()["parts"]
    return next((one for one in parts if one["part"] == "configuration"), None)


async def test_nothing_has_changed(tmp_path: Path, mosquitto: RealBroker) -> None:
    async with hotel(tmp_path, mosquitto) as made:
        made.devices.write_text("# a remark\n" + made.devices.read_text())
        outcome = await made.edge.reloading.reload()
        assert outcome == Outcome()
        assert lines(outcome.told()) == ["no line and no device has changed"]
        assert part(made) is None


async def test_a_bad_file_changes_nothing_and_says_why(tmp_path: Path, mosquitto: RealBroker) -> None:
    async with hotel(tmp_path, mosquitto) as made:
        good = made.devices.read_text()
        made.devices.write_text(good.replace('room = "101"', 'room = "999"', 1))
        outcome = await made.edge.reloading.reload()
        assert outcome.reason == "bad_file"
        assert outcome.problems == ('devices.toml:35: [[device]] #2 "101_door": room: no such room: "999"',)
        assert lines(outcome.told())[0] == "nothing was changed: bad_file"
        told = part(made)
        assert told is not None
        assert (told["state"], told["code"]) == ("degraded", "bad_file")
        assert "no such room" in told["detail"]
        await heard(made, "101", "open", "zigbee2mqtt/101_door")
        made.devices.write_text(good)
        assert (await made.edge.reloading.reload()).reason is None
        assert (part(made) or {})["state"] == "ok"


async def test_what_needs_a_restart_is_said_and_not_done(tmp_path: Path, mosquitto: RealBroker) -> None:
    async with hotel(tmp_path, mosquitto) as made:
        config = made.devices.parent
        (config / "service.toml").write_text((config / "service.toml").read_text().replace("8080", "8081"))
        hotel_file = (config / "hotel.toml").read_text()
        more = '\n[[room]]\nnumber = "199"\ntype = "STD"\nfloor = "1"\n'
        (config / "hotel.toml").write_text(hotel_file + more)
        outcome = await made.edge.reloading.reload()
        assert outcome.restart == ("hotel.toml: [[room]]", "service.toml: [http] port")
        assert lines(outcome.told())[1:] == ["after a restart only:", *(f"  {place}" for place in outcome.restart)]
        assert made.edge.reloading.running.settings.http.port == 8080
        told = part(made)
        assert told is not None
        assert (told["state"], told["code"]) == ("ok", "restart_needed")


async def test_a_line_comes_and_goes_with_its_devices_and_its_faults(
    tmp_path: Path, mosquitto: RealBroker, free_port: int
) -> None:
    async with hotel(tmp_path, mosquitto) as made:
        before = made.devices.read_text()
        made.devices.write_text(before + LINE.format(port=free_port) + UNIT)
        outcome = await made.edge.reloading.reload()
        assert outcome.changed == {"lines_added": ["floor-2"], "devices_added": ["105_thermostat"]}
        assert outcome.rooms == ("101",)
        await until(lambda: made.conditions().get("line_down:floor-2") == ["raised"])
        made.devices.write_text(before)
        assert (await made.edge.reloading.reload()).changed["lines_removed"] == ["floor-2"]
        await until(lambda: made.conditions()["line_down:floor-2"] == ["raised", "cleared"])
        assert {line.line for line in made.edge.gateway.status().lines} == {"field", "floor-1", "desk-1"}
        await heard(made, "101", "open", "zigbee2mqtt/101_door")
        sessions = (mosquitto.folder / "log").read_text().count(f"as innkeeper-{made.property}-field ")
        assert sessions == 1


async def test_a_profile_of_the_houses_own_that_changed_is_taken(tmp_path: Path, mosquitto: RealBroker) -> None:
    async with hotel(tmp_path, mosquitto) as made:
        own = made.devices.parent / "profiles"
        own.mkdir()
        (own / "contact.toml").write_text(PROFILE.replace("offline_after_s = ", "offline_after_s = 1"))
        outcome = await made.edge.reloading.reload()
        assert outcome.changed == {"devices_changed": ["101_door", "102_door", "103_door", "104_door"]}


async def test_an_encoder_at_work_is_not_taken_away(
    tmp_path: Path, mosquitto: RealBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.encoders.run.GRACE_S", 60.0)  # the job waits for its line as long as this test
    async with hotel(tmp_path, mosquitto) as made:
        now = made.edge.hub.clock.now()
        made.edge.keys._open.add("job")
        made.edge.gateway.card(CardJob("job", "desk-1", CardTask.READ, now + timedelta(minutes=1)))
        await until(lambda: made.edge.gateway.status().encoders[0].busy)
        made.devices.write_text(made.devices.read_text().replace('"desk-1.tty"', '"desk-2.tty"'))
        outcome = await made.edge.reloading.reload()
        assert (outcome.reason, outcome.problems) == ("encoder_busy", ("desk-1",))
        made.edge.gateway.cancel_card("job")
        await until(lambda: not made.edge.gateway.status().encoders[0].busy)
        assert (await made.edge.reloading.reload()).changed == {"lines_changed": ["desk-1"]}


async def test_what_cannot_be_applied_leaves_the_house_as_it_was(
    tmp_path: Path, mosquitto: RealBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hotel(tmp_path, mosquitto) as made:
        monkeypatch.delitem(DIALECTS, "tasmota")
        result = await made.ask("place", "relay", line="field", profile="tasmota/relay", address="r1", room="101")
        assert (result["state"], result["reason"], result["detail"]) == ("failed", "not_applied", "KeyError('tasmota')")
        assert "relay" not in made.devices.read_text()
        await heard(made, "101", "open", "zigbee2mqtt/101_door")

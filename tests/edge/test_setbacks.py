"""Setbacks on a running hub: remembered first, ordered then, counted by what the device says; over a kill."""

import asyncio
import contextlib
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from devices.inventory import Inventory
from devices.model import CommandState, Device, Value
from edge.energy_table import EnergyTable
from edge.house import House, Plan
from edge.hub import Hub
from edge.journal import Journal
from edge.orders import Orders
from edge.recovery import learn, recover
from edge.rooms.parameters import RoomParameters
from edge.rooms.signals import DeviceHeard, Tick
from edge.setbacks import Setbacks
from pms.link.down import PropertyBody, RoomFactsBody
from pms.link.messages import EnergyBody, OrderBody, RoomBody
from tests.edge.places import CATALOG, START, FieldOfTests, HandClock, done, inventory, reading
from tests.waiting import until

UNIT, FAN = "101_thermostat", "101_fan"
LET = RoomFactsBody(room="101", rented=True, stay="stay_1", guests=1)
HOUSE = PropertyBody(id="example", name="Example", time_zone="Europe/Berlin", rooms=[])


def devices() -> Inventory:
    known = inventory("101")
    unit = Device(UNIT, "field", "zigbee2mqtt/thermostat", f"zigbee2mqtt/{UNIT}", "101")
    fan = Device(FAN, "field", "shelly/switch", FAN, "101")
    return Inventory(known.lines, {**known.devices, UNIT: unit, FAN: fan})


@dataclass
class Stage:
    """A hub over a journal with the setbacks of room 101; the clock goes on by hand."""

    folder: Path
    hub: Hub
    journal: Journal
    clock: HandClock
    field: FieldOfTests
    setbacks: Setbacks
    orders: Orders

    def hears(self, device: str, point: str, value: Value) -> None:
        self.hub.signal(self.hub.house.rooms["101"], reading(device, point, value, self.clock.wall))

    async def waits(self, minutes: float) -> None:
        """Time goes by; the rules look."""
        self.clock.forward(minutes * 60)
        self.hub.signal(self.hub.house.rooms["101"], Tick())
        await self.setbacks.look()

    def follows(self) -> list[Value]:
        """The devices do as they were told; what that was."""
        commands, self.field.commands = self.field.commands, []
        for command in commands:
            self.hears(command.device, command.point, command.value)
            self.orders.ended(done(command))
        return [command.value for command in commands]

    def told(self, facts: RoomFactsBody) -> None:
        learn(self.hub, facts)
        self.setbacks.learn(facts)

    async def empty(self) -> None:
        """A guest who has been in goes out and does not come back; the room knows it."""
        self.told(LET)
        for point, value in (("temperature", 21.4), ("mode", "heat"), ("setpoint", 21.0)):
            self.hears(UNIT, point, value)
        self.hears(FAN, "relay", True)  # noqa: FBT003 - what it says
        self.hears("101_contact", "door", "open")
        self.hears("101_contact", "door", "closed")
        self.hears("101_motion", "motion", False)  # noqa: FBT003
        await self.hub.stored()
        await self.waits(7)
        assert self.hub.house.rooms["101"].occupancy == "vacant"

    def shown(self) -> dict[str, Any]:
        view = RoomBody.model_validate(self.hub.view("101", self.clock.wall))
        assert view.energy is not None
        return view.energy.model_dump(exclude={"since"})

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self.folder / "journal.db")) as connection:
            return connection.execute(sql).fetchall()

    async def said(self, kind: str) -> list[dict[str, Any]]:
        return [json.loads(row.body) for row in (await self.journal.pending(0, 1000))[0] if row.kind == kind]


@contextlib.asynccontextmanager
async def staged(folder: Path, clock: HandClock | None = None, **energy: Any) -> AsyncIterator[Stage]:
    journal = await Journal.open(folder / "journal.db")
    clock = clock or HandClock()
    known = devices()
    house = House(Plan(known, CATALOG, frozenset({"101"}), RoomParameters()))
    house.restore(journal.loaded.rooms)
    hub = Hub(house, journal, clock.clock, lambda _: None)
    hub.field = field = FieldOfTests()
    orders = Orders(hub, known, CATALOG)
    table = EnergyTable(ventilation=("*_fan",), **energy)
    setbacks = Setbacks(hub, table, orders.send, lambda: "Europe/Berlin")
    setbacks.change(known, CATALOG)
    recover(hub, known, CATALOG, journal.loaded)
    task = asyncio.create_task(hub.run())
    try:
        yield Stage(folder, hub, journal, clock, field, setbacks, orders)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await journal.close()


async def test_the_guest_goes_out_and_comes_back(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.empty()
        assert stage.field.commands == []
        await stage.waits(3)
        assert stage.follows() == [False], "ventilation first, ten minutes after the door"
        await stage.waits(5)
        assert stage.follows() == [18.5]
        await stage.waits(60)
        assert stage.field.commands == []
        shown = stage.shown()
        assert (shown["phase"], shown["guest_c"], shown["wanted_c"], shown["reached"], shown["still"]) == (
            ("setback", 21.0, 18.5, True, True)
        )
        assert shown["why"]["code"] == "vacant_rented"
        stage.hears("101_contact", "door", "open")
        await stage.waits(0.1)
        assert sorted(map(str, stage.follows())) == ["21.0", "True"]
        await stage.waits(2)
        assert stage.shown()["phase"] == "comfort"


async def test_what_the_guest_had_set_outlives_a_kill_just_after_the_order(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    async with staged(tmp_path / "before") as stage:
        await stage.empty()
        await stage.waits(20)
        assert [command.value for command in stage.field.commands] == [18.5, False]
        assert [row[0] for row in stage.rows("SELECT state FROM command")] == ["accepted", "accepted"]
        (tmp_path / "after").mkdir()
        for file in (tmp_path / "before").glob("journal.db*"):
            shutil.copy(file, tmp_path / "after")
        clock = stage.clock
    async with staged(tmp_path / "after", clock) as stage:
        stage.orders.recover()
        assert stage.follows() == [18.5, False], "stored, and not yet sent when it died: sent once, in time"
        stage.told(LET)
        await stage.waits(3)
        assert stage.shown()["guest_c"] == 21.0
        stage.hears("101_contact", "door", "open")
        await stage.waits(0.1)
        assert sorted(map(str, stage.follows())) == ["21.0", "True"]


async def test_a_sensor_that_goes_away_gives_the_guests_setting_back(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.empty()
        await stage.waits(20)
        stage.follows()
        await stage.waits(1)
        stage.hub.signal(stage.hub.house.rooms["101"], DeviceHeard("101_motion", online=False))
        await stage.waits(1)
        assert sorted(map(str, stage.follows())) == ["21.0", "True"]
        assert stage.shown()["why"]["code"] == "sensors_away"


async def test_after_a_restart_nothing_new_is_taken_back_before_something_was_heard(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.empty()
        clock = stage.clock
    async with staged(tmp_path, clock) as stage:
        stage.told(LET)
        await stage.waits(120)
        assert (stage.field.commands, stage.shown()["why"]["code"]) == ([], "not_heard")
        stage.hears("101_motion", "motion", False)  # noqa: FBT003 - what it says
        await stage.waits(1)
        assert [command.value for command in stage.field.commands] == [18.5, False]


async def test_the_switches(tmp_path: Path) -> None:
    async with staged(tmp_path, setbacks="off") as stage:
        await stage.empty()
        await stage.waits(30)
        assert (stage.field.commands, stage.shown()["why"]["code"]) == ([], "switched_off")
        stage.setbacks.house(HOUSE.model_copy(update={"setbacks": True}))
        await stage.waits(1)
        assert stage.follows() == [18.5, False]
        await stage.waits(1)
        stage.told(LET.model_copy(update={"setbacks": False}))
        await stage.waits(1)
        assert sorted(map(str, stage.follows())) == ["21.0", "True"]
        assert stage.shown()["why"]["code"] == "opted_out"


async def test_orders_are_told_before_how_they_fare(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.empty()
        await stage.waits(20)
        for command in list(stage.field.commands):
            assert await stage.orders.sending(command.id)
            stage.orders.acknowledged(command.id)
        stage.follows()
        await until(lambda: stage.rows("SELECT count(*) FROM command WHERE state = 'done'") == [(2,)])
        (first, _) = [OrderBody.model_validate(body) for body in await stage.said("order")]
        assert (first.room, first.device, first.value, first.by, first.why) == (
            ("101", UNIT, 18.5, "setback", "vacant_rented")
        )
        steps = [body["state"] for body in await stage.said("command_result") if body["id"] == first.id]
        assert steps == [CommandState.SENT, CommandState.ACKNOWLEDGED, CommandState.DONE]


async def test_hours_and_degree_hours_are_counted_from_what_the_device_says(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.empty()
        await stage.waits(15)
        await stage.waits(30)  # ordered, not done: nothing is counted
        stage.follows()
        await stage.waits(60)
        stage.hears(UNIT, "temperature", 19.0)
        await stage.waits(60)
        stage.setbacks._keep_counts(stage.clock.wall)
        await stage.hub.stored()
        counted = EnergyBody.model_validate((await stage.said("energy"))[-1])
        assert (counted.day, counted.setback_s, counted.degree_s) == (START.date(), 7200, 7200 * 2.5)
        assert counted.drift_s == 3600 * 2.0, "the first hour it was still warm"
        assert counted.vacant_s >= 7200 + 45 * 60
        assert counted.orders == 4, "half an hour later they were given again"
    async with staged(tmp_path, stage.clock) as again:
        await again.waits(0.1)
        await again.waits(1)
        again.setbacks._keep_counts(again.clock.wall)
        assert json.loads(again.hub.journal.loaded.days["101", START.date().isoformat()])["setback_s"] == 7200


async def test_every_change_is_in_the_chronicle_with_its_reason(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.empty()
        await stage.waits(20)
        stage.follows()
        await stage.waits(1)
        await stage.hub.stored()
        kept = stage.rows("SELECT kind, body FROM history WHERE room = '101' ORDER BY at")
        said = [json.loads(body)["value"] for kind, body in kept if kind == "occupancy"]
        assert said[-2:] == ["occupied", "vacant"]
        assert "no_motion_since" in kept[-2][1].decode() + kept[-1][1].decode() + str(kept)
        phases = [json.loads(body) for kind, body in kept if kind == "energy"]
        assert [one["phase"] for one in phases][-1] == "setback"
        assert phases[-1]["why"]["code"] == "vacant_rented"
        assert timedelta(0) < stage.clock.wall - START

"""Locks are told which cards still open until they say so themselves, and somebody hears of those that do not."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.model import Command, CommandResult, CommandState, LineState, LineStatus, Quality, Reading
from devices.mqtt.router import MqttRouter
from edge.journal_rows import Told
from edge.lock_floors import LockFloors
from edge.lock_rules import MUTE_RETRY, Lock, Untold, decide
from edge.recovery import told_facts
from edge.rooms.signals import DeviceHeard
from pms.link.down import RoomFactsBody
from tests.edge.places import CATALOG, START, inventory, reading
from tests.edge.test_hub import Stage, staged
from tests.waiting import until

KEY = "lock_not_told:101_lock"


def orders_over(seconds: int, lock: Lock) -> tuple[list[int], int | None]:
    """When an order goes out, and when the fault is raised, for a lock that stays as it is."""
    before: Untold | None = None
    orders, fault = [], None
    for second in range(seconds):
        decision = decide(5, lock, before, START + timedelta(seconds=second))
        before = decision.untold
        if decision.order:
            orders.append(second)
        if decision.raise_fault and fault is None:
            fault = second
    return orders, fault


def test_orders_come_at_once_and_then_ever_less_often() -> None:
    orders, fault = orders_over(1200, Lock(4, online=True))
    assert orders == [0, 5, 20, 80, 200, 500, 800, 1100]
    assert fault == 120


def test_a_lock_that_never_spoke_of_it_is_asked_each_ten_minutes() -> None:
    orders, fault = orders_over(1500, Lock(None, online=True))
    assert orders == [0, 5, 20, 80, 200, 800, 1400]
    assert timedelta(minutes=10) == MUTE_RETRY
    assert fault == 120


def test_a_lock_that_is_away_is_not_told_but_said() -> None:
    assert orders_over(300, Lock(4, online=False)) == ([], 120)


def test_one_that_comes_back_is_told_at_once() -> None:
    told = decide(5, Lock(4, online=True), None, START)
    away = decide(5, Lock(4, online=False), told.untold, START + timedelta(seconds=1))
    assert decide(5, Lock(4, online=True), away.untold, START + timedelta(seconds=2)).order


def test_a_floor_that_rises_again_is_told_at_once_but_the_fault_is_not_put_off() -> None:
    told = decide(5, Lock(4, online=True), None, START)
    later = decide(6, Lock(4, online=True), told.untold, START + timedelta(seconds=2))
    assert later.order
    assert decide(6, Lock(5, online=True), later.untold, START + timedelta(seconds=120)).raise_fault


@pytest.mark.parametrize(("floor", "reported"), [(0, None), (5, 5), (5, 6)])
def test_a_lock_that_knows_is_left_alone(floor: int, reported: int | None) -> None:
    assert decide(floor, Lock(reported, online=True), Untold(4, START), START).untold is None


class Doors:
    """The floors of a stage's locks."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.floors = LockFloors(stage.hub, inventory("101"), CATALOG)
        for body in told_facts(stage.journal.loaded):
            self.floors.learn(body)

    def want(self, floor: int) -> None:
        self.floors.learn(RoomFactsBody(room="101", rented=True, key_floor=floor))

    def look(self, forward: float = 0.0) -> None:
        self.stage.clock.forward(forward)
        self.floors.look(self.stage.clock.clock.now())

    @property
    def told(self) -> list[tuple[str, str, Any]]:
        return [(one.device, one.point, one.value) for one in self.stage.field.commands]

    async def faults(self) -> list[dict[str, Any]]:
        """What was said of conditions."""
        await until(lambda: not self.stage.hub._intake.anything())
        return await self.stage.said("condition")


async def test_a_lock_that_is_taken_out_is_neither_told_nor_missed(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        doors = Doors(stage)
        doors.want(5)
        doors.look()
        doors.look(121)
        assert (doors.floors.behind(), KEY in stage.hub.conditions) == (1, True)
        told = len(doors.told)
        doors.floors.change(inventory(), CATALOG)
        doors.look(3600)
        assert (doors.floors.behind(), KEY in stage.hub.conditions, len(doors.told)) == (0, False, told)


async def test_a_lock_is_told_until_it_says_so(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        doors = Doors(stage)
        doors.look()
        assert doors.told == []
        doors.want(5)
        doors.look()
        doors.look(1)
        assert doors.told == [("101_lock", "key_sequence", 5)]
        doors.look(5)
        assert len(doors.told) == 2
        stage.hear(1, reading("101_lock", "key_sequence", 5))
        doors.look(60)
        doors.look(600)
        assert len(doors.told) == 2
        assert doors.floors.behind() == 0
        assert await doors.faults() == []


async def test_a_lock_that_does_not_say_so_is_a_fault_of_its_room_until_it_does(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        doors = Doors(stage)
        stage.hear(1, reading("101_lock", "key_sequence", 4))
        doors.want(5)
        for _ in range(130):
            doors.look(1)
        assert doors.floors.behind() == 1
        stage.hear(2, reading("101_lock", "key_sequence", 7))
        doors.look(1)
        raised, cleared = await doors.faults()
        assert (raised["kind"], raised["room"], raised["device"], raised["priority"]) == (
            "lock_not_told", "101", "101_lock", "high",
        )  # fmt: skip
        assert raised["evidence"][0]["params"] == {"floor": 5, "reported": 4, "online": True}
        assert cleared["state"] == "cleared"


async def test_it_holds_over_a_restart(tmp_path: Path) -> None:
    facts = RoomFactsBody(room="101", rented=True, key_floor=5).model_dump_json().encode()
    async with staged(tmp_path) as stage:
        await stage.journal.heard("pms-1", 1, Told([("room_facts", "101", facts)]))
        doors = Doors(stage)
        doors.want(5)
        for _ in range(130):
            doors.look(1)
        assert KEY in stage.hub.conditions
    async with staged(tmp_path) as stage:
        doors = Doors(stage)
        doors.look()
        assert doors.told == [("101_lock", "key_sequence", 5)]
        assert KEY in stage.hub.conditions
        stage.hear(1, reading("101_lock", "key_sequence", 5))
        doors.look()
        assert KEY not in stage.hub.conditions
        await until(lambda: stage.acknowledged == [1])
    async with staged(tmp_path) as stage:
        doors = Doors(stage)
        doors.look()
        assert doors.told == []


async def test_a_lock_that_is_away_is_told_when_it_is_back(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        doors = Doors(stage)
        stage.hub.signal(stage.room, DeviceHeard("101_lock", online=False))
        doors.want(5)
        doors.look(60)
        assert doors.told == []
        stage.hub.signal(stage.room, DeviceHeard("101_lock", online=True))
        doors.look(1)
        assert doors.told == [("101_lock", "key_sequence", 5)]


async def test_a_lock_that_forgot_is_told_again_and_a_bad_value_is_none(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        doors = Doors(stage)
        doors.want(5)
        stage.hear(1, reading("101_lock", "key_sequence", 5))
        doors.look()
        stage.hear(2, reading("101_lock", "key_sequence", 0))
        doors.look(1)
        assert len(doors.told) == 1
        bad = Reading("101_lock", "101", "key_sequence", None, Quality.BAD, None, START, 3)
        stage.hear(3, bad)
        doors.look(60)
        assert len(doors.told) == 2


async def test_its_orders_are_nobody_elses(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        doors = Doors(stage)
        doors.want(5)
        doors.look()
        ours = CommandResult(stage.field.commands[0].id, CommandState.UNKNOWN, START, "no_answer")
        assert doors.floors.ended(ours)
        assert not doors.floors.ended(ours)
        assert not doors.floors.ended(CommandResult("c1", CommandState.DONE, START))
        assert stage.hub.counters["lock_orders_unknown"] == 1


async def test_a_fault_of_a_lock_that_is_gone_is_cleared_at_the_start(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        doors = Doors(stage)
        doors.want(5)
        for _ in range(130):
            doors.look(1)
        without = LockFloors(stage.hub, inventory(), CATALOG)
        without._forget_what_is_gone()
        assert KEY not in stage.hub.conditions
        assert [(one["state"], one["room"]) for one in await doors.faults()] == [("raised", "101"), ("cleared", "101")]


async def test_a_line_that_is_down_is_no_reason_to_pile_up_orders(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        doors = Doors(stage)
        doors.want(5)
        stage.hub.line_changed(LineStatus("field", LineState.DOWN, START, "unreachable"))
        stage.hub.device_health("101_lock", online=False, cause="field")
        for _ in range(30):
            doors.look(1)
        assert doors.told == []


def test_the_order_is_the_property_of_a_zigbee_lock() -> None:
    router = MqttRouter(inventory("101").on("field"), CATALOG)
    order = Command("c1", "101_lock", "key_sequence", 4_000_000_000, START, by="edge", room="101")
    assert router.encode(order) == [("zigbee2mqtt/101_lock/set", b'{"key_sequence":4000000000}')]

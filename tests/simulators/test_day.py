"""A day on the wire: guests and staff do what they mean to, and the truth is written down."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.catalog import Catalog
from devices.clock import Clock
from devices.inventory import load_inventory
from simulators.clerk import Clerk
from simulators.day import Day, DayOptions
from simulators.demo_config import write_demo_config
from simulators.hotel import BrokerAddress, SimulatedHotel
from simulators.plan import Act
from tests.simulators.conftest import Maker, opened
from tests.simulators.desk import Desk, open_desk
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")

MORNING = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def hotel_of(maker: Maker, catalog: Catalog, folder: Path, rooms: int, speed: float) -> SimulatedHotel:
    """The demo's hotel at six in the morning."""
    write_demo_config(folder, rooms, modbus_port=maker.modbus_port)
    inventory = load_inventory(folder / "devices.toml", catalog, None)
    clock = Clock(speed, MORNING)
    return SimulatedHotel(inventory, catalog, clock, 5, BrokerAddress("127.0.0.1", maker.broker_port), folder)


async def truths(maker: Maker, catalog: Catalog, folder: Path, days: float) -> dict[str, list[tuple[int, int]]]:
    """Each room's truth of a day at the desk's side: (guests, asleep) in their order."""
    hotel = hotel_of(maker, catalog, folder, 4, 1800)
    async with open_desk() as desk, Clerk(desk.url, "clerk", "demo") as clerk, opened(hotel):
        await Day(hotel, clerk, hotel.clock, 5, DayOptions(attendants=0)).run(days)
    return {room.number: [(m.guests, m.asleep) for m in room.truth.log] for room in hotel.rooms.values()}


async def test_the_truth_of_a_day_is_decided_by_the_seed(maker: Maker, catalog: Catalog, tmp_path: Path) -> None:
    first = await truths(maker, catalog, tmp_path / "a", 0.17)
    second = await truths(maker, catalog, tmp_path / "b", 0.17)
    assert first == second
    assert any(guests == 2 for room in first.values() for guests, _ in room)


async def test_guests_check_in_sleep_and_check_out_and_rooms_are_cleaned(
    maker: Maker, catalog: Catalog, tmp_path: Path
) -> None:
    hotel = hotel_of(maker, catalog, tmp_path / "demo", 6, 3600)
    async with open_desk() as desk, Clerk(desk.url, "clerk", "demo") as clerk, opened(hotel):
        day = Day(hotel, clerk, hotel.clock, 5)
        product = asyncio.create_task(follow(hotel, desk))
        await day.run(1.0)
        product.cancel()
        await asyncio.wait([product])
        assert day.refused == 0
        assert day.staff.cleaned >= 2
        assert day.staff.inspected >= 1
    logs = [moment for room in hotel.rooms.values() for moment in room.truth.log]
    assert any(moment.asleep for moment in logs)
    assert any(moment.cleaning and moment.staff and not moment.guests for moment in logs)
    assert desk.checked_out
    present = {stay["room"] for name, stay in desk.stays.items() if name not in desk.checked_out}
    inside = {room.number for room in hotel.rooms.values() if room.truth.occupied}
    assert inside <= present
    acts = {step.act for step in day.plan(MORNING, 1.0).steps}
    assert {Act.ARRIVE, Act.DEPART, Act.SLEEP, Act.ENGINEER} <= acts


async def follow(hotel: SimulatedHotel, desk: Desk) -> None:
    """What the product does with a cleaning that it saw."""
    was: set[str] = set()
    while True:
        now = {room.number for room in hotel.rooms.values() if room.truth.cleaning}
        for number in was - now:
            desk.cleaned(number)
        was = now
        await asyncio.sleep(0.02)


async def test_a_refused_party_does_not_move_in(maker: Maker, catalog: Catalog, tmp_path: Path) -> None:
    hotel = hotel_of(maker, catalog, tmp_path / "demo", 3, 3600)
    async with open_desk() as desk, Clerk(desk.url, "clerk", "demo") as clerk, opened(hotel):
        desk.refuse |= hotel.rooms.keys()
        day = Day(hotel, clerk, hotel.clock, 5)
        await day.run(0.05)
        assert day.refused > 1
    assert not any(moment.guests for room in hotel.rooms.values() for moment in room.truth.log)


async def test_at_ten_minutes_a_second_the_broker_is_not_flooded(
    maker: Maker, catalog: Catalog, tmp_path: Path
) -> None:
    hotel = hotel_of(maker, catalog, tmp_path / "demo", 24, 600)
    async with open_desk() as desk, Clerk(desk.url, "clerk", "demo") as clerk, opened(hotel):
        day = asyncio.create_task(Day(hotel, clerk, hotel.clock, 5).run(9))
        await until(lambda: hotel.clock.now() > MORNING + timedelta(minutes=40), timeout=30)  # the house has filled
        begun, sent = asyncio.get_running_loop().time(), hotel.sent
        await until(lambda: hotel.clock.now() > MORNING + timedelta(minutes=100), timeout=30)
        rate = (hotel.sent - sent) / (asyncio.get_running_loop().time() - begun)
        day.cancel()
        await asyncio.wait([day])
    assert 20 < rate < 500

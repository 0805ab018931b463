"""Waiting in hotel time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from devices.clock import Clock
from simulators.forward import FASTEST, FIRST, FastForward, adapted
from simulators.timers import Timers
from tests.waiting import until


@pytest.fixture
async def timers() -> AsyncIterator[Timers]:
    made = Timers(Clock(speed=600))
    task = asyncio.create_task(made.run())
    yield made
    task.cancel()
    await asyncio.wait([task])


async def test_calls_come_in_the_order_of_their_time(timers: Timers) -> None:
    called: list[int] = []
    for seconds in (30, 10, 20):
        timers.after(seconds, lambda s=seconds: called.append(s))  # type: ignore[misc]
    timers.after(15, lambda: called.append(15)).cancel()
    await until(lambda: len(called) == 3)
    assert called == [10, 20, 30]


async def test_a_sleeper_wakes_at_the_hotels_time(timers: Timers) -> None:
    begun = timers.clock.now()
    await timers.sleep(120)
    assert timedelta(seconds=120) <= timers.clock.now() - begun < timedelta(seconds=240)


async def test_a_faster_clock_wakes_a_sleeper_earlier() -> None:
    timers = Timers(Clock(speed=1))
    task = asyncio.create_task(timers.run())
    sleeper = asyncio.create_task(timers.sleep(3600))
    timers.clock.speed = 100_000
    await asyncio.wait_for(sleeper, 5)
    task.cancel()
    await asyncio.wait([task])


async def test_hours_pass_and_the_clock_goes_on_as_before(timers: Timers) -> None:
    timers.clock.speed = 1.0
    forward = FastForward(timers.clock, timers)
    begun = timers.clock.now()
    forward.start(0.5, speed=7200)
    assert forward.active
    assert 0 <= forward.progress < 1
    await until(lambda: not forward.active)
    assert timers.clock.now() - begun >= timedelta(minutes=30)
    assert timers.clock.speed == 1.0
    assert forward.progress == 1.0


async def test_a_stopped_fast_forward_returns_to_the_chosen_speed(timers: Timers) -> None:
    timers.clock.speed = 1.0
    forward = FastForward(timers.clock, timers)
    forward.start(24)
    forward.set_speed(5.0)
    assert timers.clock.speed == FIRST  # what has just happened is still on its way
    await forward.stop()
    assert timers.clock.speed == 5.0
    assert not forward.active


def test_the_speed_falls_at_once_when_the_machine_is_late_and_rises_little_by_little() -> None:
    limits = (1.0, FASTEST)
    assert adapted(200.0, 0.1, limits) == 100.0
    assert 200.0 < adapted(200.0, 0.001, limits) < 220.0
    assert adapted(FASTEST, 0.0, limits) == FASTEST
    assert adapted(1.5, 60.0, limits) == 1.0

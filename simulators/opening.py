"""The demo's first minutes: a morning that is already under way, and something for everybody to look at.

The house is filled, the first rooms are cleaned, somebody goes out; then a pipe leaks and a battery runs low.
"""

from datetime import UTC, datetime, time
from random import Random
from zoneinfo import ZoneInfo

from simulators.forward import FastForward
from simulators.hotel import SimulatedHotel
from simulators.room import SimulatedRoom

MORNING = time(9, 40)
SETTLE_S = 3.0
"""Real life first: every device gets to its line at the ordinary speed."""
HOURS = 0.4
SPEED = 60.0
LEAK_AFTER_S, BATTERY_AFTER_S, DRY_AFTER_S = 720.0, 840.0, 5400.0
LOW_BATTERY = 6.0


def morning(now: datetime, zone: ZoneInfo) -> datetime:
    """The instant of the hotel's day at which a demo begins."""
    return datetime.combine(now.astimezone(zone).date(), MORNING, zone).astimezone(UTC)


async def opening(hotel: SimulatedHotel, forward: FastForward, seed: int) -> None:
    """Play the first minutes fast, with two faults; returns when the pipe is mended."""
    random = Random(f"{seed}/opening")
    await hotel.timers.sleep(SETTLE_S)
    forward.start(HOURS, SPEED)
    await hotel.timers.sleep(LEAK_AFTER_S)
    wet = _choice(hotel, random, "leak")
    if wet:
        wet.leak()
    await hotel.timers.sleep(BATTERY_AFTER_S - LEAK_AFTER_S)
    dim = _choice(hotel, random, "battery")
    if dim:
        dim.battery(LOW_BATTERY)
    await hotel.timers.sleep(DRY_AFTER_S - BATTERY_AFTER_S)
    if wet:
        wet.leak(wet=False)


def _choice(hotel: SimulatedHotel, random: Random, point: str) -> SimulatedRoom | None:
    """Some room with such a sensor, nobody in it if there is one."""
    able = [room for number, room in sorted(hotel.rooms.items()) if room.value(point) is not None]
    empty = [room for room in able if not room.truth.people]
    return random.choice(empty or able) if able else None

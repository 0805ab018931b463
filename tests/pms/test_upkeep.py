"""Faults of the machine the books are on, on each engine: shown, raised once, cleared."""

from collections.abc import Sequence
from pathlib import Path

from pms.kernel.database import Database
from pms.kernel.health import Health
from pms.maintenance import service
from pms.maintenance.api import states_of
from pms.maintenance.model import Alert
from pms.upkeep import MEGABYTE, DiskWatch, Upkeep
from tests.pms.conftest import HOUSE, TestClock

LIMIT_MB = 500


async def alerts(database: Database) -> Sequence[Alert]:
    async with database.read() as session:
        return await service.listing(session, HOUSE, room=None, states=states_of("open"))


async def test_a_disk_that_fills_up_is_said_once_until_there_is_room_to_spare(
    database: Database, clock: TestClock, tmp_path: Path
) -> None:
    health = Health((), clock)
    watch = DiskWatch(Upkeep(database, HOUSE, health, clock), tmp_path, LIMIT_MB)

    async def state(free_mb: int) -> str:
        await watch.look(free_mb * MEGABYTE)
        (part,) = health.parts()
        return f"{part.state} {part.code}"

    assert await state(LIMIT_MB) == "ok None"
    assert await alerts(database) == []
    assert await state(LIMIT_MB - 1) == "degraded disk_low"
    assert await state(LIMIT_MB - 2) == "degraded disk_low"
    assert await state(LIMIT_MB + 1) == "degraded disk_low", "one file deleted is no all-clear"
    (alert,) = await alerts(database)
    assert (alert.kind, alert.priority, alert.room) == ("disk_low", "high", None)
    assert await state(LIMIT_MB * 2) == "ok None"
    assert [(one.state, one.count) for one in await alerts(database)] == [("cleared_unacknowledged", 1)]


async def test_an_alert_of_before_a_restart_is_cleared(database: Database, clock: TestClock, tmp_path: Path) -> None:
    before = DiskWatch(Upkeep(database, HOUSE, Health((), clock), clock), tmp_path, LIMIT_MB)
    await before.look(1 * MEGABYTE)
    (alert,) = await alerts(database)
    after = DiskWatch(Upkeep(database, HOUSE, Health((), clock), clock), tmp_path, LIMIT_MB)
    await after.look(LIMIT_MB * 3 * MEGABYTE)
    async with database.read() as session:
        assert (await service.find(session, HOUSE, alert.id)).cleared_at is not None

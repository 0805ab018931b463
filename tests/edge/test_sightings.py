"""What is known of each device lasts over a restart."""

from datetime import timedelta
from pathlib import Path

from edge.journal import Journal
from edge.sightings import Sightings
from gateway.health import Memory
from tests.edge.messages import AT

MEMORIES = {
    "101_door": Memory(AT, silent=False, quiet=timedelta(hours=3)),
    "101_leak": Memory(AT - timedelta(days=2), silent=True, quiet=timedelta(hours=26)),
    "101_lock": Memory(None, silent=True, quiet=timedelta(hours=25)),
}


async def test_the_next_run_knows_what_the_last_one_knew(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "journal.db")
    assert journal.loaded.devices == {}
    await Sightings(journal, lambda: {"gone": MEMORIES["101_door"]}).keep()
    await Sightings(journal, lambda: MEMORIES).keep()
    await journal.close()
    journal = await Journal.open(tmp_path / "journal.db")
    assert journal.loaded.devices == MEMORIES
    await journal.close()


async def test_a_disk_that_is_full_loses_no_more_than_the_last_minute(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "journal.db")
    many = {f"device-{n}": MEMORIES["101_door"] for n in range(2000)}
    pages = await journal._writer.write(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
    await journal._writer.write(lambda c: c.execute(f"PRAGMA max_page_count={pages}").fetchone())
    await Sightings(journal, lambda: many).keep()
    assert journal.trouble is not None
    await journal._writer.write(lambda c: c.execute("PRAGMA max_page_count=100000").fetchone())
    await Sightings(journal, lambda: many).keep()
    await journal.close()
    journal = await Journal.open(tmp_path / "journal.db")
    assert len(journal.loaded.devices) == 2000
    await journal.close()

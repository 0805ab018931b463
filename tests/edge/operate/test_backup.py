"""Backups that prove themselves, the nightly one, and restores that say what they replace."""

import asyncio
import json
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge import archive
from edge.archive_error import ArchiveError
from edge.folder import FolderLock
from edge.operate import keeper as keeping
from edge.operate import nightly
from edge.operate.keeper import Keeper, Standing
from edge.operate.rehearsal import rehearse
from pms import commands
from pms.commands import Books
from pms.kernel.crypto import Keyring, key_file
from pms.survey import survey
from tests.edge.operate.conftest import GUEST, PASSWORD, Place
from tests.waiting import until


async def filled(place: Place) -> Place:
    """Both databases with something in them, and a secret that may be in no archive."""
    await commands.user_add(place.books, "ada", "manager", PASSWORD)
    await place.guest()
    place.hear()
    (place.data / "secrets" / "card_key").write_text("00112233445566778899aabbccddeeff")
    return place


async def test_a_backup_is_proved_by_restoring_it(place: Place) -> None:
    await filled(place)
    made = await archive.backup(place.books, place.safe, "1")
    proof = await rehearse(made, place.data)
    assert proof.decrypted is True
    assert proof.events > 0
    assert proof.rows >= sum(made.rows["pms"].values())
    assert [path.name for path in place.safe.iterdir() if not path.name.endswith(".tar")] == [], "nothing left over"


async def test_the_key_of_the_cards_is_in_no_archive(place: Place) -> None:
    await filled(place)
    made = await archive.backup(place.books, place.safe, "1")
    assert made.secrets is not None
    with tarfile.open(made.secrets) as secrets:
        assert "field_keys" in secrets.getnames()
        assert "card_key" not in secrets.getnames()
    assert all(b"00112233445566778899aabbccddeeff" not in path.read_bytes() for path in place.safe.iterdir())


async def test_names_that_the_keys_do_not_open_fail_the_proof(place: Place) -> None:
    await filled(place)
    made = await archive.backup(place.books, place.safe, "1")
    key_file(place.data).unlink()
    Keyring.load_or_create(place.data)
    with pytest.raises(ArchiveError, match="names cannot be read"):
        await rehearse(made, place.data)


async def test_rows_that_are_not_in_the_backup_fail_the_proof(place: Place) -> None:
    await filled(place)
    made = await archive.backup(place.books, place.safe, "1")
    for database, table in (("pms", "guest"), ("journal", "message")):
        rows = {name: dict(tables) for name, tables in made.rows.items()}
        rows[database][table] += 1
        with pytest.raises(ArchiveError, match=table):
            await rehearse(replace(made, rows=rows), place.data)


async def test_a_broken_audit_chain_fails_the_proof(place: Place) -> None:
    await filled(place)
    with closing(sqlite3.connect(place.data / "pms.db")) as connection, connection:
        connection.execute("UPDATE event SET kind = 'forged' WHERE \"offset\" = 1")
    made = await archive.backup(place.books, place.safe, "1")
    with pytest.raises(ArchiveError, match="audit chain"):
        await rehearse(made, place.data)


@pytest.mark.parametrize("part", ["edge", "pms"])
async def test_each_half_is_saved_and_restored_alone(place: Place, part: str) -> None:
    await filled(place)
    scope = archive.Scope(edge=part == "edge", pms=part == "pms")
    made = await archive.backup(place.books, place.safe, "1", scope)
    await rehearse(made, place.data)
    other = replace(place.books, data=place.folder / "other")
    (place.folder / "other").mkdir()
    there = {"edge": "pms.db", "pms": "journal.db"}[part]
    (other.data / there).write_bytes(b"the other half stays as it is")
    assert await archive.restore(other, made.file, made.secrets, replace=False) == []
    assert (other.data / there).read_bytes() == b"the other half stays as it is"


def test_the_command_proves_and_says_so(place: Place) -> None:
    assert place("user", "add", "ada", "--role", "manager", "--password-stdin", stdin=PASSWORD).exit_code == 0
    said = place("backup", str(place.safe), "--verify")
    assert said.exit_code == 0, said.stderr
    assert "proved:  restored and compared" in said.stdout
    answer = json.loads(place("backup", str(place.safe), "--verify", "--json").stdout)
    assert answer["proof"]["decrypted"] is None
    assert answer["proof"]["events"] > 0


# what a restore says


def saved(place: Place) -> str:
    """A backup of a hotel with one person, after which a second one came."""
    assert place("user", "add", "ada", "--role", "manager", "--password-stdin", stdin=PASSWORD).exit_code == 0
    file: str = json.loads(place("backup", str(place.safe), "--json").stdout)["backup"]
    assert place("user", "add", "bob", "--role", "manager", "--password-stdin", stdin=PASSWORD).exit_code == 0
    place.hear()
    return file


def test_a_restore_says_what_will_be_lost_and_asks(place: Place) -> None:
    file = saved(place)
    refused = place("restore", file)
    assert refused.exit_code == 1
    assert "journal of the rooms:" in refused.stdout
    assert "books:" in refused.stdout
    assert "message 1" in refused.stdout
    assert "--replace" in refused.stderr
    assert "bob" in place("user", "list").stdout, "nothing was changed"


def test_show_only_says(place: Place) -> None:
    file = saved(place)
    answer = json.loads(place("restore", file, "--show", "--json").stdout)
    assert answer["replaces"]["journal"]["lost"] == {"message": 1}
    assert answer["replaces"]["pms"]["lost"]["event"] >= 1
    assert answer["replaces"]["pms"]["lost_seconds"] >= 0
    assert answer["replaces"]["pms"]["present"]["newest"] > answer["replaces"]["pms"]["backup"]["newest"]
    assert "bob" in place("user", "list").stdout


@pytest.mark.parametrize("word", ["--yes", "--replace"])
def test_said_yes_it_replaces_and_deletes_nothing(place: Place, word: str) -> None:
    file = saved(place)
    restored = place("restore", file, word)
    assert restored.exit_code == 0, restored.stderr
    assert "put aside, not deleted: journal.db" in restored.stdout
    assert "bob" not in place("user", "list").stdout
    (aside,) = place.data.glob("replaced-*")
    with closing(sqlite3.connect(aside / "journal.db")) as connection:
        assert connection.execute("SELECT count(*) FROM message").fetchone() == (1,)


def test_a_damaged_database_can_be_replaced(place: Place) -> None:
    file = saved(place)
    (place.data / "pms.db").write_bytes(b"these are no books")
    shown = place("restore", file, "--show")
    assert "damaged, cannot be read" in shown.stdout
    assert place("restore", file, "--yes").exit_code == 0
    assert "ada" in place("user", "list").stdout


def test_a_running_service_is_not_replaced(place: Place) -> None:
    file = saved(place)
    with FolderLock(place.data, "pms"):
        refused = place("restore", file, "--yes")
    assert refused.exit_code == 1
    assert "stop it first" in refused.stderr
    assert "bob" in place("user", "list").stdout


@pytest.mark.real("postgresql")
async def test_books_in_postgresql_are_put_aside_and_replaced(place: Place, postgres_url: str) -> None:
    books = Books(place.data, postgres_url, place.configuration.hotel_file)
    await commands.user_add(books, "ada", "manager", PASSWORD)
    place.hear()
    made = await archive.backup(books, place.safe, "1")
    await rehearse(made, place.data)
    await commands.user_add(books, "bob", "manager", PASSWORD)
    before = await survey(books.url)
    aside = await archive.restore(books, made.file, None, replace=True)
    assert any(name.startswith("replaced_") for name in aside)
    assert [person.username for person in await commands.user_list(books)] == ["ada"]
    assert before is not None
    assert before.rows["event"] > made.rows["pms"]["event"]


# the nightly one


class Told:
    """Keeps what a keeper says."""

    def __init__(self) -> None:
        self.standings: list[Standing] = []

    async def __call__(self, standing: Standing) -> None:
        self.standings.append(standing)


def keeper(place: Place, told: Told, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Keeper:
    return Keeper(place.configuration, (place.data, "all"), now, told)


async def test_the_nightly_backup_is_made_in_a_process_of_its_own(place: Place) -> None:
    await filled(place)
    place.set("backup", path=str(place.safe), secrets_path=str(place.folder / "keys"))
    told = Told()
    keeping_it = keeper(place, told)
    await keeping_it.make()
    standing = keeping_it.standing(datetime.now(UTC))
    assert (standing.state, standing.code, standing.fault) == ("ok", "backup_same_disk", None)
    assert standing.figures["bytes"] > 0
    assert standing.figures["next"] > standing.figures["last"]
    (made,) = place.safe.glob("innkeeper-auto-*.tar")
    assert ".secrets." not in made.name
    (keys,) = (place.folder / "keys").iterdir()
    assert keys.name.endswith(".secrets.tar")
    again = keeper(place, told)
    assert again.kept == keeping_it.kept, "a restart remembers"
    assert again.due > datetime.now(UTC)


async def test_a_place_that_is_gone_is_a_fault_and_nothing_is_written_elsewhere(place: Place) -> None:
    await filled(place)
    place.set("backup", path=str(place.folder / "unmounted"))
    keeping_it = keeper(place, Told())
    await keeping_it.make()
    standing = keeping_it.standing(datetime.now(UTC))
    assert (standing.state, standing.fault) == ("degraded", "backup_no_place")
    assert not (place.folder / "unmounted").exists()
    (place.folder / "unmounted").mkdir()
    await keeping_it.make()
    assert keeping_it.standing(datetime.now(UTC)).fault is None


async def test_a_mount_that_fell_off_does_not_fill_our_own_disk(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(place)
    place.set("backup", path=str(place.safe))
    keeping_it = keeper(place, Told())
    monkeypatch.setattr(keeping, "same_disk", lambda _data, _path: False)
    await keeping_it.make()
    assert keeping_it.standing(datetime.now(UTC)).code is None
    monkeypatch.undo()
    await keeping_it.make()
    assert keeping_it.standing(datetime.now(UTC)).fault == "backup_no_place"
    assert len(list(place.safe.iterdir())) == 1


async def test_damaged_books_fail_the_nightly_backup_and_say_why(place: Place) -> None:
    await filled(place)
    place.set("backup", path=str(place.safe))
    (place.data / "pms.db").write_bytes(b"these are no books")
    keeping_it = keeper(place, Told())
    await keeping_it.make()
    standing = keeping_it.standing(datetime.now(UTC))
    assert (standing.fault, standing.detail) == ("backup_failed", "DatabaseDamaged")
    assert list(place.safe.iterdir()) == []


async def test_two_days_without_one_are_a_fault(place: Place) -> None:
    place.set("backup", path=str(place.safe))
    keeping_it = keeper(place, Told())
    later = datetime.now(UTC) + timedelta(days=2, minutes=1)
    assert keeping_it.standing(datetime.now(UTC)).fault is None
    assert keeping_it.standing(later).fault == "backup_old"


async def test_a_keeper_that_is_stopped_takes_its_child_along(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.set("backup", path=str(place.safe))
    keeping_it = keeper(place, Told())
    monkeypatch.setattr(keeping_it, "words", lambda: ["sleep", "600"])
    making = asyncio.create_task(keeping_it.make())
    await until(lambda: keeping_it.child)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert keeping_it.child is None, "and it has ended"


def test_only_our_own_scheduled_backups_are_deleted(place: Place) -> None:
    place.set("backup", path=str(place.safe), daily=1, weekly=0, monthly=0)
    configuration = place.configuration
    label = nightly.label(configuration, "all")
    days = [datetime(2026, 11, day, 2, 30, tzinfo=UTC) for day in (20, 21, 22)]
    ours = [place.safe / f"innkeeper-{label}{day:{archive.STAMP}}.tar" for day in days]
    others = [place.safe / name for name in ("innkeeper-20261101T000000000000Z.tar", "innkeeper-auto-else-all-x.tar")]
    for path in (*ours, *others):
        path.touch()
    assert nightly.forget(configuration, "all") == [path.name for path in ours[:2]]
    assert {path.name for path in place.safe.iterdir()} == {path.name for path in (ours[2], *others)}


def test_keys_beside_the_backup_are_refused(place: Place) -> None:
    place.set("backup", path="/mnt/one", secrets_path="/mnt/one")
    refused = place("check")
    assert refused.exit_code == 2
    assert "secrets_path" in refused.stdout


def rows_of(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


async def test_a_restored_name_is_readable_and_the_epoch_is_new(place: Place) -> None:
    await filled(place)
    before = rows_of(place.data / "journal.db", "SELECT value FROM meta WHERE key = 'epoch'")
    made = await archive.backup(place.books, place.safe, "1")
    await archive.restore(place.books, made.file, made.secrets, replace=True)
    assert await commands.decrypts(place.books) is True
    assert GUEST.encode() not in made.file.read_bytes()
    assert rows_of(place.data / "journal.db", "SELECT value FROM meta WHERE key = 'epoch'") != before

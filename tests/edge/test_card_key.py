"""The card key: made once, never anew in the place of a lost one, in no backup, moved by hand."""

import contextlib
import json
import shutil
import stat
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from devices.catalog import Catalog
from devices.inventory import Inventory, Line
from devices.model import Device
from edge.card_key import CardKeyError, make_card_key, needs_card_key, open_card_key, read_card_key
from edge.folder import FolderLock
from edge.journal import Journal
from edge.secret_files import secret_path
from tests.edge.test_cli import Shell

CATALOG = Catalog.load()
KEY = "00112233445566778899aabbccddeeff"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@contextlib.asynccontextmanager
async def journal_of(folder: Path) -> AsyncIterator[Journal]:
    journal = await Journal.open(folder / "journal.db")
    try:
        yield journal
    finally:
        await journal.close()


def place(data: Path) -> Path:
    return secret_path(data, "card_key")


def content_of(data: Path) -> bytes:
    """The journal's files as they are on the disk."""
    return b"".join(file.read_bytes() for file in data.glob("journal.db*"))


def house(profile: str, kind: str) -> Inventory:
    device = Device("one", "line", profile, "address", "101")
    return Inventory({"line": Line("line", kind)}, {"one": device})


def test_it_is_needed_where_cards_are_made_or_locks_told() -> None:
    assert needs_card_key(house("pn532", "serial"), CATALOG)
    assert needs_card_key(house("zigbee2mqtt/lock", "mqtt"), CATALOG)
    assert not needs_card_key(house("zigbee2mqtt/contact", "mqtt"), CATALOG)


async def test_the_first_start_makes_it_for_the_user_alone(tmp_path: Path) -> None:
    async with journal_of(tmp_path) as journal:
        state = await open_card_key(tmp_path, journal, "house")
    assert state.keys is not None
    assert (state.unable, state.code) == (None, None)
    text = place(tmp_path).read_text()
    assert bytes.fromhex(text) == state.keys.master
    assert len(text) == 32
    assert stat.S_IMODE(place(tmp_path).stat().st_mode) == 0o600
    async with journal_of(tmp_path) as journal:
        again = await open_card_key(tmp_path, journal, "house")
    assert again == state


async def test_a_lost_key_is_not_made_up_again(tmp_path: Path) -> None:
    async with journal_of(tmp_path) as journal:
        await open_card_key(tmp_path, journal, "house")
    place(tmp_path).unlink()
    async with journal_of(tmp_path) as journal:
        state = await open_card_key(tmp_path, journal, "house")
    assert (state.keys, state.unable, state.code) == (None, "no_card_key", "no_card_key")
    assert not place(tmp_path).exists()


async def test_another_key_than_before_is_used_and_said(tmp_path: Path) -> None:
    async with journal_of(tmp_path) as journal:
        await open_card_key(tmp_path, journal, "house")
    place(tmp_path).write_text(KEY)
    codes = []
    for _ in range(2):
        async with journal_of(tmp_path) as journal:
            state = await open_card_key(tmp_path, journal, "house")
            codes.append((state.code, state.unable))
    assert codes == [("card_key_changed", None), (None, None)]


@pytest.mark.parametrize("content", [b"", b"0011", KEY.encode() + b"00", b"\xff" * 32, b"g" * 32])
async def test_what_is_no_key_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    place(tmp_path).parent.mkdir(mode=0o700)
    place(tmp_path).write_bytes(content)
    async with journal_of(tmp_path) as journal:
        state = await open_card_key(tmp_path, journal, "house")
    assert (state.keys, state.unable, state.code) == (None, "no_card_key", "card_key_malformed")
    assert place(tmp_path).read_bytes() == content


async def test_nothing_of_it_is_in_the_journal_or_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with journal_of(tmp_path) as journal:
        state = await open_card_key(tmp_path, journal, "house")
    assert state.keys is not None
    kept = content_of(tmp_path)
    said = "".join(capsys.readouterr()) + repr(state)
    for secret in (state.keys.master, state.keys.master.hex().encode()):
        assert secret not in kept
        assert repr(secret) not in said
        assert secret.hex() not in said


def test_a_file_that_is_not_there_is_not_a_key(tmp_path: Path) -> None:
    with pytest.raises(CardKeyError) as raised:
        read_card_key(tmp_path / "nowhere")
    assert raised.value.code == "no_card_key"


def test_export_and_import_move_it_to_a_new_box(shell: Shell, tmp_path: Path) -> None:
    key = make_card_key(shell.data)
    file = tmp_path / "usb" / "key"
    exported = shell("card-key", "export", str(file))
    assert exported.exit_code == 0, exported.stderr
    assert key.hex() not in exported.stdout + exported.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert shell("card-key", "export", str(file)).exit_code == 1
    place(shell.data).unlink()
    imported = shell("card-key", "import", str(file))
    assert imported.exit_code == 0, imported.stderr
    assert "Every lock" in imported.stdout
    assert key.hex() not in imported.stdout
    assert read_card_key(place(shell.data)) == key
    assert stat.S_IMODE(place(shell.data).stat().st_mode) == 0o600
    assert json.loads(shell("card-key", "import", str(file), "--json").stdout)["changed"] is False


def test_import_does_not_overwrite_another_key_unasked(shell: Shell, tmp_path: Path) -> None:
    key = make_card_key(shell.data)
    file = tmp_path / "key"
    file.write_text(KEY)
    refused = shell("card-key", "import", str(file))
    assert refused.exit_code == 1
    assert "--replace" in refused.stderr
    assert read_card_key(place(shell.data)) == key
    with FolderLock(shell.data, "edge"):
        replaced = shell("card-key", "import", str(file), "--replace")
    assert "next start" in replaced.stdout
    assert read_card_key(place(shell.data)).hex() == KEY


def test_import_of_what_is_no_key_changes_nothing(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("nonsense")
    assert shell("card-key", "import", str(file)).exit_code == 1
    assert not place(shell.data).exists()
    assert shell("card-key", "export", str(tmp_path / "other")).exit_code == 1


def test_a_new_key_is_made_only_where_there_is_none(shell: Shell) -> None:
    assert shell("card-key", "new").exit_code == 0
    key = read_card_key(place(shell.data))
    assert shell("card-key", "new").exit_code == 1
    assert read_card_key(place(shell.data)) == key


def test_no_backup_holds_it_and_a_restore_keeps_the_one_that_is_there(shell: Shell, tmp_path: Path) -> None:
    key = make_card_key(shell.data)
    made = json.loads(shell("backup", str(tmp_path / "safe"), "--json").stdout)
    for archive in (made["backup"], made["secrets"]):
        if archive is not None:
            content = Path(archive).read_bytes()
            assert key not in content
            assert key.hex().encode() not in content
    restored = shell("restore", made["backup"], "--replace", "--json")
    assert json.loads(restored.stdout)["card_key"] is True
    assert read_card_key(place(shell.data)) == key
    shutil.rmtree(shell.data)
    assert "card-key import" in shell("restore", made["backup"]).stdout


def test_an_archive_that_holds_a_key_all_the_same_does_not_bring_it_in(shell: Shell, tmp_path: Path) -> None:
    key = make_card_key(shell.data)
    made = json.loads(shell("backup", str(tmp_path / "safe"), "--json").stdout)
    forged = tmp_path / "forged.secrets.tar"
    (tmp_path / "card_key").write_text(KEY)
    with tarfile.open(forged, "w") as archive:
        archive.add(tmp_path / "card_key", "card_key")
    assert shell("restore", made["backup"], "--secrets", str(forged), "--replace").exit_code == 0
    assert read_card_key(place(shell.data)) == key

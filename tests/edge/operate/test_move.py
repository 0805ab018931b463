"""A hotel in one file: packed on one machine, put in place on another."""

import json
import tarfile
from pathlib import Path

import pytest

from devices.catalog import BUILT_IN
from edge.folder import FolderLock
from edge.operate.moving import BACKUP, SECRETS
from pms import commands
from tests.edge.operate.conftest import PASSWORD, Place

CARD_KEY = "00112233445566778899aabbccddeeff"


@pytest.fixture
def new(tmp_path: Path) -> Place:
    """Another machine, with nothing on it."""
    return Place(tmp_path / "new")


async def filled(place: Place) -> None:
    await commands.user_add(place.books, "ada", "manager", PASSWORD)
    await place.guest()
    place.hear()
    place.set("backup", daily=3)
    (place.data / "secrets" / "card_key").write_text(CARD_KEY)


@pytest.fixture
async def packed(place: Place, tmp_path: Path) -> Path:
    await filled(place)
    return tmp_path / "hotel.move.tar"


def test_everything_is_there_on_the_other_machine(place: Place, new: Place, packed: Path) -> None:
    told = place("move", "pack", str(packed))
    assert told.exit_code == 0, told.output
    assert "innkeeper card-key export" in told.output, "what is not in it is said"
    assert packed.stat().st_mode & 0o777 == 0o600
    told = new("move", "unpack", str(packed))
    assert told.exit_code == 0, told.output
    assert "innkeeper card-key import" in told.output
    assert (new.config / "service.toml").read_text() == (place.config / "service.toml").read_text()
    assert json.loads(new("user", "list", "--json").stdout)["items"][0]["username"] == "ada"
    secret = "field_keys"
    assert (new.data / "secrets" / secret).read_bytes() == (place.data / "secrets" / secret).read_bytes()
    assert (new.data / "secrets" / secret).stat().st_mode & 0o777 == 0o600
    no_card_key(packed)
    in_the_way(new, packed)


def no_card_key(packed: Path) -> None:
    with tarfile.open(packed) as archive:
        assert {BACKUP, SECRETS} < set(archive.getnames())
        member = archive.extractfile(SECRETS)
        assert member is not None
        with tarfile.open(fileobj=member) as secrets:
            assert "card_key" not in secrets.getnames()
    assert CARD_KEY.encode() not in packed.read_bytes()


def in_the_way(new: Place, packed: Path) -> None:
    """Once more: what is there now is said, and put aside."""
    refused = new("move", "unpack", str(packed))
    assert refused.exit_code == 1
    assert str(new.data / "pms.db") in refused.output
    assert "--yes" in refused.output
    told = new("move", "unpack", str(packed), "--yes")
    assert told.exit_code == 0, told.output
    assert len(list(new.config.glob("replaced-*/hotel.toml"))) == 1
    assert len(list(new.data.glob("replaced-*/pms.db"))) == 1


def test_profiles_of_the_house_come_along(place: Place, new: Place, packed: Path) -> None:
    own = place.config / "profiles" / "ours" / "contact.toml"
    own.parent.mkdir(parents=True)
    shipped = (BUILT_IN / "zigbee2mqtt" / "contact.toml").read_text()
    own.write_text(shipped.replace('id = "zigbee2mqtt/contact"', 'id = "ours/contact"'))
    devices = place.config / "devices.toml"
    devices.write_text(devices.read_text().replace('"zigbee2mqtt/contact"', '"ours/contact"'))
    assert place("move", "pack", str(packed)).exit_code == 0
    for _ in range(2):  # the second time it replaces them
        told = new("move", "unpack", str(packed), "--yes")
        assert told.exit_code == 0, told.output
        assert (new.config / "profiles" / "ours" / "contact.toml").read_bytes() == own.read_bytes()
    assert list(new.config.glob("replaced-*/profiles")), "put aside, not deleted"


def test_it_is_refused_while_the_hotel_runs_and_never_writes_over_a_file(place: Place, packed: Path) -> None:
    with FolderLock(place.data, "edge"):
        refused = place("move", "pack", str(packed))
    assert (refused.exit_code, packed.exists()) == (1, False)
    packed.write_bytes(b"something of mine")
    assert place("move", "pack", str(packed)).exit_code == 1
    assert packed.read_bytes() == b"something of mine"


def test_what_is_not_ours_or_damaged_changes_nothing(place: Place, new: Place, packed: Path) -> None:
    packed.write_bytes(b"not an archive")
    assert new("move", "unpack", str(packed)).exit_code == 1
    packed.unlink()
    place("move", "pack", str(packed))
    whole = packed.read_bytes()
    at = whole.index(b"SQLite format 3")
    packed.write_bytes(whole[:at] + b"S0Lite" + whole[at + 6 :])
    told = new("move", "unpack", str(packed))
    assert told.exit_code == 1
    assert "is not what was saved" in told.output
    assert not (new.config / "hotel.toml").exists()

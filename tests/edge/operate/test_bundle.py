"""The support bundle: enough to help with, nothing about anybody."""

import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edge.operate.bundle import events
from pms import commands
from tests.edge.operate.conftest import GUEST, PASSWORD, Place

PERSONAL = ("Lovelace", "Ada", "170 5550123", "5550123", "ada@example.com", "grace.hopper", "Hopper")
PAYLOAD = b'{"user": "Grace Hopper", "occupancy": true}'
SECRET_URL = "mqtt://inn:hush-hush@broker.hopper.example:1883"


@pytest.fixture
async def hotel(place: Place) -> Place:
    """With people in every place they can be in."""
    await commands.user_add(place.books, "grace.hopper", "manager", PASSWORD)
    await place.guest(GUEST)
    place.hear(PAYLOAD)
    for name in ("hotel.toml", "service.toml", "devices.toml"):
        file = place.config / name
        file.write_text("# Grace Hopper looks after this, 170 5550123\n" + file.read_text())
    text = (place.config / "service.toml").read_text()
    text = text.replace('url = ""          # empty: the broker above', f'url = "{SECRET_URL}"')
    assert SECRET_URL in text
    (place.config / "service.toml").write_text(text)
    (place.data / "secrets" / "card_key").write_text("00112233445566778899aabbccddeeff")
    return place


def bundle(place: Place, *words: str) -> dict[str, str]:
    """Its members, by name."""
    file = place.folder / "bundle.tar.gz"
    told = place("support-bundle", str(file), *words)
    assert told.exit_code == 0, told.output
    assert file.stat().st_mode & 0o777 == 0o600
    with tarfile.open(file) as archive:
        return {name: text(archive, name) for name in archive.getnames()}


def text(archive: tarfile.TarFile, name: str) -> str:
    member = archive.extractfile(name)
    assert member is not None
    return member.read().decode()


def secrets(place: Place) -> list[str]:
    return [path.read_text().strip() for path in (place.data / "secrets").iterdir() if path.is_file()]


def log_of(place: Place) -> Path:
    now = datetime.now(UTC).isoformat()
    lines = [
        {"timestamp": now, "level": "info", "event": "line.up", "line": "desk-1", "guest": "Ada Lovelace"},
        {"timestamp": now, "level": "warning", "event": "Ada Lovelace could not be found"},
        {"timestamp": "Ada", "level": "info", "event": "line.up"},
    ]
    file = place.folder / "log.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines) + "Traceback of grace.hopper\n")
    return file


def test_nobody_is_in_it_and_what_helps_is(hotel: Place) -> None:
    members = bundle(hotel, "--log", str(log_of(hotel)))
    everything = "\n".join(members.values())
    kept = [*PERSONAL, PASSWORD, "hush-hush", 'occupancy": true', *secrets(hotel)]
    assert len(secrets(hotel)) >= 2, "there is something to look for"
    assert [word for word in kept if word.lower() in everything.lower()] == []
    assert hotel.configuration.hotel.house.id not in members["configuration.json"]
    what_helps({name: json.loads(text) for name, text in members.items() if name.endswith(".json")}, hotel)


def what_helps(members: dict[str, Any], hotel: Place) -> None:
    assert members["about.json"]["disk_bytes"]["free"] > 0
    assert members["configuration.json"]["rooms"] == len(hotel.configuration.hotel.rooms)
    assert members["configuration.json"]["link_elsewhere"] is True
    assert members["databases.json"]["pms"]["rows"]["guest"] == 1
    assert members["databases.json"]["journal"]["rows"]["message"] == 1
    assert members["databases.json"]["schemas"]["pms"]
    assert members["health.json"]["state"] == "silent"


def test_neither_is_anybody_when_files_are_wrong(hotel: Place) -> None:
    (hotel.data / "pms.db").write_bytes(b"no database of Ada Lovelace" * 200)
    members = bundle(hotel)
    assert json.loads(members["databases.json"])["error"] == "DatabaseDamaged"
    assert "Lovelace" not in "".join(members.values())
    hotel.set("hopper", name="Grace Hopper")
    members = bundle(hotel)
    assert json.loads(members["problems.json"])[0]["file"] == "service.toml"
    assert "hopper" not in "".join(members.values()).lower()


def test_of_a_log_only_known_words_are_taken() -> None:
    line = '{"timestamp": "2026-11-25T10:00:00Z", "level": "error", "event": "backup.failed", "error": "Ada"}'
    assert events([line, "no json", "[]", '{"event": 1}']) == [
        {"at": "2026-11-25T10:00:00+00:00", "level": "error", "event": "backup.failed"}
    ]

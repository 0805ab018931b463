"""An installed extension brings its own device models and its own dialect."""

from pathlib import Path

import pytest

from devices.catalog import Catalog
from devices.mqtt.router import MqttRouter
from devices.problems import ConfigurationError
from tests.devices.codec import device, say, values

DIALECT = '''
from pathlib import Path

from devices.model import Decoded, Quality, Reading

FOLDER = Path(__file__).parent / "acme_profiles"


def folder():
    return FOLDER


class Acme:
    """One letter a message."""

    def __init__(self, members):
        self.members = members

    @property
    def filters(self):
        return ("acme/+",)

    def handlers(self):
        return [(f"acme/{device.address}", self.handler(device)) for device, _ in self.members]

    def handler(self, device):
        def handle(payload, received, sequence, retained):
            value = "open" if payload == b"o" else "closed"
            fact = Reading(device.id, device.room, "door", value, Quality.GOOD, None, received, sequence, retained)
            return Decoded((fact,))

        return handle

    def verdict(self, topic):
        return None

    def encode(self, command, device, spec):
        return []
'''


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    information = tmp_path / "acme-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(
        "[innkeeper.profiles]\nacme = acme_rooms:folder\n[innkeeper.dialects]\nacme = acme_rooms:Acme\n"
    )
    (tmp_path / "acme_rooms.py").write_text(DIALECT)
    profiles = tmp_path / "acme_profiles"
    profiles.mkdir()
    text = 'id = "acme/door"\ndialect = "acme"\nlabel = "x"\n[points.door]\nwire = { letter = "o" }\n'
    (profiles / "door.toml").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "acme_rooms", raising=False)
    return profiles


def test_an_extensions_profile_and_dialect_are_used(installed: Path) -> None:
    codec = MqttRouter([device("acme/door", "101")], Catalog.load())
    assert codec.filters == ("acme/+",)
    assert values(say(codec, "acme/101", b"o")) == {"door": "open"}


def test_two_files_of_one_folder_may_not_have_the_same_id(installed: Path) -> None:
    (installed / "other.toml").write_text((installed / "door.toml").read_text())
    with pytest.raises(ConfigurationError, match=r'other\.toml: id: "acme/door" is the id of door\.toml too'):
        Catalog.load()


def test_an_extension_whose_folder_is_gone_is_named(installed: Path) -> None:
    (installed / "door.toml").unlink()
    installed.rmdir()
    with pytest.raises(ConfigurationError, match='extension "acme": is not a folder'):
        Catalog.load()

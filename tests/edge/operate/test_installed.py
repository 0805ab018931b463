"""An installed command finds its folders and its database, and leaves nothing that the service cannot read."""

import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from devices.problems import ConfigurationError
from edge.assembly import link_settings
from edge.commands import app
from edge.installed import HERE, folders, take_environment
from edge.operate.layout import Layout
from edge.settings import LinkTable, Settings

NOBODY = 65534
EXAMPLE = Path(__file__).parents[3] / "config" / "example"


def test_the_command_of_a_release_knows_its_folders(tmp_path: Path) -> None:
    release = Layout.at(tmp_path, None, None).release("1.0")
    code = release.folder / "venv" / "lib" / "python3.11" / "site-packages" / "edge" / "console.py"
    code.parent.mkdir(parents=True)
    assert folders(code) == HERE, "not built to the end: no release"
    release.completed("")
    assert folders(code) == (tmp_path / "config", tmp_path / "data")
    assert folders(Path("/home/ada/innkeeper/edge/console.py")) == HERE


def test_a_command_uses_the_database_that_systemd_gives_the_service(tmp_path: Path) -> None:
    assert taken(tmp_path) == {}, "the file need not be there"
    (tmp_path / "environment").write_text("# of the service\n\nINNKEEPER_DATABASE_URL='postgresql://a'\nB=x=y\n")
    assert taken(tmp_path) == {"INNKEEPER_DATABASE_URL": "postgresql://a", "B": "x=y"}
    assert taken(tmp_path, B="mine") == {"INNKEEPER_DATABASE_URL": "postgresql://a", "B": "mine"}
    assert taken(tmp_path, INVOCATION_ID="1") == {"INVOCATION_ID": "1"}, "systemd has read it"
    (tmp_path / "environment").write_text("A=1\nexport B=2\n")
    with pytest.raises(ConfigurationError, match="environment:2: not of the form NAME=value"):
        taken(tmp_path)


def taken(config: Path, **environment: str) -> dict[str, str]:
    take_environment(config, environment)
    return environment


def test_check_says_what_is_wrong_with_the_environment(tmp_path: Path) -> None:
    for name in ("hotel.toml", "devices.toml", "service.toml"):
        (tmp_path / name).write_bytes((EXAMPLE / name).read_bytes())
    (tmp_path / "environment").write_text("export A\n")
    told = CliRunner().invoke(app, ["check", "--config", str(tmp_path), "--data", str(tmp_path / "data")])
    assert told.exit_code == 2
    assert "environment:1" in told.output


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for somebody else")
def test_what_root_makes_belongs_to_the_service(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    os.chown(data, NOBODY, NOBODY)
    (tmp_path / "elsewhere").touch()
    (data / "link").symlink_to(tmp_path / "elsewhere")
    (data / "hard").hardlink_to(tmp_path / "elsewhere")
    words = ["tls", "create", "--config", str(EXAMPLE), "--data", str(data)]
    assert CliRunner().invoke(app, words).exit_code == 0
    key = data / "secrets" / "tls_server_key"
    assert key.stat().st_uid == NOBODY
    assert key.parent.stat().st_uid == NOBODY
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert (tmp_path / "elsewhere").stat().st_uid == 0, "a link leads nowhere"


def test_the_password_of_a_link_to_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(link=LinkTable(url="mqtt://innkeeper@hotel.lan:1883"))
    assert link_settings(settings, tmp_path).password is None
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "broker_innkeeper").write_text("copied")
    assert link_settings(settings, tmp_path).password == "copied"
    monkeypatch.setenv("INNKEEPER_LINK_PASSWORD", "given")
    told = link_settings(settings, tmp_path)
    assert (told.host, told.username, told.password) == ("hotel.lan", "innkeeper", "given")

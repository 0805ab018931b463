"""The commands as a person types them: answers, errors that say what to do, exit codes."""

import json
import shutil
import socket
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edge.commands import app
from edge.folder import FolderLock

EXAMPLE = Path(__file__).parents[2] / "config" / "example"
PASSWORD = "a long password for tests"


class Shell:
    """Commands over one configuration and one data folder."""

    def __init__(self, folder: Path) -> None:
        self.config, self.data = folder / "config", folder / "data"
        shutil.copytree(EXAMPLE, self.config)

    def __call__(self, *words: str, stdin: str | None = None) -> Result:
        where = ["--config", str(self.config), "--data", str(self.data)]
        return CliRunner().invoke(app, [*words, *where], input=stdin)

    def change(self, name: str, old: str, new: str) -> None:
        path = self.config / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_check_warns_of_what_cannot_be_reached_and_is_content(shell: Shell, free_port: int) -> None:
    shell.change("devices.toml", "5020", str(free_port))
    result = shell("check")
    assert result.exit_code == 0
    assert f"warning: line floor-1: 127.0.0.1:{free_port} cannot be reached" in result.stdout


def test_check_names_file_line_table_and_key(shell: Shell) -> None:
    shell.change("devices.toml", 'room = "101"', 'rooom = "101"')
    shell.change("service.toml", "[http]", "[http]\nhots = 1")
    result = shell("check", "--json")
    assert result.exit_code == 2
    problems = json.loads(result.stdout)["problems"]
    assert {(problem["file"], problem["key"]) for problem in problems} == {
        ("devices.toml", "rooom"),
        ("service.toml", "hots"),
    }
    assert all(problem["line"] and problem["table"] for problem in problems)


@pytest.mark.parametrize("command", ["run", "edge", "pms", "simulate", "migrate", "backup"])
def test_a_wrong_configuration_is_wrong_input_everywhere(shell: Shell, command: str) -> None:
    shell.change("hotel.toml", "time_zone", "time_zoone")
    result = shell(command)
    assert result.exit_code == 2
    assert "hotel.toml" in result.stderr
    assert "time_zoone" in result.stderr


def test_only_cards_that_exist_lie_on_simulated_encoders(shell: Shell) -> None:
    result = shell("simulate", "--cards", "library")
    assert result.exit_code == 2
    assert "ntag213" in result.stderr
    assert "none" in result.stderr


def test_a_configuration_that_is_not_there_is_wrong_input(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", "--config", str(tmp_path / "nowhere"), "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert "no such folder" in result.stdout


def test_people_on_an_empty_folder(shell: Shell) -> None:
    assert shell("user", "add", "ada", "--role", "frontdesk", "--password-stdin", stdin=PASSWORD).exit_code == 0
    assert shell("user", "add", "bob", "--role", "manager", "--password-stdin", stdin=PASSWORD).exit_code == 0
    assert shell("user", "add", "ada", "--role", "manager", "--password-stdin", stdin=PASSWORD).exit_code == 2
    assert shell("user", "add", "eve", "--role", "king", "--password-stdin", stdin=PASSWORD).exit_code == 2
    assert shell("user", "disable", "ada").exit_code == 0
    people = json.loads(shell("user", "list", "--json").stdout)["items"]
    assert people == [
        {"username": "ada", "role": "frontdesk", "disabled": True},
        {"username": "bob", "role": "manager", "disabled": False},
    ]
    assert shell("user", "reset", "ada", "--password-stdin", stdin=PASSWORD + "!").exit_code == 0
    assert shell("user", "disable", "nobody").exit_code == 2


def test_migrate_makes_both_databases(shell: Shell) -> None:
    assert shell("migrate").exit_code == 0
    assert {"journal.db", "pms.db"} <= {path.name for path in shell.data.iterdir()}
    assert stat.S_IMODE((shell.data / "journal.db").stat().st_mode) == 0o600


def test_backup_and_restore(shell: Shell, tmp_path: Path) -> None:
    assert shell("user", "add", "ada", "--role", "manager", "--password-stdin", stdin=PASSWORD).exit_code == 0
    made = json.loads(shell("backup", str(tmp_path / "safe"), "--json").stdout)
    assert stat.S_IMODE(Path(made["secrets"]).stat().st_mode) == 0o600
    refused = shell("restore", made["backup"])
    assert refused.exit_code == 1
    assert "journal.db" in refused.stderr
    restored = shell("restore", made["backup"], "--secrets", made["secrets"], "--replace", "--json")
    assert restored.exit_code == 0, restored.stderr
    assert "journal.db" in json.loads(restored.stdout)["put_aside"]
    assert "ada" in shell("user", "list").stdout


@pytest.mark.parametrize("damage", [b"", b"no archive at all"])
def test_what_is_no_backup_is_not_restored(shell: Shell, tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "backup.tar"
    file.write_bytes(damage)
    result = shell("restore", str(file))
    assert result.exit_code == 1
    assert not (shell.data / "journal.db").exists()


def test_a_changed_backup_is_not_restored(shell: Shell, tmp_path: Path) -> None:
    made = Path(json.loads(shell("backup", str(tmp_path / "safe"), "--json").stdout)["backup"])
    content = bytearray(made.read_bytes())
    content[len(content) // 2] ^= 0xFF
    made.write_bytes(bytes(content))
    result = shell("restore", str(made), "--replace")
    assert result.exit_code == 1


def test_a_folder_in_use_is_said(shell: Shell) -> None:
    with FolderLock(shell.data, "edge"):
        result = shell("run")
    assert result.exit_code == 1
    assert "another edge runs" in result.stderr


def test_a_taken_port_says_what_to_do(shell: Shell) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        shell.change("service.toml", "port = 1883", f"port = {other.getsockname()[1]}")
        result = shell("edge")
    assert result.exit_code == 1
    assert 'mode = "url"' in result.stderr


def test_an_unknown_measurement_is_wrong_input() -> None:
    assert CliRunner().invoke(app, ["bench", "nothing"]).exit_code == 2
    assert CliRunner().invoke(app, ["version"]).exit_code == 0

"""`innkeeper broker` as a person types it, on a stopped service (beside a running one: `test_broker_security`)."""

import json
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from edge.brokers.credentials import CredentialError, Credentials, Wanted
from edge.brokers.users import load_users
from edge.configuration import Configuration, load_configuration
from edge.folder import FolderLock
from tests.edge.broker_house import PLUGS, PORTS
from tests.edge.test_cli import PASSWORD, Shell

USERS = ("broker", "credentials")


def hotel(folder: Path) -> Shell:
    """Commands over a hotel whose broker has ports for devices."""
    made = Shell(folder)
    made.change("service.toml", "port = 1883", f"port = 0\n{PORTS}")
    devices = made.config / "devices.toml"
    devices.write_text(devices.read_text() + PLUGS)
    return made


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """Commands; their logging ends with the test."""
    yield hotel(tmp_path)
    structlog.reset_defaults()


def told(shell: Shell, *words: str) -> dict[str, object]:
    result = shell(*words, "--json")
    assert result.exit_code == 0, result.stderr
    answer: dict[str, object] = json.loads(result.stdout)
    return answer


def test_a_password_is_shown_once_and_only_its_hash_is_kept(shell: Shell) -> None:
    shown = shell(*USERS, "add", "plug_a", "--device", "plug_a")
    word = shown.stdout.split("password: ")[1].split()[0]
    assert "tele/plug_a/#" in shown.stdout
    kept = shell.data / "secrets" / "broker-users"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert not [file for file in shell.data.rglob("*") if file.is_file() and word in file.read_text(errors="replace")]
    new = told(shell, *USERS, "rotate", "plug_a")["password"]
    assert new != word
    listed = shell(*USERS, "list").stdout
    assert word not in listed
    assert str(new) not in listed


def test_a_kept_password_is_a_file_that_rotation_renews_and_revocation_removes(shell: Shell) -> None:
    answer = told(shell, *USERS, "add", "z2m", "--bridge", "zigbee2mqtt", "--keep")
    file = shell.data / "secrets" / "broker_z2m"
    assert file.read_text() == answer["password"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert told(shell, *USERS, "rotate", "z2m")["password"] == file.read_text() != answer["password"]
    assert told(shell, *USERS, "revoke", "z2m") == {"revoked": "z2m", "held": False}
    assert not file.exists()


def test_the_list_says_whose_topics_are_stale_and_who_is_revoked(shell: Shell) -> None:
    for name in ("plug_a", "plug_b"):
        told(shell, *USERS, "add", name, "--device", name)
    told(shell, *USERS, "revoke", "plug_b")
    shell.change("devices.toml", 'address = "plug_a"', 'address = "moved"')
    items = {item["name"]: item for item in told(shell, *USERS, "list")["items"]}  # type: ignore[attr-defined]
    assert set(items) == {"innkeeper", "field", "plug_a", "plug_b"}
    assert items["plug_a"]["stale"]
    assert items["plug_b"]["revoked"]
    assert "broker user plug_a: its topics are not" in shell("check").stdout
    assert told(shell, *USERS, "rotate", "plug_a")["says"] == ["tele/moved/#", "stat/moved/#"]


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    """That of the hotel, read once."""
    return load_configuration(hotel(tmp_path_factory.mktemp("hotel")).config)


@pytest.mark.parametrize(
    ("name", "kind", "target", "why"),
    [
        ("x", "device", "nothing", "no device nothing"),
        ("x", "device", "101_lock", "bridge"),
        ("x", "device", "101_thermostat", "not over the service's own broker"),
        ("x", "bridge", "innkeeper", "no device may speak"),
        ("x", "bridge", "innkeeper/house", "no device may speak"),
        ("x", "bridge", "homeassistant", "no device may speak"),
        ("x", "bridge", "innkeeper_states/house", "no device may speak"),
        ("x", "bridge", "#", "no base topic"),
        ("x", "bridge", "tele", "meets"),
        ("x", "device", "plug_a", "revoke that first"),
        ("innkeeper-house-field", "device", "plug_b", "name of the service"),
        ("Innkeeper", "device", "plug_b", "name of the service"),
        ("field", "device", "plug_b", "name of the service"),
        ("a:b", "device", "plug_b", "no user name"),
        ("a\nb", "device", "plug_b", "no user name"),
        ("plug_a", "device", "plug_a", "rotate"),
    ],
)
def test_what_would_open_a_way_to_others_is_refused(
    configuration: Configuration, tmp_path: Path, name: str, kind: str, target: str, why: str
) -> None:
    users = Credentials(configuration, tmp_path, datetime.now(UTC))
    users.add("plug_a", Wanted("device", "plug_a"))
    before = load_users(tmp_path)
    with pytest.raises(CredentialError, match=why):
        users.add(name, Wanted(kind, target))
    assert load_users(tmp_path) == before


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", "x"), "say whom"),
        (("add", "x", "--device", "plug_a", "--bridge", "b"), "say whom"),
        (("rotate", "nobody"), "no user nobody"),
        (("revoke", "field"), "belongs to the service"),
    ],
)
def test_wrong_input_says_what_to_do(shell: Shell, words: tuple[str, ...], why: str) -> None:
    result = shell(*USERS, *words)
    assert result.exit_code == 2
    assert why in result.stderr
    assert not load_users(shell.data)


def test_home_assistant_reads_and_a_far_pms_has_its_side_of_the_link(shell: Shell) -> None:
    shown = told(shell, *USERS, "add", "ha", "--home-assistant")
    house = shell.config.joinpath("hotel.toml").read_text().split('id = "')[1].split('"')[0]
    assert shown["says"] == ["homeassistant/status"]
    assert shown["hears"] == ["homeassistant/#", f"innkeeper_states/{house}/#"]
    link = told(shell, *USERS, "add", "books", "--pms")
    assert link["says"] == [f"innkeeper/{house}/down/#"]
    assert link["hears"] == [f"innkeeper/{house}/up/#"]


def test_the_service_s_own_password_is_rotated_while_it_is_stopped(shell: Shell) -> None:
    file = shell.data / "secrets" / "broker_innkeeper"
    assert told(shell, *USERS, "rotate", "innkeeper")["held"] is False
    first = file.read_text()
    with FolderLock(shell.data, "edge"):
        running = shell(*USERS, "rotate", "innkeeper")
        assert running.exit_code == 1
        assert "another edge runs" in running.stderr
        assert file.read_text() == first
    told(shell, *USERS, "rotate", "innkeeper")
    assert file.read_text() != first


def test_where_there_are_books_each_change_is_a_line_in_them(shell: Shell) -> None:
    told(shell, *USERS, "add", "plug_b", "--device", "plug_b")
    assert not (shell.data / "pms.db").exists()
    shell("user", "add", "anna", "--role", "manager", "--password-stdin", stdin=PASSWORD)
    told(shell, *USERS, "add", "plug_a", "--device", "plug_a")
    told(shell, *USERS, "rotate", "plug_a")
    told(shell, *USERS, "revoke", "plug_a")
    told(shell, *USERS, "rotate", "field")
    with sqlite3.connect(shell.data / "pms.db") as books:
        rows = books.execute("SELECT kind, subject, actor FROM event WHERE subject LIKE 'broker_user:%'").fetchall()
    books.close()
    assert [(kind.removeprefix("broker_user."), subject) for kind, subject, _ in rows] == [
        ("made", "broker_user:plug_a"),
        ("rotated", "broker_user:plug_a"),
        ("revoked", "broker_user:plug_a"),
        ("rotated", "broker_user:field"),
    ]
    assert {actor for _, _, actor in rows} == {"system:command"}
    assert shell("audit", "verify").exit_code == 0


def test_without_a_port_or_a_broker_of_its_own_there_are_no_users(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    plain = shell(*USERS, "add", "z2m", "--bridge", "zigbee2mqtt")
    assert plain.exit_code == 2
    assert "tls_port" in plain.stderr
    shell.change("service.toml", 'mode = "auto"', 'mode = "url"\nurl = "mqtt://broker.lan"')
    foreign = shell(*USERS, "list")
    assert foreign.exit_code == 2
    assert "made there" in foreign.stderr
    structlog.reset_defaults()


def test_a_damaged_list_lets_nobody_in_on_a_guess(shell: Shell) -> None:
    told(shell, *USERS, "add", "plug_a", "--device", "plug_a")
    (shell.data / "secrets" / "broker-users").write_text('{"users": [{"name": 1}]}')
    result = shell(*USERS, "list")
    assert result.exit_code == 1
    assert "broker-users cannot be read" in result.stderr


def test_the_certificate_is_shown_with_the_file_that_devices_trust(shell: Shell) -> None:
    first = told(shell, "broker", "certificate")
    assert Path(str(first["authority"])).read_text().startswith("-----BEGIN CERTIFICATE")
    assert told(shell, "broker", "certificate") == first
    renewed = told(shell, "broker", "certificate", "--renew")
    assert renewed["fingerprint"] != first["fingerprint"]
    assert renewed["authority"] == first["authority"]
    assert "PRIVATE" not in shell("broker", "certificate").stdout


def test_check_warns_of_what_crosses_the_network_in_the_clear(shell: Shell) -> None:
    assert "unencrypted" not in shell("check").stdout
    shell.change("service.toml", 'device_host = "127.0.0.1"', 'device_host = "0.0.0.0"')
    assert "[broker] device_port: devices' passwords" in shell("check").stdout
    shell.change("service.toml", "tls_port = 0\n", "")
    shell.change("service.toml", 'host = "127.0.0.1"\nport = 0', 'host = "0.0.0.0"\nport = 0')
    assert "[broker] host: the passwords of `field`" in shell("check").stdout

"""`innkeeper tls` as a person types it."""

import json
from pathlib import Path

import pytest

from tests.edge.test_cli import PASSWORD, Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Commands."""
    return Shell(tmp_path)


def test_made_shown_and_renewed(shell: Shell) -> None:
    made = shell("tls", "create", "--name", "hotel.lan", "--name", "192.168.1.5")
    assert made.exit_code == 0
    assert "hotel.lan" in made.stdout
    assert "/trust" in made.stdout
    shown = json.loads(shell("tls", "show", "--json").stdout)
    assert {"hotel.lan", "192.168.1.5"} <= set(shown["names"])
    assert shown["authority"]["fingerprint"] in made.stdout
    assert shell("tls", "renew", "--name", "desk.lan").exit_code == 0
    renewed = json.loads(shell("tls", "show", "--json").stdout)
    assert renewed["authority"] == shown["authority"]
    assert renewed["fingerprint"] != shown["fingerprint"]
    assert {"hotel.lan", "192.168.1.5", "desk.lan"} <= set(renewed["names"])
    for result in (made, shell("tls", "show")):
        assert "PRIVATE" not in result.stdout


def test_wrong_input_says_what_to_do(shell: Shell) -> None:
    nothing = shell("tls", "show")
    assert nothing.exit_code == 2
    assert "innkeeper tls create" in nothing.stderr
    assert shell("tls", "create", "--name", "not a name").exit_code == 2
    assert shell("tls", "create").exit_code == 0
    again = shell("tls", "create")
    assert again.exit_code == 2
    assert "--replace" in again.stderr
    assert shell("tls", "create", "--replace").exit_code == 0


def test_the_own_certificate_of_the_hotel_is_shown(shell: Shell, tmp_path: Path) -> None:
    shell("tls", "create", "--name", "hotel.lan")
    for name in ("certificate", "key"):
        (tmp_path / f"own.{name}").write_bytes((shell.data / f"secrets/tls_server_{name}").read_bytes())
    own = f'[http]\ntls = "files"\ncertificate = "{tmp_path}/own.certificate"\nkey = "{tmp_path}/own.key"'
    shell.change("service.toml", "[http]", own)
    shown = json.loads(shell("tls", "show", "--json").stdout)
    assert shown["file"] == f"{tmp_path}/own.certificate"
    assert "authority" not in shown


def test_check_warns_of_what_is_not_safe(shell: Shell) -> None:
    shell.change("service.toml", 'host = "127.0.0.1"', 'host = "0.0.0.0"')
    assert "unencrypted" in shell("check").stdout
    shell.change("service.toml", "[http]", '[http]\ntls = "local"')
    told = shell("check").stdout
    assert "unencrypted" not in told
    assert "there is no certificate yet" in told
    shell("tls", "create")
    assert "no certificate yet" not in shell("check").stdout


def test_a_lost_phone_is_helped_at_the_console(shell: Shell) -> None:
    assert shell("user", "add", "ada", "--role", "manager", "--password-stdin", stdin=PASSWORD + "\n").exit_code == 0
    assert shell("user", "reset-factor", "ada").exit_code == 0
    assert shell("user", "reset-factor", "nobody").exit_code == 2

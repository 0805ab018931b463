"""`innkeeper audit verify`: sound books, and books somebody wrote in."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.edge.test_cli import Shell, shell

__all__ = ["shell"]


@pytest.fixture
def books(shell: Shell) -> Path:
    """Migrated books with a person in them, so that the feed has events."""
    added = shell("user", "add", "anna", "--role", "manager", "--password-stdin", stdin="a long password for tests")
    assert added.exit_code == 0
    return shell.data / "pms.db"


def change(books: Path, statement: str) -> None:
    connection = sqlite3.connect(books, isolation_level=None)
    connection.execute(statement)
    connection.close()


def test_sound_books(shell: Shell, books: Path) -> None:
    assert books.exists()
    result = shell("audit", "verify")
    assert result.exit_code == 0
    assert "0 of them redacted; the chain holds" in result.stdout


def test_a_redaction_nobody_answers_for_is_told_and_fails(shell: Shell, books: Path) -> None:
    change(books, "UPDATE event SET payload = '{}', salt = NULL, redacted = 1 WHERE kind = 'user.added'")
    result = shell("audit", "verify")
    assert result.exit_code == 1
    assert "redaction_not_covered" in result.stdout
    [verdict] = json.loads(shell("audit", "verify", "--json").stdout)["properties"]
    assert verdict["cause"] == "redaction_not_covered"

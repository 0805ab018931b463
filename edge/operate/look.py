"""`python -m edge.operate.look CONFIG DATA`: which schemas the databases have, as one JSON object.

A program of its own, so that whoever upgrades as root can look as the user whose files they are.
"""

import asyncio
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from edge.configuration import load_configuration
from edge.console import books
from edge.journal_file import JOURNAL
from pms.survey import survey

Schemas = dict[str, str | None]


def schemas(config: Path, data: Path) -> Schemas:
    """Of journal and books; None: there is none yet.

    Raises:
        DatabaseDamaged, sqlite3.DatabaseError, ConfigurationError, OSError: it cannot be said.
    """
    found = asyncio.run(survey(books(load_configuration(config), data).url))
    return {"journal": _journal(data / JOURNAL), "pms": found.revision if found else None}


def _journal(path: Path) -> str | None:
    if not path.exists():
        return None
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        return str(connection.execute("PRAGMA user_version").fetchone()[0])


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schemas(Path(sys.argv[1]), Path(sys.argv[2]))) + "\n")

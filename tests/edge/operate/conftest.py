"""A hotel of the example's configuration with something in it."""

import shutil
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edge.commands import app
from edge.configuration import Configuration, load_configuration
from edge.console import books
from edge.journal_file import JOURNAL, open_journal
from pms.commands import Books
from pms.guests.service import NewGuest, register
from pms.kernel.crypto import Keyring
from pms.kernel.database import Database
from pms.kernel.work import Actor

EXAMPLE = Path(__file__).parents[3] / "config" / "example"
PASSWORD = "a long password for tests"
GUEST = "Ada Lovelace"
MESSAGE = "INSERT INTO message (line, source, received, boot, line_sequence, flags, payload) VALUES (?,?,?,1,1,0,?)"


@dataclass
class Place:
    """A configuration, a data folder, and another disk."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def safe(self) -> Path:
        return self.folder / "safe"

    @property
    def configuration(self) -> Configuration:
        return load_configuration(self.config)

    @property
    def books(self) -> Books:
        return books(self.configuration, self.data)

    def set(self, table: str, **values: object) -> None:
        """Write values into service.toml, in a new table."""
        lines = [f"{key} = {value!r}".replace("'", '"') for key, value in values.items()]
        with (self.config / "service.toml").open("a") as file:
            file.write("\n".join(["", f"[{table}]", *lines, ""]))

    def __call__(self, *words: str, stdin: str | None = None) -> Result:
        where = ["--config", str(self.config), "--data", str(self.data)]
        return CliRunner().invoke(app, [*words, *where], input=stdin)

    def hear(self, payload: bytes = b"{}", at: datetime | None = None) -> None:
        """A message in the journal."""
        micros = int((at or datetime.now(UTC)).timestamp() * 1_000_000)
        with closing(open_journal(self.data / JOURNAL)) as journal:
            journal.execute(MESSAGE, ("field", "zigbee2mqtt/101_door", micros, payload))

    async def guest(self, name: str = GUEST) -> None:
        """Somebody in the books."""
        async with Database(self.books.url, Keyring.load_or_create(self.data)) as database:
            actor = Actor.system(self.configuration.hotel.house.id, "test")
            async with database.work(actor, datetime.now(UTC)) as work:
                await register(work, database.keyring, NewGuest(name, phone="+49 170 5550123", email="ada@example.com"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty hotel."""
    made = Place(tmp_path)
    shutil.copytree(EXAMPLE, made.config)
    made.safe.mkdir()
    return made

"""A database with all tables on each engine, a small house in it, and a clock that a test moves."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pms.hotelfile import Hotel
from pms.kernel.crypto import Keyring
from pms.kernel.database import Database
from pms.kernel.engines import full_url, is_sqlite, sqlite_file
from pms.kernel.work import Actor
from pms.property.house import import_hotel
from pms.schema import migrate
from tests.pms.serving import Api, serving
from tests.servers import RealPostgres

HOUSE = "test"
NOON = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


class TestClock:
    """`clock()` is now; `clock.forward(hours=1)` moves it."""

    __test__ = False

    def __init__(self, start: datetime = NOON) -> None:
        self.value = start

    def __call__(self) -> datetime:
        return self.value

    def forward(self, **amount: float) -> datetime:
        """Let time pass."""
        self.value += timedelta(**amount)
        return self.value


@pytest.fixture
def clock() -> TestClock:
    """Noon in Berlin on 22 November 2026."""
    return TestClock()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real("postgresql"))])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, on each engine in turn."""
    if request.param == "sqlite":
        return full_url("sqlite", tmp_path)
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """The keys of this test's DATA folder."""
    return Keyring.load_or_create(tmp_path)


@pytest.fixture
def hotel() -> Hotel:
    """Two floors, two types, rooms 101 to 104 and 201, in Berlin."""
    rooms = [{"number": number, "type": "STD", "floor": "1"} for number in ("101", "102", "103", "104")]
    return Hotel.model_validate(
        {
            "property": {"id": HOUSE, "name": "Test House", "time_zone": "Europe/Berlin"},
            "floor": [{"id": "1", "name": "First"}, {"id": "2", "name": "Second"}],
            "room_type": [{"code": "STD", "name": "Standard"}, {"code": "DLX", "name": "Deluxe", "capacity": 3}],
            "room": [*rooms, {"number": "201", "type": "DLX", "floor": "2"}],
        }
    )


@pytest.fixture(scope="session")
def migrated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a SQLite database that was migrated once."""
    folder = tmp_path_factory.mktemp("migrated")
    asyncio.run(migrate(full_url("sqlite", folder)))
    return folder


@pytest.fixture
async def empty_database(
    request: pytest.FixtureRequest, database_url: str, keyring: Keyring, migrated_folder: Path
) -> AsyncIterator[Database]:
    """A migrated database without a house: a copy, for a migration takes longer than most tests."""
    if is_sqlite(database_url):
        shutil.copytree(migrated_folder, sqlite_file(database_url).parent, dirs_exist_ok=True)
    else:
        server: RealPostgres = request.getfixturevalue("postgres_server")
        await server.migrate(database_url)
    async with Database(database_url, keyring) as database:
        yield database


@pytest.fixture
async def database(empty_database: Database, hotel: Hotel, clock: TestClock) -> Database:
    """A database with the house of `hotel` in it."""
    actor = Actor.system(HOUSE, "import")
    await empty_database.run(actor, clock(), lambda work: import_hotel(work, hotel))
    return empty_database


@pytest.fixture
def actor() -> Actor:
    """Somebody of this house."""
    return Actor(HOUSE, "user_test")


@pytest.fixture
async def api(database: Database, clock: TestClock) -> AsyncIterator[Api]:
    """The house over HTTP; nobody is signed in."""
    async with serving(database, HOUSE, clock) as api:
        yield api

"""What the command line does with the books. Each function works on an empty folder too, and beside a running service.

All are asynchronous (`asyncio.run(user_add(...))`) and raise `pms.kernel.errors.Refusal` for wrong input and
`DatabaseDamaged` for books that cannot be trusted.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete, select

from pms import backup, storage
from pms.access import broker_users, factors, users
from pms.access.model import Session
from pms.access.passwords import Passwords
from pms.access.rules import password_errors
from pms.guests.model import Guest
from pms.hotelfile import load_hotel
from pms.kernel import audit, engines
from pms.kernel.crypto import UNREADABLE, Keyring, key_file
from pms.kernel.database import Database
from pms.kernel.errors import Invalid, NotFound
from pms.kernel.work import Actor, UnitOfWork
from pms.property.house import import_hotel
from pms.property.model import Property
from pms.room_feed.outbox import renew_epoch

COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Books:
    """Which books: the folder, the address of the database, and hotel.toml for an empty one."""

    data: Path
    database_url: str = "sqlite"
    hotel_file: Path | None = None

    @property
    def url(self) -> str:
        """The full address."""
        return engines.full_url(self.database_url, self.data)


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A line of `user list`."""

    username: str
    role: str
    disabled: bool


async def migrate(books: Books) -> Path | None:
    """Bring the tables up to date; the backup that was made first, if they had to be changed."""
    return await storage.prepare(books.data, books.url, _now())


async def user_add(books: Books, username: str, role: str, password: str) -> None:
    """Make a person. Raises Invalid, Conflict."""
    users.check_person(username, role, password)
    password_hash = await _hashed(password)
    async with _opened(books) as (database, actor):
        await database.run(actor, _now(), lambda work: users.add(work, username, role, password_hash))


async def user_list(books: Books) -> list[PersonLine]:
    """Everybody, by name."""
    async with _opened(books) as (database, actor), database.read() as session:
        people = await users.people(session, actor.property_id)
    return [PersonLine(person.user.username, person.role, person.user.disabled_at is not None) for person in people]


async def user_disable(books: Books, username: str) -> None:
    """Bar a person; their sessions end. Raises NotFound, Conflict for the last manager."""

    async def disable(work: UnitOfWork) -> None:
        await users.disable(work, await users.find(work.session, work.property_id, username=username))

    async with _opened(books) as (database, actor):
        await database.run(actor, _now(), disable)


async def user_reset(books: Books, username: str, password: str) -> None:
    """Give a person a new password and let them in again. Raises NotFound, Invalid."""
    if errors := password_errors(username, password):
        raise Invalid(errors)
    password_hash = await _hashed(password)

    async def reset(work: UnitOfWork) -> None:
        person = await users.find(work.session, work.property_id, username=username)
        await users.set_password(work, person, password_hash)
        users.enable(work, person)

    async with _opened(books) as (database, actor):
        await database.run(actor, _now(), reset)


async def user_reset_factor(books: Books, username: str) -> None:
    """Take a person's second factor away: the phone is lost, and no other manager is there. Raises NotFound."""

    async def reset(work: UnitOfWork) -> None:
        person = await users.find(work.session, work.property_id, username=username)
        await factors.remove(work, person.user.id)

    async with _opened(books) as (database, actor):
        await database.run(actor, _now(), reset)


async def broker_user_changed(books: Books, what: str, name: str) -> None:
    """Write down that a user of the broker was made, rotated or revoked."""

    async def note(work: UnitOfWork) -> None:
        broker_users.changed(work, what, name)

    async with _opened(books) as (database, actor):
        await database.run(actor, _now(), note)


async def backup_pms(books: Books, target: Path) -> backup.Copy:
    """Write a verified backup of the books to `target`. The keys of personal fields are not in it."""
    await storage.prepare(books.data, books.url, _now())
    target.parent.mkdir(parents=True, exist_ok=True)
    return await backup.write(books.url, target)


async def restore_pms(books: Books, source: Path) -> backup.Copy:
    """Fill empty books from a backup: everybody signs in anew, and the link begins a new epoch.

    Personal fields need the key file of the old folder: put DATA/secrets/field_keys there first.
    """
    copy = await backup.restore(source, books.url)
    async with Database(books.url, Keyring.load_or_create(books.data)) as database:
        for property_id in await _properties(database):
            await database.run(Actor.system(property_id, "restore"), _now(), _begin_anew)
    return copy


async def put_aside(books: Books) -> str | None:
    """Make room for a restore in PostgreSQL: the present books are renamed, not deleted. Files are the caller's."""
    if engines.is_sqlite(books.url):
        return None
    return await backup.put_aside_postgres(books.url, f"replaced_{_now():%Y%m%d_%H%M%S}")


async def decrypts(books: Books) -> bool | None:
    """Whether a name of these books can be read with the keys of the folder; None: there is no name to try."""
    await storage.prepare(books.data, books.url, _now())
    async with Database(books.url, Keyring.load_or_create(books.data)) as database, database.read() as session:
        name = await session.scalar(select(Guest.name).limit(1))
    return None if name is None else name != UNREADABLE


async def audit_verify(books: Books) -> list[audit.Verdict]:
    """Check the hash chain of every property."""
    await storage.prepare(books.data, books.url, _now())
    async with Database(books.url, Keyring.load_or_create(books.data)) as database:
        properties = await _properties(database)
        async with database.read() as session:
            return [await audit.verify(session, property_id) for property_id in properties]


verify = audit_verify


def has_keys(data: Path) -> bool:
    """Whether the keys of personal fields are there: without them a restored backup shows no names."""
    return key_file(data).exists()


async def _begin_anew(work: UnitOfWork) -> None:
    await renew_epoch(work)
    await work.session.execute(delete(Session).where(Session.property_id == work.property_id))


@asynccontextmanager
async def _opened(books: Books) -> AsyncIterator[tuple[Database, Actor]]:
    """The database, ready for use, and the command line as an actor of its property."""
    await storage.prepare(books.data, books.url, _now())
    async with Database(books.url, Keyring.load_or_create(books.data)) as database:
        yield database, Actor.system(await _property(database, books), COMMAND)


async def _property(database: Database, books: Books) -> str:
    if books.hotel_file is not None:
        hotel = load_hotel(books.hotel_file)
        actor = Actor.system(hotel.house.id, "import")
        await database.run(actor, _now(), lambda work: import_hotel(work, hotel))
        return hotel.house.id
    properties = await _properties(database)
    if len(properties) != 1:
        raise NotFound(f"{len(properties)} properties in these books: name the configuration")
    return properties[0]


async def _properties(database: Database) -> list[str]:
    async with database.read() as session:
        return list((await session.scalars(select(Property.id).order_by(Property.id))).all())


async def _hashed(password: str) -> str:
    passwords = Passwords()
    try:
        return await passwords.hash(password)
    finally:
        passwords.close()


def _now() -> datetime:
    return datetime.now(UTC)

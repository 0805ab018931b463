"""The first people: a demonstration's four, or a one-time link for the first manager."""

from datetime import datetime

from pms.access import users
from pms.access.passwords import Passwords
from pms.access.permissions import ROLES
from pms.kernel.database import Database
from pms.kernel.work import Actor, UnitOfWork

DEMO_PASSWORD = "demo"  # noqa: S105 - announced on the demonstration's own sign-in page, which listens on loopback alone


async def demo_people(database: Database, actor: Actor, passwords: Passwords, now: datetime) -> None:
    """Make a person of each role, named as the role, unless there are people already."""
    password_hash = await passwords.hash(DEMO_PASSWORD)

    async def make(work: UnitOfWork) -> None:
        if await users.count(work.session, work.property_id) == 0:
            for role in ROLES:
                await users.add(work, role, role, password_hash)

    await database.run(actor, now, make)


async def first_link(database: Database, actor: Actor, now: datetime, wall: datetime) -> str | None:
    """The token of a one-time link for the first manager; None when there are people."""

    async def invite(work: UnitOfWork) -> str | None:
        if await users.count(work.session, work.property_id):
            return None
        return await users.invite(work, "manager", wall)

    return await database.run(actor, now, invite)

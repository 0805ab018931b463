"""The house with its ways to people, followed by hand."""

from typing import Any
from zoneinfo import ZoneInfo

from pms.departments import register_reactions
from pms.kernel.database import Database
from pms.kernel.health import Health
from pms.kernel.i18n import Translator
from pms.kernel.reactions import Reactions
from pms.kernel.work import Actor
from pms.link.messages import ConditionBody
from pms.maintenance import service
from pms.maintenance.notify import people, planning
from pms.maintenance.notify.channels import Channels
from pms.maintenance.notify.delivery import Delivery, Sender
from pms.maintenance.service import take_condition
from pms.web.assembly import CATALOGUES
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.maintenance.post import MailBox

ALL_WEEK = "1234567"


class Post:
    """The house with its ways to people, followed by hand."""

    def __init__(self, database: Database, clock: TestClock, ways: Channels, webhooks: tuple[str, ...] = ()) -> None:
        self.database, self.clock = database, clock
        self.reactions = Reactions(database, HOUSE, clock)
        register_reactions(self.reactions, webhooks)
        self.health = Health((), clock)
        sender = Sender(HOUSE, "Test House", ZoneInfo("Europe/Berlin"), Translator.load(CATALOGUES), "https://h", clock)
        self.delivery = Delivery(database, sender, ways, self.health)

    async def do(self, use_case: Any) -> Any:
        """Run a use case."""
        return await self.database.run(Actor(HOUSE, "user_test"), self.clock(), use_case)

    async def contact(self, name: str, priority: str = "high", language: str = "en", channel: str = "email") -> str:
        """Somebody who can be told."""
        new = people.NewContact(name, channel, f"{name}@hotel.example", language, priority)
        return str((await self.do(lambda work: people.add_contact(work, new, {"email", "pager"}))).id)

    async def on_duty(self, name: str, **more: str) -> str:
        """The same, on duty all week."""
        contact = await self.contact(name, **more)
        await self.do(lambda work: people.add_shift(work, contact, ALL_WEEK, (0, 0)))
        return contact

    async def tell(self, kind: str, room: str | None = "101", state: str = "raised", **more: Any) -> None:
        """What the edge says; `historical`: it waited while the link was down."""
        historical = more.pop("historical", False)
        told = {"key": f"{kind}:{room}", "kind": kind, "state": state, "room": room, "priority": "", "at": self.clock()}
        body = ConditionBody.model_validate(told | more)
        await self.do(lambda work: take_condition(work, body, historical=historical))

    async def follow(self, **later: float) -> None:
        """Let time go by, follow the feed, look at the clock, send what is due."""
        await self.reactions.catch_up()
        self.clock.forward(**later)
        await self.do(planning.escalate)
        while await self.delivery.send_due():
            pass

    async def messages(self, state: str = "") -> list[Any]:
        """What was written down."""
        async with self.database.read() as session:
            return list(await people.messages(session, HOUSE, state))

    async def alert(self, kind: str) -> Any:
        """The open alert of a kind."""
        async with self.database.read() as session:
            return next(one for one in await service.listing(session, HOUSE) if one.kind == kind)


def subjects(box: MailBox) -> list[tuple[str, str]]:
    """Who got which mail, in order."""
    return [(str(mail["To"]).partition("@")[0], str(mail["Subject"])) for mail in box.messages]

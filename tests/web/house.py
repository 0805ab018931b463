"""A small house with people and rooms that talk, served over real HTTP: what the pages are driven against.

The rooms' words are put into the room feed's own functions, where the link would bring them; everything above is the
product.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from aiohttp import web
from argon2 import PasswordHasher

from pms import departments
from pms.access import users
from pms.access.passwords import Passwords
from pms.access.sessions import Sessions
from pms.hotelfile import Hotel
from pms.kernel.crypto import Keyring
from pms.kernel.database import Database
from pms.kernel.engines import full_url
from pms.kernel.health import Health
from pms.kernel.http import HttpContext
from pms.kernel.i18n import Translator
from pms.kernel.reactions import Reactions
from pms.kernel.work import Actor, UnitOfWork
from pms.link.kinds import UP
from pms.link.messages import Envelope, Message, RoomBody
from pms.maintenance.notify.api import CHANNELS
from pms.maintenance.notify.channels import Channels, Email
from pms.maintenance.notify.settings import MailServer
from pms.property.house import import_hotel
from pms.room_feed.facts import apply_fact
from pms.room_feed.sensed import apply_rooms
from pms.schema import migrate
from pms.web.assembly import CATALOGUES

HOUSE = "harbour"
PEOPLE = ("manager", "frontdesk", "housekeeping", "maintenance")
PASSWORD = "demo"

HOTEL: dict[str, Any] = {
    "property": {"id": HOUSE, "name": "Harbour House", "time_zone": "Europe/Berlin"},
    "floor": [{"id": "1", "name": "1"}, {"id": "2", "name": "2"}],
    "room_type": [{"code": "STD", "name": "Standard", "capacity": 2}, {"code": "DLX", "name": "Deluxe", "capacity": 3}],
    "room": [
        {"number": f"{floor}{number:02}", "type": "DLX" if number > 6 else "STD", "floor": str(floor)}
        for floor in (1, 2)
        for number in range(1, 9)
    ],
}


class House:
    """`async with House(folder, port) as house`: a running server. `start`/`stop` take the server away and back."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.translator = Translator.load(CATALOGUES)
        self.ids: dict[str, str] = {}
        self._folder = folder
        self._versions: dict[str, int] = {}
        self._sequence = 0
        self._stack = AsyncExitStack()
        self._runner: web.AppRunner | None = None

    def now(self) -> datetime:
        """The house keeps real time."""
        return datetime.now(UTC)

    async def __aenter__(self) -> Self:
        url = full_url("sqlite", self._folder)
        await migrate(url)
        self.database = await self._stack.enter_async_context(Database(url, Keyring.load_or_create(self._folder)))
        self.passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=1024))
        self._stack.callback(self.passwords.close)
        await self._people_the_house()
        reactions = Reactions(self.database, HOUSE, self.now)
        departments.register_reactions(reactions)
        self._reactions = asyncio.create_task(reactions.run())
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reactions.cancel()
        await asyncio.gather(self._reactions, return_exceptions=True)
        await self.stop()
        await self._stack.aclose()

    async def start(self) -> None:
        """Serve."""
        self._runner = web.AppRunner(self._application(), shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()

    async def stop(self) -> None:
        """Serve nobody: the house is down as far as a browser can tell."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def say(self, room: str, **sensed: Any) -> None:
        """A room says how it is: keywords of `RoomBody`. What is left out is unknown."""
        self._versions[room] = self._versions.get(room, 0) + 1
        body = RoomBody.model_validate({"room": room, "version": self._versions[room], "at": self.now(), **sensed})
        await self._edge(lambda work: apply_rooms(work, 1, {room: body}))

    async def tell(self, kind: str, /, **body: Any) -> None:
        """The edge says that something happened: `access`, `cleaning`, `condition`, `device`, `system`."""
        self._sequence += 1
        message: Message = UP[kind].model_validate(body)
        envelope = Envelope(
            kind=kind, property=HOUSE, epoch="one", seq=self._sequence, at=self.now(), body=message.model_dump()
        )
        await self._edge(lambda work: apply_fact(work, envelope, message))

    def ago(self, **amount: float) -> datetime:
        """An instant in the past."""
        return self.now() - timedelta(**amount)

    async def _edge(self, use_case: Any) -> None:
        await self.database.run(Actor.edge(HOUSE), self.now(), use_case)

    async def _people_the_house(self) -> None:
        hashed = await self.passwords.hash(PASSWORD)

        async def make(work: UnitOfWork) -> None:
            await import_hotel(work, Hotel.model_validate(HOTEL))
            for name in PEOPLE:
                self.ids[name] = (await users.add(work, name, name, hashed)).id

        await self.database.run(Actor.system(HOUSE, "import"), self.now(), make)

    def _application(self) -> web.Application:
        self.sessions = Sessions(self.database, HOUSE, self.passwords, self.now)
        self.context = HttpContext(
            database=self.database,
            property_id=HOUSE,
            now=self.now,
            authenticator=self.sessions,
            translator=self.translator,
            health=self._health(),
            zone=ZoneInfo("Europe/Berlin"),
            name="Harbour House",
            demo=True,
        )
        app = departments.application(self.context, self.sessions, self.passwords)
        app[CHANNELS] = Channels({"email": Email(MailServer("127.0.0.1", 9, "off", "", "", "house@hotel.example"))})
        return app

    def _health(self) -> Health:
        health = Health(("database", "link", "edge"), self.now)
        for part in ("database", "link", "edge"):
            health.report(part, "ok")
        return health


def heard(value: Any, since: datetime, *, stale: bool = False) -> dict[str, Any]:
    """A sensed value for `House.say`."""
    return {"value": value, "since": since, "heard": since, "stale": stale}


def evidence(*items: tuple[str, datetime]) -> Sequence[dict[str, Any]]:
    """Reasons for `House.say`."""
    return [{"code": code, "at": at, "params": {}} for code, at in items]

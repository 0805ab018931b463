"""A front desk over HTTP, and a hand-made edge that speaks into the inbox and hears what was put into the outbox."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import select

from pms import departments
from pms.kernel.database import Database
from pms.kernel.events import Event
from pms.kernel.jobs import Jobs
from pms.kernel.reactions import Reactions
from pms.kernel.work import Actor
from pms.link.key_messages import KeyResultBody
from pms.link.messages import AccessBody
from pms.maintenance.model import Alert
from pms.room_feed import telling
from pms.room_feed.inbox import FeedInbox
from pms.room_feed.model import LinkOutbox
from pms.room_feed.outbox import FeedOutbox, renew_epoch
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.room_feed.edge import Envelopes
from tests.pms.serving import Answer, Api

ROOMS = frozenset({"101", "102", "103", "104", "201"})
GUEST = {"name": "Ada Lovelace"}
ENCODER = {"line": "desk-1", "state": "up", "code": None, "firmware": "1.6", "busy": False, "waiting": 0}


class Desk:
    """The PMS as the product wires it, without a broker: the test is the edge."""

    def __init__(self, api: Api, database: Database, clock: TestClock) -> None:
        self.api, self.database, self.clock = api, database, clock
        self.edge = Envelopes()
        self.inbox = FeedInbox(database, HOUSE, clock, self._rooms)
        self.outbox = FeedOutbox(database, HOUSE, clock, telling.everything)
        self.reactions = Reactions(database, HOUSE, clock)
        departments.register_reactions(self.reactions)
        self.reactions.on("room_feed.tell", telling.KINDS, telling.on_event)
        self.jobs = Jobs(database, HOUSE, clock)
        departments.register_jobs(self.jobs, api.sessions)

    async def _rooms(self) -> frozenset[str]:
        return ROOMS

    async def open(self, *encoders: str) -> None:
        """Sign the front desk in; the edge has told of these encoders."""
        await self.outbox.open()
        await self.api.sign_in("frontdesk")
        await self.tell_encoders(*({"id": name, "line": f"line-{name}"} for name in encoders))

    async def tell_encoders(self, *told: dict[str, Any]) -> None:
        """The edge gives an account of its encoders."""
        encoders = [ENCODER | {"since": self.clock().isoformat()} | one for one in told]
        await self.hear("system", {"at": self.clock().isoformat(), "ready": True, "encoders": encoders})

    async def hear(self, kind: str, body: dict[str, Any]) -> None:
        """One message of the edge, and what follows from it."""
        envelope = self.edge.of(kind, body, self.clock())
        await self.inbox.apply([envelope], envelope.seq)
        await self.reactions.catch_up()

    async def result(self, job: str, *states: str, reason: str | None = None, card: Any = None) -> None:
        """The edge says how far a job is, then how it ended; `reason` and `card` belong to the last word."""
        for state in states:
            last = state == states[-1]
            body = KeyResultBody(
                id=job, state=state, at=self.clock(), reason=reason if last else None, card=card if last else None
            )
            await self.hear("key_result", body.model_dump(mode="json"))

    async def door(
        self, credential: int | str, room: str = "101", result: str = "granted", at: datetime | None = None
    ) -> None:
        """A card is held against a lock."""
        body = AccessBody(
            room=room,
            device=f"{room}_lock",
            at=at or self.clock(),
            result=result,
            credential_class="guest",
            credential=f"card:{credential}" if isinstance(credential, int) else credential,
        )
        await self.hear("access", body.model_dump(mode="json"))

    async def told(self, kind: str) -> list[dict[str, Any]]:
        """What is in the outbox for the edge."""
        await self.reactions.catch_up()
        return await self.outbox_holds(kind)

    async def outbox_holds(self, kind: str) -> list[dict[str, Any]]:
        """What was put into the outbox so far."""
        async with self.database.read() as session:
            query = select(LinkOutbox.body).where(LinkOutbox.kind == kind).order_by(LinkOutbox.seq)
            return [json.loads(body) for body in await session.scalars(query)]

    async def floor(self, room: str = "101") -> int:
        """The floor the edge was last told for a room."""
        return max((one["key_floor"] for one in await self.told("room_facts") if one["room"] == room), default=0)

    async def events(self, kind: str) -> list[Event]:
        """The events of a kind, in their order."""
        async with self.database.read() as session:
            return list(await session.scalars(select(Event).where(Event.kind == kind).order_by(Event.offset)))

    async def alerts(self) -> list[Alert]:
        """Every alert there is."""
        async with self.database.read() as session:
            return list(await session.scalars(select(Alert)))

    async def time_passes(self, **amount: float) -> None:
        """Let hotel time pass, and run what is due then."""
        self.clock.forward(**amount)
        await self.jobs.run_due()
        await self.reactions.catch_up()

    async def restored(self) -> None:
        """The books were put back from a backup."""
        await self.database.run(Actor.system(HOUSE, "restore"), self.clock(), renew_epoch)

    async def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        """POST, and what follows from it."""
        answer = await self.api.post(path, body, **headers)
        await self.reactions.catch_up()
        return answer

    async def walk_in(self, room: str = "101", departure: str = "2026-11-24", **more: Any) -> str:
        """A guest moves in; the stay."""
        body = {"room": room, "departure": departure, "guests": 1, "guest": GUEST} | more
        made = await self.post("/api/v1/stays", body)
        assert made.status == 201, made.body
        stay: str = made.body["id"]
        return stay

    async def issue(self, stay: str, kind: str = "new", **more: Any) -> Answer:
        """Ask for a key."""
        return await self.post("/api/v1/keys", {"stay": stay, "type": kind} | more)

    async def made(self, stay: str, kind: str = "new", **more: Any) -> dict[str, Any]:
        """A key that was made and confirmed."""
        asked = await self.issue(stay, kind, **more)
        assert asked.status == 202, asked.body
        await self.result(asked.body["id"], "queued", "waiting", "writing", "checking", "confirmed")
        return await self.key(asked.body["id"])

    async def key(self, key: str) -> dict[str, Any]:
        """A key as it is now."""
        found: dict[str, Any] = (await self.api.get(f"/api/v1/keys/{key}")).body
        return found

    async def life(self, key: dict[str, Any] | str) -> tuple[str, str | None]:
        """What became of a key, and why."""
        found = await self.key(key if isinstance(key, str) else key["id"])
        return found["life"], found["life_reason"]


def reasons(answer: Answer) -> list[str]:
    """The codes of a refusal."""
    assert answer.status == 409, answer.body
    assert all(reason["text"] and not reason["text"].startswith("reason.") for reason in answer.body["reasons"])
    return [reason["code"] for reason in answer.body["reasons"]]

"""The unit of work: one use case, one transaction. Nobody inside commits."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, inspect, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from pms.kernel.events import GENESIS, Event, EventKind, FeedHead, chained_hash
from pms.kernel.tables import Base

_HEAD = cast(Table, FeedHead.__table__)
_TAKE = (
    update(_HEAD)
    .where(_HEAD.c.property_id == bindparam("which"))
    .values(offset=_HEAD.c.offset + bindparam("step"))
    .returning(_HEAD.c.offset, _HEAD.c.hash)
)
_APPEND = insert(cast(Table, Event.__table__))
_CHAIN = update(_HEAD).where(_HEAD.c.property_id == bindparam("which")).values(hash=bindparam("last"))


@dataclass(frozen=True, slots=True)
class Actor:
    """On whose behalf something is done, and in which property. `name`: `user_…`, `edge`, `system:<what>`."""

    property_id: str
    name: str

    @classmethod
    def system(cls, property_id: str, what: str) -> "Actor":
        """The service itself: a timer, a reaction, the import."""
        return cls(property_id, f"system:{what}")

    @classmethod
    def edge(cls, property_id: str) -> "Actor":
        """What the rooms told."""
        return cls(property_id, "edge")


class ReadSession(AsyncSession):
    """A session that cannot write. Functions that only read take `AsyncSession` and so serve both."""


class WriteSession(AsyncSession):
    """The session of a unit of work."""


@dataclass(frozen=True, slots=True)
class _Recorded:
    kind: EventKind
    subject: str
    payload: dict[str, Any]


class UnitOfWork:
    """What a use case works with.

    `session` to read and change rows (lock what you read to change: `.with_for_update()`), `now` the one instant of
    this use case, `actor` and `property_id` for whom and where. `record` what happened; raise to undo everything.
    """

    def __init__(self, session: WriteSession, actor: Actor, now: datetime) -> None:
        self.session = session
        self.actor = actor
        self.now = now
        self._recorded: list[_Recorded] = []

    @property
    def property_id(self) -> str:
        """The property this happens in."""
        return self.actor.property_id

    @property
    def events(self) -> int:
        """How many events were recorded so far."""
        return len(self._recorded)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of what was recorded so far."""
        return frozenset(recorded.kind.name for recorded in self._recorded)

    def record(self, kind: EventKind, subject: str, payload: Mapping[str, Any] | None = None) -> None:
        """Say what happened: it becomes an event of the feed when the transaction commits.

        `subject` is the identifier of what it happened to; `payload` holds JSON values and no personal data.
        """
        self._recorded.append(_Recorded(kind, subject, dict(payload or {})))

    async def insert_once(self, table: type[Base], **values: Any) -> bool:
        """Insert a row unless one with the same key is there. True when it is new: the inbox of outside messages."""
        own_insert = sqlite_insert if self._dialect() == "sqlite" else postgres_insert
        result = await self.session.execute(
            own_insert(table).values(**values).on_conflict_do_nothing().returning(*inspect(table).primary_key)
        )
        return result.first() is not None

    async def seal(self) -> None:
        """Give the recorded events their offsets and hashes. Called by `Database` as the last thing before the commit.

        The head's row is locked from here to the commit, so that offsets become visible in their order.
        """
        await self.session.flush()
        if not self._recorded:
            return
        last, previous = await self._take_offsets(len(self._recorded))
        rows = []
        for offset, recorded in enumerate(self._recorded, last - len(self._recorded) + 1):
            rows.append(self._row(recorded, offset, previous))
            previous = rows[-1]["hash"]
        await self.session.execute(_APPEND, rows)
        await self.session.execute(_CHAIN, {"which": self.property_id, "last": previous})

    async def _take_offsets(self, count: int) -> tuple[int, str]:
        """The last of `count` offsets now ours, and the hash before the first of them."""
        step = {"which": self.property_id, "step": count}
        row = (await self.session.execute(_TAKE, step)).first()
        if row is None:
            await self.insert_once(FeedHead, property_id=self.property_id, offset=0, hash=GENESIS)
            row = (await self.session.execute(_TAKE, step)).one()
        return row[0], row[1]

    def _row(self, recorded: _Recorded, offset: int, previous: str) -> dict[str, Any]:
        row = {
            "property_id": self.property_id,
            "offset": offset,
            "kind": recorded.kind.name,
            "subject": recorded.subject,
            "permission": recorded.kind.permission,
            "actor": self.actor.name,
            "at": self.now,
            "payload": recorded.payload,
            "previous_hash": previous,
            "salt": secrets.token_hex(16),
            "redacted": False,
        }
        return row | {"hash": chained_hash(row)}

    def _dialect(self) -> str:
        return self.session.get_bind().dialect.name

"""Any order of guests, keys, answers and departures: numbers only rise, none is used twice, what ended stays shut."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import select

from pms.frontdesk import service as frontdesk
from pms.guests.service import NewGuest
from pms.kernel.crypto import Keyring
from pms.kernel.database import Database
from pms.kernel.engines import full_url
from pms.kernel.errors import Refusal
from pms.kernel.reactions import Reactions
from pms.kernel.work import Actor, UnitOfWork
from pms.keys import reactions, service
from pms.keys.model import KeyCard, RoomKeys
from pms.keys.results import give_up, take_result
from pms.keys.rules import ENDS, PROGRESS, JobState, KeyType, Life
from pms.keys.sources import Encoder
from pms.link.key_messages import KeyResultBody
from pms.property.house import import_hotel
from pms.property.service import business_date
from pms.schema import migrate
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.frontdesk.test_stay_machine import HOTEL, ROOMS

ENCODER = Encoder("desk-1", "desk-1", "up")
DONE = ("never", "ended")


class KeyMachine(RuleBasedStateMachine):
    """Front desk and edge act in any order; before and after each step the ledger is compared with itself."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="innkeeper-keys-"))
        self.loop = asyncio.Runner()
        self.clock, self.actor = TestClock(), Actor(HOUSE, "user_test")
        self.inside: dict[str, str] = {}
        self.jobs: list[str] = []
        self.numbers: dict[str, tuple[int, int]] = dict.fromkeys(ROOMS, (0, 0))
        self.known: dict[str, KeyCard] = {}
        self.loop.run(self._open())

    async def _open(self) -> None:
        url = full_url("sqlite", self.folder)
        await migrate(url)
        self.database = Database(url, Keyring.load_or_create(self.folder))
        self.reactions = Reactions(self.database, HOUSE, self.clock)
        reactions.register(self.reactions)
        await self.database.run(self.actor, self.clock(), lambda work: import_hotel(work, HOTEL))

    def teardown(self) -> None:
        self.loop.run(self.database.close())
        self.loop.close()
        shutil.rmtree(self.folder)

    def do(self, use_case: Callable[[UnitOfWork], Awaitable[Any]]) -> Any:
        """The result, or None when it was refused. A second passes, so that nothing happens at one instant."""
        self.clock.forward(seconds=1)
        try:
            return self.loop.run(self.database.run(self.actor, self.clock(), use_case))
        except Refusal:
            return None

    @rule(room=st.sampled_from(ROOMS))
    def walk_in(self, room: str) -> None:
        async def use_case(work: UnitOfWork) -> str:
            leaves = (await business_date(work.session, HOUSE)).replace(day=28)
            asked = frontdesk.WalkIn(room, leaves, 1, NewGuest("Ada"), override_reason="any room will do")
            return (await frontdesk.walk_in(work, self.database.keyring, asked)).id

        stay = self.do(use_case)
        if stay is not None:
            self.inside[room] = stay

    @rule(room=st.sampled_from(ROOMS))
    def check_out(self, room: str) -> None:
        if stay := self.inside.pop(room, None):
            assert self.do(lambda work: frontdesk.check_out(work, stay)) is not None

    @rule(old=st.sampled_from(ROOMS), new=st.sampled_from(ROOMS))
    def move(self, old: str, new: str) -> None:
        if (stay := self.inside.get(old)) is not None:
            asked = frontdesk.Move(new, override_reason="noise")
            if self.do(lambda work: frontdesk.move(work, stay, asked)) is not None:
                self.inside[new] = self.inside.pop(old)

    @rule(room=st.sampled_from(ROOMS), kind=st.sampled_from(KeyType), seen=st.booleans())
    def issue(self, room: str, kind: KeyType, seen: bool) -> None:
        if (stay := self.inside.get(room)) is not None:
            key = self.do(lambda work: service.issue(work, service.Issue(stay, kind, seen), ENCODER))
            if key is not None:
                self.jobs.append(key.id)

    @rule(which=st.integers(0, 30), state=st.sampled_from([*JobState]))
    def hear(self, which: int, state: JobState) -> None:
        if self.jobs:
            key = self.jobs[-1 - which % len(self.jobs)]
            body = KeyResultBody(id=key, state=state, at=self.clock(), reason=None)
            self.do(lambda work: take_result(work, body))

    @rule(which=st.integers(0, 30), reason=st.sampled_from(["lost", "returned"]))
    def end_by_hand(self, which: int, reason: str) -> None:
        if self.jobs:
            key = self.jobs[-1 - which % len(self.jobs)]
            self.do(lambda work: service.end_by_hand(work, key, reason))

    @rule()
    def nobody_answers(self) -> None:
        self.clock.forward(minutes=3)
        self.do(give_up)

    @rule()
    def the_feed_catches_up(self) -> None:
        self.loop.run(self.reactions.catch_up())

    @invariant()
    def the_ledger_is_sound(self) -> None:
        self.loop.run(self._compare())

    async def _compare(self) -> None:
        async with self.database.read() as session:
            keys = {key.id: key for key in await session.scalars(select(KeyCard))}
            held = {room.room: (room.last, room.floor) for room in await session.scalars(select(RoomKeys))}
        self._numbers(keys, held)
        for key in keys.values():
            self._one(key, self.known.get(key.id))
        self.known = keys

    def _numbers(self, keys: dict[str, KeyCard], held: dict[str, tuple[int, int]]) -> None:
        own = [(key.room, key.sequence) for key in keys.values() if key.type in {"new", "replace"}]
        assert len(own) == len(set(own))
        assert len({key.credential for key in keys.values()}) == len(keys)
        for room, (last, floor) in self.numbers.items():
            now = held.get(room, (0, 0))
            assert last <= now[0]
            assert floor <= now[1] <= now[0] + 1
            self.numbers[room] = now
        for key in keys.values():
            last, floor = self.numbers[key.room]
            assert key.sequence <= last
            assert key.sequence >= floor or key.life in DONE, "below the floor nothing is in force"
            if key.id not in self.known and key.type in {"new", "replace"}:
                assert key.sequence == last

    def _one(self, key: KeyCard, before: KeyCard | None) -> None:
        assert (key.ended_at is not None) == (JobState(key.state) in ENDS)
        assert (key.life == Life.PENDING) <= (JobState(key.state) in PROGRESS)
        if before is None or (before.state, before.life) == (key.state, key.life):
            return
        if before.state in ENDS and before.state != key.state:
            assert (before.state, before.reason) == ("unknown", "no_answer")
        if before.life in DONE:
            assert key.life in DONE
        if (before.state in PROGRESS) and (key.state in PROGRESS):
            order = list(PROGRESS)
            assert order.index(JobState(before.state)) <= order.index(JobState(key.state))

    @rule()
    def who_has_left_opens_nothing(self) -> None:
        self.loop.run(self.reactions.catch_up())
        self.loop.run(self._compare())
        living = {(key.room, key.stay_id) for key in self.known.values() if key.life not in DONE}
        assert living <= set(self.inside.items())


KeyMachine.TestCase.settings = settings(
    max_examples=8, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestKeyMachine = KeyMachine.TestCase

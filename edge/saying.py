"""What other parts of the edge keep, and tell the PMS, with the next commit of the hub."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from devices.model import CommandResult
from edge.bodies import Fact, of_result
from edge.intake import Intake
from edge.journal_keys import KeyStep
from edge.journal_onboarding import ChangeStep
from edge.journal_rows import StoredCommand


class Saying:
    """The hub's, which gives it its intake and its counters."""

    counters: Counter[str]
    _intake: Intake
    _wake: Callable[[], None]

    def command_done(self, result: CommandResult) -> None:
        """How a command ended."""
        self.counters[f"commands_{result.state}"] += 1
        self._intake.command(StoredCommand(result.id, result.state, b"", "", result.reason))
        self.say(of_result(result))

    def command_step(self, result: CommandResult) -> None:
        """How far a command is, for the PMS alone."""
        self.say(of_result(result))

    def say(self, said: Fact) -> None:
        """A fact for the PMS, with the next commit."""
        self._intake.say(said)
        self._wake()

    def key_step(self, step: KeyStep, said: Fact) -> None:
        """A key job is so far, or has ended: kept and said with the same commit."""
        self._intake.batch.key_steps.append(step)
        self.say(said)

    def change_step(self, step: ChangeStep, said: Fact) -> None:
        """A change of the inventory has ended: kept and said with the same commit."""
        self._intake.batch.change_steps.append(step)
        self.say(said)

    def keep(self, room: str, plan: bytes, orders: Iterable[tuple[StoredCommand, Fact]]) -> None:
        """What is remembered of a room's setbacks, and the orders that follow, which are said too: with one commit."""
        self._intake.batch.plans[room] = plan
        for stored, said in orders:
            self._intake.command(stored)
            self.say(said)
        self._wake()

    def count(self, days: Mapping[tuple[str, str], bytes], said: Iterable[Fact]) -> None:
        """What was counted of rooms and days."""
        self._intake.batch.days |= days
        for item in said:
            self.say(item)

    async def stored(self) -> None:
        """Wait until everything taken so far is on disk."""
        done = asyncio.Event()
        self._intake.acknowledge.append(done.set)
        self._wake()
        await done.wait()

"""The faults themselves: each begins, lasts, and is over when everything it met answers again."""

import asyncio
import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from simulators.modbus.unit import Fault as UnitFault
from simulators.modbus.unit import FaultKind
from simulators.prove.fleet import ROOMS, Fleet
from simulators.prove.house import House, ProofError
from simulators.prove.records import Records, Span
from simulators.prove.script import UNITS, Fault, Kind
from simulators.prove.units import Units
from simulators.prove.verdict import LATE_S
from simulators.prove.watch import Watch

BACK_S = 45.0
QUIET_S = 2.5
HOLD_S = 0.4
BEHIND_S = -3600.0
ANSWERS_SLOWLY_S = 0.35
WAYS: dict[Kind, UnitFault] = {
    Kind.UNIT_DEAD: UnitFault(FaultKind.DEAD),
    Kind.UNIT_SLOW: UnitFault(FaultKind.SLOW, ANSWERS_SLOWLY_S),
    Kind.UNIT_LATE: UnitFault(FaultKind.LATE),
    Kind.UNIT_GARBLED: UnitFault(FaultKind.GARBLED),
    Kind.UNIT_LYING: UnitFault(FaultKind.LYING),
}


@dataclass
class Scene:
    """Everybody a fault may meet. `say`: a line for whoever watches."""

    house: House
    fleet: Fleet
    units: Units
    watch: Watch
    records: Records
    say: Callable[[str], None]
    chance: random.Random
    begun: float = field(default_factory=time.monotonic)
    times: Counter[str] = field(default_factory=Counter)
    skipped: dict[str, str] = field(default_factory=dict)
    struck: float = 0.0
    """When the present fault of the house began, where that was not at once."""

    async def play(self, faults: Sequence[Fault], until: float) -> None:
        """One track: each fault at its time, or when the one before is over; none begins after `until`."""
        for fault in faults:
            now = time.monotonic() - self.begun
            if max(fault.at, now) + fault.lasts > until:
                return
            await asyncio.sleep(max(0.0, fault.at - now))
            await self._one(fault)

    async def _one(self, fault: Fault) -> None:
        begin, whom = time.time(), _room(fault)
        if fault.kind in UNITS:
            await self._unit(fault, whom)
        elif fault.kind in _MESSAGES:
            _MESSAGES[fault.kind](self.fleet, fault)
            whom = "messages"
        else:
            self.struck = 0.0
            await _HOUSE[fault.kind](self, fault)
            begin = self.struck or begin
        end = time.time()
        self.records.spans.append(Span(fault.kind.value, begin, end, whom))
        self.times[fault.kind.value] += 1
        where = f" {whom}" if whom.isdigit() else ""
        self.say(f"{time.monotonic() - self.begun:6.1f} s  {fault.kind.value}{where}, over after {end - begin:.1f} s")

    async def _unit(self, fault: Fault, room: str) -> None:
        unit = self.units.by_room[room]
        unit.fault = WAYS[fault.kind]
        await asyncio.sleep(fault.lasts)
        unit.fault = UnitFault()

    async def heard_again(self, seconds: float = BACK_S) -> None:
        """Wait until the journal goes on, past what is in it now, with a word from the broker."""
        last = self.watch.highest()
        await self.watch.until(lambda: self.watch.highest() > last, seconds, "the edge hears nobody again")

    async def edge_killed(self, fault: Fault) -> None:
        """In the middle of a flood."""
        async with self._flood(fault.lasts):
            await self.house.kill("edge")
        await self._edge_again()

    async def killed_uncommitted(self, fault: Fault) -> None:
        """What it has heard and not saved must not have been acknowledged: the broker says it again."""
        async with self._flood(fault.lasts):
            self.house.writable("edge", writable=False)
            await asyncio.sleep(HOLD_S)
            await self.house.kill("edge")
        await self._edge_again()

    async def killed_unheard(self, fault: Fault) -> None:
        """The broker stands still while the edge saves and acknowledges, then ends: it says again what is saved."""
        async with self._flood(fault.lasts):
            broker = self._broker()
            os.kill(broker, signal.SIGSTOP)
            try:
                await asyncio.sleep(HOLD_S)
                await self.house.kill("edge")
            finally:
                os.kill(broker, signal.SIGCONT)
        await self._edge_again()

    @contextlib.asynccontextmanager
    async def _flood(self, seconds: float) -> AsyncIterator[None]:
        """Everybody speaks at once, for so long before the block and in it."""
        await self.fleet.wire.connected.wait()
        self.fleet.flooding = True
        try:
            await asyncio.sleep(seconds)
            yield
        finally:
            self.fleet.flooding = False

    async def _edge_again(self) -> None:
        await self.house.start("edge")
        await self.heard_again()

    def _broker(self) -> int:
        pid = self.house.broker()
        if pid is None:
            raise ProofError("the edge has no broker of its own")
        return pid

    async def broker_killed(self, fault: Fault) -> None:
        """The edge has to start it again. Before that it is quiet: the broker's store is about a second old, and what
        went through it meanwhile may be lost or said again, which nobody could tell from a fault of ours.
        """
        await self.fleet.wire.connected.wait()
        self.fleet.quiet = True
        await self.watch.sees(self._caught_up, LATE_S)
        await asyncio.sleep(QUIET_S)
        self.fleet.quiet = False
        await asyncio.sleep(fault.lasts)
        self.struck = time.time()
        os.kill(self._broker(), signal.SIGKILL)
        await asyncio.sleep(0.2)
        await self.heard_again()

    def _caught_up(self) -> bool:
        said = self.records.said.values()
        return all(one.number in self.watch.seen for one in said if one.acknowledged is not None)

    async def pms_away(self, fault: Fault) -> None:
        """Killed; alarms and lock events wait for it."""
        await self.house.kill("pms")
        await asyncio.sleep(fault.lasts)
        await self.house.start("pms")
        await self.house.healthy()

    async def pms_slow(self, fault: Fault) -> None:
        """It stands still with everything open."""
        process = self.house.process("pms")
        process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(fault.lasts)
        finally:
            process.send_signal(signal.SIGCONT)
        await self.house.healthy()

    async def disk_full(self, fault: Fault) -> None:
        """Nothing is acknowledged meanwhile, and nothing is lost."""
        self.house.writable("edge", writable=False)
        try:
            await asyncio.sleep(fault.lasts)
        finally:
            self.house.writable("edge", writable=True)
        await self.heard_again()

    async def clock_jump(self, fault: Fault) -> None:
        """The machine has no battery for its clock: it starts an hour behind, and gets the time from the network later.

        Then it stays: what was heard meanwhile has to have its true time in the journal.
        """
        self.house.set_clock(BEHIND_S)
        await self.house.kill("edge")
        await self.house.start("edge")
        await self.heard_again()
        await asyncio.sleep(fault.lasts)
        self.house.set_clock(0)
        await self.watch.sees(self._times_are_true, LATE_S)  # if not, the verdict finds the wrong ones

    def _times_are_true(self) -> bool:
        rows = self.house.rows("journal.db", "SELECT received FROM message ORDER BY seq DESC LIMIT 200")
        return bool(rows) and min(int(str(row[0])) for row in rows) / 1e6 > time.time() + BEHIND_S / 2


def _room(fault: Fault) -> str:
    """The unit's. A late one is mostly of the serial bus: there an answer does not say which question it is to."""
    if fault.kind not in UNITS:
        return ""
    if fault.kind is Kind.UNIT_LATE and fault.whom % 4:
        return ROOMS[len(ROOMS) // 2 + fault.whom % (len(ROOMS) // 2)]
    return ROOMS[fault.whom % len(ROOMS)]


_HOUSE: dict[Kind, Callable[[Scene, Fault], Awaitable[None]]] = {
    Kind.EDGE_KILLED: Scene.edge_killed,
    Kind.KILLED_UNCOMMITTED: Scene.killed_uncommitted,
    Kind.KILLED_UNHEARD: Scene.killed_unheard,
    Kind.BROKER_KILLED: Scene.broker_killed,
    Kind.PMS_AWAY: Scene.pms_away,
    Kind.PMS_SLOW: Scene.pms_slow,
    Kind.DISK_FULL: Scene.disk_full,
    Kind.CLOCK_JUMP: Scene.clock_jump,
}
_MESSAGES: dict[Kind, Callable[[Fleet, Fault], None]] = {
    Kind.DUPLICATED: lambda fleet, _: fleet.duplicated(),
    Kind.REORDERED: lambda fleet, _: fleet.reordered(),
    Kind.RETAINED: lambda fleet, fault: fleet.retained(fault.whom),
    Kind.REPLAYED: lambda fleet, _: fleet.replayed(),
}

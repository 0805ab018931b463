"""One proof from beginning to end: a hotel, its devices, the faults, the verdict."""

import asyncio
import contextlib
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulators.clerk import ApiRefusedError, ApiUnreachableError, Clerk
from simulators.prove import power
from simulators.prove.faults import Scene
from simulators.prove.fleet import ROOMS, Fleet
from simulators.prove.house import PASSWORD, PERSON, PRODUCT, House
from simulators.prove.orders import Person
from simulators.prove.records import Held, Records, as_json
from simulators.prove.script import Kind, script
from simulators.prove.units import Units
from simulators.prove.verdict import LATE_S, OPEN, Verdict, judge
from simulators.prove.watch import Watch

GRACE_S = 5.0
MEANINGS = {
    "lost": "acknowledged, and not in the journal, or of it not in the PMS",
    "duplicated": "there more often than they were said",
    "late": f"not there {LATE_S:.0f} s after the last fault",
    "wrong": "a value, time, alarm or order that no device ever had",
    "by_broker": "lost or repeated by the killed broker itself (its store is a second old), not counted above",
}
WITHOUT_MOSQUITTO = (
    *(Kind.EDGE_KILLED, Kind.KILLED_UNCOMMITTED, Kind.KILLED_UNHEARD),
    *(Kind.BROKER_KILLED, Kind.CLOCK_JUMP),
)
NO_MOSQUITTO = "Mosquitto is not installed, and the embedded broker forgets what is on its way when it ends"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be proved. `seconds`: of faults; start, settling and the loss of power come on top.

    `patience`: seconds in which everything has to be there at the end.
    `kinds`: the faults to choose from; `power_loss`: whether the disk's writes are replayed too.
    """

    seed: int = 1
    seconds: float = 300.0
    kinds: tuple[Kind, ...] = tuple(Kind)
    power_loss: bool = True
    patience: float = LATE_S + GRACE_S
    product: str = PRODUCT


@dataclass
class Outcome:
    """The verdict, how often each fault came, what could not be tried, and where everything is when it was kept."""

    verdict: Verdict
    times: Counter[str] = field(default_factory=Counter)
    skipped: dict[str, str] = field(default_factory=dict)
    folder: Path | None = None

    def as_json(self, plan: Plan) -> dict[str, Any]:
        """What `--json` prints."""
        verdict = self.verdict
        counts = {name: getattr(verdict, name) for name in ("sent", "lost", "duplicated", "late", "wrong")}
        return {
            **counts,
            "faults": [{"name": name, "times": times} for name, times in sorted(self.times.items())],
            "skipped": [{"name": name, "why": why} for name, why in sorted(self.skipped.items())],
            "by_broker": verdict.by_broker,
            "seed": plan.seed,
            "minutes": round(plan.seconds / 60, 3),
            "examples": verdict.examples,
            "kept": None if self.folder is None else str(self.folder),
        }

    def text(self) -> str:
        """The same for people."""
        verdict = self.verdict
        lines = ["", f"{'fault':<22}times"]
        lines += [f"{name:<22}{times:>5}" for name, times in sorted(self.times.items())]
        lines += [f"{name:<22}    -  not tried: {why}" for name, why in sorted(self.skipped.items())]
        lines += ["", f"{'sent':<22}{verdict.sent:>5}  messages that the broker acknowledged to a simulated device"]
        for name, meaning in MEANINGS.items():
            lines.append(f"{name:<22}{getattr(verdict, name):>5}  {meaning}")
            lines += [f"{'':<29}{example}" for example in verdict.examples.get(name, [])]
        return "\n".join(lines)


async def prove(plan: Plan, say: Callable[[str], None]) -> Outcome:
    """Run a proof; everything that was started is ended. ProofError when it cannot be finished."""
    folder = Path(tempfile.mkdtemp(prefix="innkeeper-prove-"))
    kept = True
    try:
        outcome = await _proved(plan, folder, say)
        kept = not outcome.verdict.good
        outcome.folder = folder if kept else None
        return outcome
    except asyncio.CancelledError:
        kept = False
        raise
    finally:
        if kept:
            say(f"Kept for a look: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


async def _proved(plan: Plan, folder: Path, say: Callable[[str], None]) -> Outcome:
    house = House(folder / "house", plan.product)
    records = Records(folder / "acknowledged.jsonl")
    try:
        scene, held = await _played(plan, house, records, say)
    finally:
        await house.end()
        records.close()
    held = _with_rows(held, Watch(house))
    outcome = Outcome(judge(records, held), scene.times, scene.skipped)
    _keep(folder, records, outcome)
    await _without_power(plan, folder, outcome, say)
    return outcome


async def _played(plan: Plan, house: House, records: Records, say: Callable[[str], None]) -> tuple[Scene, Held]:
    """The hotel with all its devices, from the start until everything has settled."""
    say(f"Seed {plan.seed}: a hotel of {len(ROOMS)} rooms is started")
    async with contextlib.AsyncExitStack() as stack:
        units = Units(house.config / "profiles", house.modbus, house.data / "bus-1.tty", records)
        await stack.enter_async_context(units)
        await house.start("edge")
        await house.add_person()
        await house.start("pms")
        await house.healthy()
        clerk = await stack.enter_async_context(Clerk(house.url, PERSON, PASSWORD))
        fleet, watch = Fleet(house.address(), records, plan.seed), Watch(house)
        person = Person(clerk, records, plan.seed)
        scene = Scene(house, fleet, units, watch, records, say, random.Random(plan.seed))
        for work in (fleet.wire.run(), watch.run(), person.look()):
            await stack.enter_async_context(_going(work))
        await _faults(plan, scene, person)
        return scene, await _settled(scene, person, plan.patience)


async def _faults(plan: Plan, scene: Scene, person: Person) -> None:
    absent = () if mosquitto() else WITHOUT_MOSQUITTO
    scene.skipped |= {kind.value: NO_MOSQUITTO for kind in plan.kinds if kind in absent}
    tracks = script(plan.seed, plan.seconds, [kind for kind in plan.kinds if kind not in absent])
    async with _going(scene.fleet.run()), _going(person.order()):
        scene.begun = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for track in tracks:
                tasks.create_task(scene.play(track, plan.seconds))
            tasks.create_task(asyncio.sleep(plan.seconds))


def mosquitto() -> str | None:
    """Its program, where Debian puts it too."""
    return shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


async def _settled(scene: Scene, person: Person, patience: float) -> Held:
    """Everybody has said a last word; wait until it is all there, or until it is late."""
    scene.say(f"{time.monotonic() - scene.begun:6.1f} s  the faults are over, everything settles")
    await asyncio.wait_for(scene.fleet.last_words(), LATE_S)
    watch, states, doors = scene.watch, dict[str, str](), dict[str, str]()
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with contextlib.suppress(ApiRefusedError, ApiUnreachableError):
            states, doors = await person.states(), await person.doors()
        if _all_there(scene, states, doors):
            break
        await asyncio.sleep(0.5)
    return Held((), (), {}, doors, states, watch.seen, watch.seen_in_pms)


def _all_there(scene: Scene, states: dict[str, str], doors: dict[str, str]) -> bool:
    records, watch = scene.records, scene.watch
    said = [one for one in records.said.values() if one.acknowledged is not None]
    shown = all(doors.get(one.device.partition("_")[0]) == one.value for one in records.last("door"))
    return (
        shown
        and all(one.number in watch.seen for one in said)
        and all(one.number in watch.seen_in_pms for one in said if one.kind == "access")
        and all(state not in OPEN for state in states.values())
        and len(watch.alarms()) >= sum(one.kind == "alarm" for one in said)
    )


def _with_rows(held: Held, watch: Watch) -> Held:
    """What the databases hold after everything was ended."""
    seen = (held.seen, held.seen_in_pms)
    return Held(watch.journal(), watch.access(), watch.alarms(), held.doors, held.commands, *seen)


async def _without_power(plan: Plan, folder: Path, outcome: Outcome, say: Callable[[str], None]) -> None:
    """The power goes, at every moment in which something was acknowledged: a second hotel, its disk on record."""
    if not plan.power_loss:
        return
    why = power.missing()
    if why is not None:
        outcome.skipped[power.NAME] = why
        return
    found = await power.lost(House(folder / "power", plan.product, with_units=False), plan.seed)
    outcome.times[power.NAME] += found.moments
    outcome.verdict.sent += found.acknowledged
    for example in found.examples:
        outcome.verdict.add("lost", example)
    say(f"{power.NAME}: {found.moments} moments looked at, {len(found.examples)} with a loss")


def _keep(folder: Path, records: Records, outcome: Outcome) -> None:
    """For a look at what was lost."""
    told = {"spans": records.spans, "ordered": records.ordered, "written": records.written}
    told |= {"verdict": outcome.verdict.__dict__, "said": list(records.said.values())}
    (folder / "records.json").write_text(as_json(told))


@contextlib.asynccontextmanager
async def _going(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run beside the block; an error of it ends the block too."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(work)
        yield
        task.cancel()

"""One room: signals in, effects out. Pure; all time comes in as `now`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from devices.model import Device, DeviceEvent, Profile, Quality, Reading, Value
from edge.rooms import keeping, view
from edge.rooms.cells import EVENTS, FAR, Cells
from edge.rooms.climate import Climate
from edge.rooms.conditions import Conditions
from edge.rooms.faults import Faults
from edge.rooms.intake import Intake
from edge.rooms.lessons import Lessons
from edge.rooms.packing import pack, unpack
from edge.rooms.parameters import RoomParameters
from edge.rooms.people import People
from edge.rooms.points import Marks, Points
from edge.rooms.signals import DeviceHeard, Effect, Override, RoomChanged, RoomFacts, Signal, Tick

ANSWERS = {"occupancy": {"unknown", "vacant", "occupied"}, "request": {"none", "dnd", "mur"}}
LONG_AGO = datetime.min.replace(tzinfo=UTC)
MOST_TIMERS = 1000


@dataclass(frozen=True, slots=True)
class RoomDevice:
    """A device of the room with its profile."""

    device: Device
    profile: Profile


class Room:
    """The sensed state of one room. Number "": the house itself, which has faults only.

    `version` grows with every change of something shown. Not thread-safe; never waits; wrong input never raises.
    """

    def __init__(
        self, number: str, devices: Sequence[RoomDevice] = (), parameters: RoomParameters | None = None
    ) -> None:
        self.number = number
        self.parameters = parameters or RoomParameters()
        self.version = 0
        self.facts: RoomFacts | None = None
        self._checked_out: datetime | None = None
        self._manual: dict[str, view.ManualAnswer] = {}
        self._now = LONG_AGO
        self._due = FAR
        self._restored = False
        self._refresh = timedelta(seconds=self.parameters.refresh_seconds)
        self._refresh_at = LONG_AGO
        self._marks = Marks()
        self._lessons = keeping.PackedLessons()
        self._cells = Cells()
        self._people = People(number, self.parameters, self._cells, self._emit)
        self._conditions = Conditions(number, self._emit, self._priority)
        self._climate = Climate(self.parameters, self._cells)
        self._faults = Faults(self.parameters, self._cells, self._climate, self._conditions)
        self._points = Points(number, self._people, self._faults, self._marks)
        self._intake = Intake(self._cells, self._points, self._faults, self._marks)
        self._others: dict[type, Callable[[Any, datetime], None]] = {
            DeviceEvent: self._points.event,
            RoomFacts: self._learn,
            Override: self._override,
            DeviceHeard: self._intake.health,
            Tick: lambda _signal, _now: None,
        }
        for item in devices:
            self._faults.profiles[item.device.id] = item.profile
            for name, spec in item.profile.points.items():
                self._intake.add(item.device.id, name, spec)

    def take(self, signal: Signal, now: datetime) -> list[Effect]:
        """Take one signal at `now` (UTC); timers that are due run first. An earlier `now` counts as the last one."""
        if now < self._now:
            now = self._now
        self._now = now
        if self._restored:
            self._wake(now)
        if now >= self._due:
            self._run_timers(now)
        if type(signal) is Reading:
            self._intake.reading(signal, now)
            if now >= self._refresh_at:
                self._marks.changed = True
        else:
            self._other(signal, now)
        if self._conditions.soonest < self._due:
            self._due = self._conditions.soonest
        marks = self._marks
        if marks.changed or marks.retime or marks.out:
            return self._finish(now)
        return []

    @property
    def occupancy(self) -> str:
        """The answer as shown: by hand, else detected."""
        manual = self._manual.get("occupancy")
        return manual.value if manual is not None else self._people.occupancy.question.answer

    def reported(self, device: str, point: str) -> Value:
        """What a device said last of a point, however old; None: nothing, or nothing good."""
        cell = self._cells.get(device, point)
        return None if cell is None or cell.quality is Quality.BAD else cell.value

    def current(self, device: str, point: str) -> Value:
        """What a point is now; None where that is not known: nothing heard, bad, stale, or an old event."""
        cell = self._cells.get(device, point)
        if cell is None or cell.quality is Quality.BAD or cell.lapsed or (point in EVENTS and not cell.live):
            return None
        return cell.value

    def misses(self, device: str) -> bool:
        """Whether a device, or its line, is known to be away."""
        return device in self._cells.offline

    def next_due(self) -> datetime | None:
        """When to send the next `Tick` at the latest; None: time alone changes nothing. May be a little early."""
        return None if self._due == FAR else self._due

    def view(self, now: datetime) -> dict[str, Any]:
        """The whole sensed state, in the shape of the link's up/room body (instants as datetime)."""
        question, cleaning = self._people.occupancy.question, self._people.cleaning.state
        manual = self._manual
        around = view.Around(
            question,
            self._people.occupancy.confidence(now),
            self._cells,
            self.facts,
            self._checked_out,
            self._people.visits.visit,
            manual.get("occupancy"),
        )
        return {
            "room": self.number,
            "version": self.version,
            "at": now,
            "occupancy": view.occupancy(around),
            "cleaning": {"phase": cleaning.phase, "by": cleaning.by, "since": cleaning.since},
            "request": view.request(self._cells, manual.get("request")),
            "door": view.point(self._cells, "door"),
            "lock": view.point(self._cells, "lock"),
            "climate": self._climate.view(),
            "conditions": self._conditions.kinds(),
        }

    def snapshot(self) -> dict[str, Any]:
        """Everything that a restart must keep, as plain JSON values."""
        people, faults = self._people, self._faults
        state = keeping.RoomState(
            keeping.FORMAT, self.version, None if self._now == LONG_AGO else self._now,
            people.occupancy.question, people.occupancy.before[0], people.cleaning.state, self._conditions.state,
            people.visits.visit, [keeping.CellState.of(cell) for cell in self._cells.all.values()],
            self._cells.offline, faults.slept, faults.last_entry, self.facts, self._checked_out, self._manual,
            people.occupancy.belief.state, people.occupancy.before[1],
        )  # fmt: skip
        packed: dict[str, Any] = pack(state)
        return packed | {"lessons": self._lessons.of(people.occupancy.belief.lessons)}

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Go on from a snapshot: same answers with their true ages, stale until heard again.

        Raises ValueError, TypeError or KeyError when it is none; the room is then as before.
        """
        state: keeping.RoomState = unpack(keeping.RoomState, snapshot)
        if state.format not in keeping.READABLE:
            raise ValueError(f"snapshot format {state.format} is not {keeping.FORMAT}")
        people, faults = self._people, self._faults
        self.version, self._now = state.version + 1, state.now or LONG_AGO
        belief = state.belief or keeping.belief_of(state.question)
        people.occupancy.resume(state.question, belief, (state.before, state.belief_before or belief))
        people.occupancy.belief.lessons = unpack(Lessons, snapshot.get("lessons", {}))
        people.cleaning.state, people.visits.visit = state.cleaning, state.visit
        self._conditions.state = state.conditions
        self._cells.offline, faults.slept, faults.last_entry = state.offline, state.slept, state.last_entry
        self._checked_out, self._manual = state.checked_out, state.manual
        for kept in state.cells:
            cell = self._cells.get(kept.device, kept.point) or self._intake.add(kept.device, kept.point)
            kept.fill(cell)
            faults.resume(cell)
        self.facts = state.facts
        people.learn(state.facts)
        people.resume(state.now)
        faults.recall()
        self._conditions.retime()
        self._restored = self._marks.changed = True
        self._retime()

    def _other(self, signal: Signal, now: datetime) -> None:
        handler = self._others.get(type(signal))
        if handler is not None:
            handler(signal, now)

    def _learn(self, facts: RoomFacts, now: datetime) -> None:
        before, self.facts = self.facts, facts
        if facts == before:
            return
        self._people.learn(facts)
        if before is not None and before.rented and (not facts.rented or facts.stay != before.stay):
            self._checked_out = now
        if facts.rented:
            self._checked_out = None
        if before is not None and facts.stay != before.stay:
            self._people.cleaning.forget()
        self._marks.shown(changed=True)

    def _override(self, override: Override, now: datetime) -> None:
        allowed = ANSWERS.get(override.answer)
        if allowed is None or (override.value is not None and override.value not in allowed):
            return
        past = override.until is not None and override.until <= now
        if override.value is None or past:
            gone = self._manual.pop(override.answer, None)
            self._marks.shown(changed=gone is not None)
            return
        self._manual[override.answer] = view.ManualAnswer(override.value, override.by, now, override.until)
        self._marks.shown(changed=True)

    def _emit(self, effect: Effect) -> None:
        self._marks.out.append(effect)
        self._marks.changed = True

    def _priority(self, kind: str, device: str | None) -> str:
        occupied = self._people.occupancy.question.answer == "occupied"
        return self._faults.priority(kind, device, occupied=occupied)

    def _wake(self, now: datetime) -> None:
        self._restored = False
        self._people.wake(now)
        self._retime()

    def _run_timers(self, now: datetime) -> None:
        for _ in range(MOST_TIMERS):
            if self._due > now:
                return
            self._tick(self._due)
            self._retime()

    def _tick(self, at: datetime) -> None:
        staff = self._points.staff_inside()
        if self._cells.lapse(at):
            self._marks.changed = True
        changed = self._people.see(at)
        if self.number:
            changed |= self._people.tick(at)
        if staff and not self._points.staff_inside():
            self._faults.doors(at, staff=False)
        self._conditions.tick(at)
        for answer in [name for name, manual in self._manual.items() if (manual.until or FAR) <= at]:
            del self._manual[answer]
            changed = True
        self._marks.changed |= changed

    def _retime(self) -> None:
        manual = (answer.until or FAR for answer in self._manual.values())
        self._due = min(self._people.due(), self._conditions.soonest, self._cells.due(), *manual)

    def _finish(self, now: datetime) -> list[Effect]:
        marks = self._marks
        if marks.retime:
            marks.changed |= self._people.see(now)
            self._retime()
        out, changed = list(marks.out), marks.changed
        marks.out.clear()
        marks.changed = marks.retime = False
        if changed:
            self.version += 1
            self._refresh_at = now + self._refresh
            if self.number:
                out.append(RoomChanged(self.number))
        return out

"""One room: signals in, effects out. Pure; all time comes in as `now`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from devices.model import DeviceEvent, Quality, Reading, Value
from edge.rooms import keeping
from edge.rooms.attended import Attended
from edge.rooms.cells import EVENTS, FAR, Cells
from edge.rooms.climate import Climate
from edge.rooms.conditions import Chatter, Conditions
from edge.rooms.faults import Faults
from edge.rooms.fitting import Fitting, RoomDevice
from edge.rooms.intake import Intake
from edge.rooms.late import LateAccess
from edge.rooms.lessons import Lessons
from edge.rooms.manual import Manual
from edge.rooms.packing import pack, unpack
from edge.rooms.parameters import RoomParameters
from edge.rooms.points import Marks, Points
from edge.rooms.signals import DeviceHeard, Effect, Ordered, Override, RoomChanged, RoomFacts, Signal, Tick
from edge.rooms.spans import minutes, seconds
from edge.rooms.view import Answer, Showing

__all__ = ["Room", "RoomDevice"]

LONG_AGO = datetime.min.replace(tzinfo=UTC)
MOST_TIMERS = 1000


class Room:
    """The sensed state of one room. Number "": the house itself, which has faults only.

    `version` grows with every change of something shown, `story` where that may be more than a figure (degrees, ppm).
    Not thread-safe; never waits; wrong input never raises.
    """

    __slots__ = (
        "_cells", "_checked_out", "_climate", "_conditions", "_due", "_faults", "_fitting", "_intake", "_late",
        "_lessons", "_manual", "_marks", "_now", "_people", "_points", "_refresh", "_refresh_at", "_restored", "_shown",
        "_spares", "facts", "number", "parameters", "story", "version",
    )  # fmt: skip

    def __init__(
        self, number: str, devices: Sequence[RoomDevice] = (), parameters: RoomParameters | None = None
    ) -> None:
        self.number = number
        self.parameters = parameters or RoomParameters()
        self.version = self.story = 0
        self.facts: RoomFacts | None = None
        self._checked_out: datetime | None = None
        self._manual = Manual()
        self._now = LONG_AGO
        self._due = FAR
        self._restored = False
        self._refresh = seconds(self.parameters.refresh_seconds)
        self._refresh_at = LONG_AGO
        self._marks = Marks()
        self._lessons = keeping.PackedLessons()
        self._cells = Cells()
        self._people = Attended(number, self.parameters, self._cells, self._emit)
        chatter = Chatter(self.parameters.chatter_times, minutes(self.parameters.chatter_quiet_minutes))
        self._conditions = Conditions(number, self._emit, self._priority, chatter)
        self._climate = Climate(self.parameters, self._cells)
        self._faults = Faults(self.parameters, self._cells, self._climate, self._conditions)
        self._shown = Showing(self._people, self._cells, self._climate, self._conditions, self._manual)
        self._points = Points(number, self._people, self._faults, self._marks)
        self._intake = Intake(self._cells, self._points, self._faults, self._marks)
        self._late = LateAccess(number, self._marks.out.append)
        self._fitting = Fitting(self._cells, self._faults, self._conditions, self._intake)
        self._fitting.begin(devices)
        self._spares = self._fitting.spares

    def take(self, signal: Signal, now: datetime) -> list[Effect]:
        """Take one signal at `now` (UTC); timers that are due run first. An earlier `now` counts as the last one."""
        if now < self._now:
            now = self._now
        self._now = now
        if self._restored:
            self._wake(now)
        if now >= self._due:
            self._run_timers(now)
        if self._spares and getattr(signal, "device", None) in self._spares:
            pass
        elif type(signal) is Reading:
            self._intake.reading(signal, now)
            if now >= self._refresh_at:
                self._marks.figure = True
        else:
            self._other(signal, now)
        if self._conditions.soonest < self._due:
            self._due = self._conditions.soonest
        marks = self._marks
        if marks.changed or marks.figure or marks.retime or marks.out:
            return self._finish(now)
        return []

    def has(self, devices: Sequence[RoomDevice]) -> bool:
        """Whether these are its devices, as they are."""
        return self._fitting.has(devices)

    def fit(self, devices: Sequence[RoomDevice], now: datetime) -> list[Effect]:
        """From `now` on these are its devices: what is known of those that stay is kept, what hung on others goes."""
        effects = self.take(Tick(), now)
        self._fitting.fit(devices, self._now)
        self._people.occupancy.belief.lessons.of_others({item.device.id for item in devices})
        self._people.see(self._now)
        self._marks.changed = self._marks.retime = True
        return effects + self._finish(self._now)

    @property
    def muted(self) -> bool:
        """People work on the room: it raises nothing."""
        return self._conditions.muted

    @property
    def occupancy(self) -> str:
        """The answer as shown: by hand, else detected."""
        manual = self._manual.answers.get("occupancy")
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
        return {"room": self.number, "version": self.version} | self._shown.body(now, self._checked_out)

    def answer(self, now: datetime) -> Answer:
        """Whether somebody is in, as the view tells it."""
        return self._shown.answer(now)

    def snapshot(self) -> dict[str, Any]:
        """Everything that a restart must keep, as plain JSON values."""
        people, faults = self._people, self._faults
        state = keeping.RoomState(
            keeping.FORMAT, self.version, None if self._now == LONG_AGO else self._now,
            people.occupancy.question, people.occupancy.before[0], people.cleaning.state, self._conditions.state,
            people.visits.visit, [keeping.CellState.of(cell) for cell in self._cells.all.values()],
            self._cells.offline, faults.asleep, faults.last_entry, self.facts, self._checked_out, self._manual.answers,
            wear=faults.wear.state, intrusion=faults.intrusion.state, gaps=faults.gaps.state,
            uncarded=people.uncarded.state, belief=people.occupancy.belief.state,
            belief_before=people.occupancy.before[1],
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
        people.uncarded.state = state.uncarded
        self._conditions.state = state.conditions
        self._cells.offline, faults.asleep, faults.last_entry = state.offline, state.asleep, state.last_entry
        self._checked_out, self._manual.answers = state.checked_out, state.manual
        faults.wear.state, faults.intrusion.state, faults.gaps.state = state.wear, state.intrusion, state.gaps
        for kept in state.cells:
            cell = self._cells.get(kept.device, kept.point) or self._intake.add(kept.device, kept.point)
            kept.fill(cell)
            faults.resume(cell)
        self.facts = state.facts
        faults.intrusion.rented = None if state.facts is None else state.facts.rented
        self._conditions.muted = people.cleaning.off = state.facts is not None and state.facts.maintenance
        people.learn(state.facts)
        people.resume(state.now)
        faults.recall()
        self._conditions.retime()
        self._restored = self._marks.changed = True
        self._retime(self._now)

    def _other(self, signal: Signal, now: datetime) -> None:
        match signal:
            case DeviceEvent():
                if not self._late.take(signal, now):
                    self._points.event(signal, now)
            case RoomFacts():
                self._learn(signal, now)
            case Override():
                self._marks.shown(changed=self._manual.set(signal, now))
            case DeviceHeard():
                self._intake.health(signal, now)
            case Ordered():
                self._intake.ordered(signal)

    def _learn(self, facts: RoomFacts, now: datetime) -> None:
        before, self.facts = self.facts, facts
        if facts == before:
            return
        self._people.learn(facts)
        self._faults.intrusion.rented = facts.rented
        if before is not None and before.rented and (not facts.rented or facts.stay != before.stay):
            self._checked_out = now
            self._faults.intrusion.entered(now)
        if facts.rented:
            self._checked_out = None
        if before is not None and facts.stay != before.stay:
            self._people.cleaning.forget()
        self._people.told(before, facts, now)
        self._maintain(facts, now)
        self._marks.shown(changed=True)

    def _maintain(self, facts: RoomFacts, now: datetime) -> None:
        """People work on the room, or have finished: meanwhile it raises nothing and nobody cleans it."""
        cleaning = self._people.cleaning
        if facts.maintenance and not cleaning.off:
            cleaning.end(now)
            self._conditions.mute(now)
        elif cleaning.off and not facts.maintenance:
            self._conditions.unmute()
        cleaning.off = facts.maintenance

    def _emit(self, effect: Effect) -> None:
        self._marks.out.append(effect)
        self._marks.changed = True

    def _priority(self, kind: str, device: str | None) -> str:
        occupied = self._people.occupancy.question.answer == "occupied"
        return self._faults.priority(kind, device, occupied=occupied)

    def _wake(self, now: datetime) -> None:
        self._restored = False
        self._people.wake(now)
        self._retime(now)

    def _run_timers(self, now: datetime) -> None:
        for _ in range(MOST_TIMERS):
            if self._due > now:
                return
            at = self._due
            self._tick(at)
            self._retime(at)

    def _tick(self, at: datetime) -> None:
        visit = self._people.visits.visit
        if self._cells.lapse(at):
            self._marks.changed = True
        changed = self._people.see(at)
        if self.number:
            changed |= self._people.tick(at)
        if visit is not None and self._people.visits.visit is None:
            self._faults.doors.look(at, None)
        self._conditions.tick(at)
        if self._faults.bury():
            changed |= self._people.see(at)
        changed |= self._manual.expire(at)
        self._marks.changed |= changed

    def _retime(self, at: datetime) -> None:
        self._due = min(self._people.due(at), self._conditions.soonest, self._cells.due(), self._manual.due())

    def _finish(self, now: datetime) -> list[Effect]:
        marks = self._marks
        if marks.retime:
            marks.changed |= self._people.see(now)
            self._retime(now)
        out, changed = list(marks.out), marks.changed or marks.figure
        self.story += marks.changed
        marks.out.clear()
        marks.changed = marks.figure = marks.retime = False
        if changed:
            self.version += 1
            self._refresh_at = now + self._refresh
            if self.number:
                out.append(RoomChanged(self.number))
        return out

"""What a party does during its stay: the plan's outings and nights, and what no plan has: errands, visitors, knocks."""

from collections.abc import Iterator, Sequence
from random import Random

from simulators.plan import Act, Stay, Step
from simulators.truth import Role
from simulators.truth_machine.doings import DAY_S, HOUR_S, MINUTE_S, Calendar, Deed, Doing, hour_of
from simulators.truth_machine.parameters import Guests
from simulators.truth_machine.timeline import ASLEEP, IN, OUT, Timeline

FROM_DESK_S = 240.0
PLACES = {Act.LEAVE: OUT, Act.RETURN: IN, Act.SLEEP: ASLEEP, Act.WAKE: IN, Act.DEPART: OUT}
REQUESTS = {Act.DND: "dnd", Act.MUR: "mur", Act.QUIET_OFF: "none"}
JOIN_S = 2 * HOUR_S
"""Two whose returns are so close wait for each other."""
SAME_DOOR_S = 180.0
"""Those of a party who leave so close together leave together."""


class Party:
    """One stay. `timelines` say where each guest is; `doings()` what they do."""

    def __init__(self, stay: Stay, steps: Sequence[Step], calendar: Calendar, habits: Guests, seed: str) -> None:
        self.stay = stay
        self.room = stay.room
        self.arrival, self.departure = calendar.seconds(stay.arrival), calendar.seconds(stay.departure)
        self.names = tuple(f"{stay.key}/{name}" for name in stay.guests)
        self.timelines = {name: Timeline() for name in self.names}
        self.random = Random(f"{seed}/{stay.key}/party")
        self.cheats = self.random.random() < habits.cheats
        self.quiet: list[tuple[float, str]] = []  # the requests, in order
        self._habits = habits
        self._extra: list[Doing] = []
        self._take(steps, calendar)
        self._mornings()
        self._whims()

    def inside(self, at: float) -> list[str]:
        """Who is in the room, by the plan."""
        return [name for name, timeline in self.timelines.items() if timeline.place(at) != OUT]

    def request(self, at: float) -> str:
        """What the panel by the door says."""
        return next((value for when, value in reversed(self.quiet) if when <= at), "none")

    def doings(self) -> list[Doing]:
        """Everything, in order of time."""
        came = self.arrival + FROM_DESK_S
        found = [
            Doing(self.arrival, Deed.CHECK_IN, self.names, value=self.stay.key),
            Doing(came, Deed.COME, self.names, key="guest", open_s=self.random.uniform(5, 40)),
            *(Doing(at, Deed.REQUEST, value=value) for at, value in self.quiet),
            *self._nights(),
            *self._ways(came),
            *self._extra,
            *self._ends(),
        ]
        return sorted(found, key=lambda doing: doing.at)

    def _take(self, steps: Sequence[Step], calendar: Calendar) -> None:
        names = dict(zip(self.stay.guests, self.names, strict=True))
        for name in self.names:
            self.timelines[name].put(self.arrival + FROM_DESK_S, IN)
        for step in steps:
            at = calendar.seconds(step.at)
            if step.act in REQUESTS:
                self.quiet.append((at, REQUESTS[step.act]))
            elif step.act in PLACES:
                self.timelines[names[step.who]].put(at, PLACES[step.act])
        first, *others = self.timelines.values()
        returns = [at for at, place in zip(first.times, first.places, strict=True) if place == IN][1:]
        for timeline in others:
            for at in returns:
                if self.random.random() < self._habits.together:
                    timeline.join(at, JOIN_S)

    def _mornings(self) -> None:
        """Breakfast, between waking and the plan's first outing."""
        for day in range(int(self.arrival // DAY_S) + 1, int(self.departure // DAY_S) + 1):
            first: tuple[float, float] | None = None
            for timeline in self.timelines.values():
                hungry = self.random.random() < self._habits.breakfast
                start = day * DAY_S + self.random.uniform(7.2, 8.8) * HOUR_S
                span = (start, start + self.random.uniform(*self._habits.breakfast_minutes) * MINUTE_S)
                if first is not None and self.random.random() < self._habits.together:
                    span = first
                if hungry and self._goes_out(timeline, span):
                    first = span

    def _whims(self) -> None:
        """Errands, visitors, room service, knocks, windows: whatever the day leaves time for."""
        for day in range(int(self.arrival // DAY_S), int(self.departure // DAY_S) + 1):
            for timeline in self.timelines.values():
                if self.random.random() < self._habits.errands:
                    start = day * DAY_S + self.random.uniform(8, 22.5) * HOUR_S
                    minutes = self.random.uniform(*self._habits.errand_minutes)
                    self._goes_out(timeline, (start, start + minutes * MINUTE_S))
                if self.random.random() < self._habits.night_ways:
                    self._wanders(timeline, day * DAY_S + self.random.uniform(22.5, 29.5) * HOUR_S)
            if self.random.random() < self._habits.visitors:
                self._visit(day * DAY_S + self.random.uniform(16, 21) * HOUR_S)
            if self.random.random() < self._habits.room_service:
                self._served(day * DAY_S + self.random.uniform(7, 22) * HOUR_S)
            if self.random.random() < self._habits.answered_doors:
                self._answers(day * DAY_S + self.random.uniform(8, 21) * HOUR_S)
            if self.random.random() < self._habits.windows:
                self._airs(day * DAY_S + self.random.uniform(7, 20) * HOUR_S)

    def _goes_out(self, timeline: Timeline, span: tuple[float, float]) -> bool:
        if not timeline.free(*span):
            return False
        timeline.put(span[0], OUT)
        timeline.put(span[1], IN)
        return True

    def _wanders(self, timeline: Timeline, start: float) -> None:
        """Up in the night, out, and back to bed."""
        end = start + self.random.uniform(*self._habits.night_minutes) * MINUTE_S
        up, down = start - 120, end + 600
        if timeline.place(up) == ASLEEP and timeline.next_change(up) > down + 600:
            for at, place in ((up, IN), (start, OUT), (end, IN), (down, ASLEEP)):
                timeline.put(at, place)

    def _host(self, start: float, end: float) -> bool:
        return any(timeline.free(start, end) for timeline in self.timelines.values())

    def _visit(self, start: float) -> None:
        end = start + self.random.uniform(*self._habits.visit_minutes) * MINUTE_S
        who = tuple(f"{self.stay.key}/visitor {start:.0f}/{n}" for n in range(self.random.choice((1, 1, 2))))
        if self._host(start, end):
            self._extra.append(Doing(start, Deed.COME, who, Role.VISITOR, open_s=8.0))
            self._extra.append(Doing(end, Deed.GO, who, Role.VISITOR, open_s=self.random.uniform(5, 60)))

    def _served(self, start: float) -> None:
        end, who = start + self.random.uniform(2, 6) * MINUTE_S, (f"{self.stay.key}/service {start:.0f}",)
        if self._host(start, end):
            self._extra.append(Doing(start, Deed.COME, who, Role.SERVICE, open_s=8.0))
            self._extra.append(Doing(end, Deed.GO, who, Role.SERVICE, open_s=6.0))

    def _answers(self, start: float) -> None:
        if self._host(start, start + MINUTE_S):
            self._extra.append(Doing(start, Deed.KNOCK, open_s=self.random.uniform(5, 90)))

    def _airs(self, start: float) -> None:
        end = start + self.random.uniform(10, 60) * MINUTE_S
        if self._host(start, end):
            self._extra.append(Doing(start, Deed.WINDOW, value="open"))
            self._extra.append(Doing(end, Deed.WINDOW, value="closed"))

    def _nights(self) -> Iterator[Doing]:
        for name, timeline in self.timelines.items():
            before = OUT
            for at, place in zip(timeline.times, timeline.places, strict=True):
                if place == ASLEEP:
                    yield Doing(at, Deed.SLEEP, (name,))
                    if self.random.random() < self._habits.bolted:
                        yield Doing(at + 30, Deed.BOLT, (name,))
                elif before == ASLEEP:
                    yield Doing(at, Deed.WAKE, (name,))
                before = place

    def _ways(self, came: float) -> Iterator[Doing]:
        """Out and in, those who go the same way at the same time through one door."""
        ways = sorted(
            (at, place == OUT, name)
            for name, timeline in self.timelines.items()
            for at, place, before in zip(timeline.times, timeline.places, [OUT, *timeline.places], strict=False)
            if at > came and OUT in (place, before) and place != before
        )
        while ways:
            at, out, _ = ways[0]
            group = [way for way in ways if way[1] == out and way[0] - at <= (SAME_DOOR_S if out else 60.0)]
            ways = [way for way in ways if way not in group]
            yield self._way(group[-1][0], tuple(name for _, _, name in group), out=out)

    def _way(self, at: float, who: tuple[str, ...], *, out: bool) -> Doing:
        open_s = self.random.uniform(3, 9)
        if out:
            return Doing(at, Deed.GO, who, open_s=open_s)
        hosts = (self.timelines[name].place(at) == IN for name in self.names if name not in who)
        knocks = any(list(hosts)) and self.random.random() < self._habits.let_in
        return Doing(at, Deed.COME, who, key=None if knocks else "guest", open_s=open_s)

    def _ends(self) -> Iterator[Doing]:
        """Due out at midnight; the books are closed when the last one has passed the desk, or later."""
        yield Doing(max(self.departure // DAY_S * DAY_S, self.arrival + 1), Deed.DUE_OUT)
        wait = self.random.uniform(5, 20) * MINUTE_S
        if self.random.random() < self._habits.late_check_out and hour_of(self.departure) < 12:
            wait += self.random.uniform(1, 2) * HOUR_S
        last = self.departure + 40 * len(self.names)
        yield Doing(last + SAME_DOOR_S, Deed.REQUEST, value="none")
        yield Doing(last + SAME_DOOR_S + wait, Deed.CHECK_OUT)

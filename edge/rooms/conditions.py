"""Faults that are there or not: on and off delays, one raise and one clear each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from edge.rooms.cells import FAR
from edge.rooms.signals import ConditionCleared, ConditionRaised, Effect, Evidence

AT_ONCE = timedelta(0)
CHATTER_WITHIN = timedelta(minutes=1)


class Chatter(NamedTuple):
    """A fault raised `times` within a minute chatters: it is cleared only after `quiet` without it."""

    times: int
    quiet: timedelta


USUAL_CHATTER = Chatter(3, timedelta(minutes=10))


class Fault(NamedTuple):
    """What may be wrong: `part` tells apart the points of one device."""

    kind: str
    device: str | None = None
    part: str = ""


@dataclass(slots=True)
class Standing:
    """A condition that is raised, or on its way to be."""

    kind: str
    device: str | None
    at: datetime  # raised at; while rising: when it will be
    evidence: tuple[Evidence, ...] = ()


@dataclass(slots=True)
class ConditionsState:
    """Everything that a restart must keep."""

    raised: dict[str, Standing]
    rising: dict[str, Standing]
    falling: dict[str, datetime]
    raises: dict[str, list[datetime]] = field(default_factory=dict)  # within the last minute, by key


class Conditions:
    """The conditions of one room. `soonest` is never later than the next timer.

    A muted room goes on watching and tells of nothing: what stands when it is unmuted is raised then.
    """

    __slots__ = ("_chatter", "_emit", "_priority", "_room", "muted", "soonest", "state")

    def __init__(
        self,
        room: str,
        emit: Callable[[Effect], None],
        priority: Callable[[str, str | None], str],
        chatter: Chatter = USUAL_CHATTER,
    ) -> None:
        self._room = room or None
        self._emit = emit
        self._priority = priority
        self._chatter = chatter
        self.state = ConditionsState({}, {}, {})
        self.soonest = FAR
        self.muted = False

    def key(self, fault: Fault) -> str:
        """The stable name of a fault: the same fault is one alert."""
        place = fault.device or self._room or "house"
        return f"{fault.kind}:{place}/{fault.part}" if fault.part else f"{fault.kind}:{place}"

    def present(
        self, fault: Fault, now: datetime, delay: timedelta = AT_ONCE, evidence: tuple[Evidence, ...] = ()
    ) -> None:
        """The fault shows; it is raised when it has shown for `delay`."""
        key = self.key(fault)
        self.state.falling.pop(key, None)
        if key in self.state.raised:
            return
        if delay <= AT_ONCE:
            self.state.rising.pop(key, None)
            self._raise(key, Standing(fault.kind, fault.device, now, evidence))
        elif key not in self.state.rising:
            self.state.rising[key] = Standing(fault.kind, fault.device, now + delay, evidence)
            self.soonest = min(self.soonest, now + delay)

    def absent(self, fault: Fault, now: datetime, delay: timedelta = AT_ONCE) -> None:
        """The fault does not show; it is cleared when it has not shown for `delay`."""
        key = self.key(fault)
        self.state.rising.pop(key, None)
        if key not in self.state.raised or key in self.state.falling:
            return
        if self._chatters(key):
            delay = max(delay, self._chatter.quiet)
        if delay <= AT_ONCE:
            self._clear(key)
        else:
            self.state.falling[key] = now + delay
            self.soonest = min(self.soonest, now + delay)

    def happened(self, fault: Fault, now: datetime, hold: timedelta, evidence: tuple[Evidence, ...] = ()) -> None:
        """The fault is an event: it stands for `hold` after the last one."""
        self.present(fault, now, evidence=evidence)
        self.absent(fault, now, hold)

    def mute(self, now: datetime) -> None:
        """Tell of nothing from here on; what stands counts as gone for whoever was told of it."""
        if self.muted:
            return
        self.muted = True
        why = (Evidence("maintenance", now),)
        for key, standing in self.state.raised.items():
            self._emit(ConditionCleared(key, standing.kind, self._room, standing.device, why))

    def unmute(self) -> None:
        """Tell again, of what stands now first."""
        if not self.muted:
            return
        self.muted = False
        for key, standing in self.state.raised.items():
            self._tell(key, standing)

    def suspend(self, fault: Fault) -> None:
        """Nothing can be said now: a fault on its way is forgotten, one that stands keeps standing."""
        self.state.rising.pop(self.key(fault), None)

    def is_raised(self, fault: Fault) -> bool:
        """Is the fault standing?"""
        return self.key(fault) in self.state.raised

    def is_rising(self, fault: Fault) -> bool:
        """Does it show, but not for long enough yet?"""
        return self.key(fault) in self.state.rising

    def withdraw(self, device: str, why: Evidence, gone: Callable[[str, str], bool]) -> None:
        """Of a device's faults those go of which `gone(key, kind)`."""
        state = self.state
        own = {key: one.kind for key, one in (state.rising | state.raised).items() if one.device == device}
        for key in [key for key, kind in own.items() if gone(key, kind)]:
            state.rising.pop(key, None)
            state.falling.pop(key, None)
            if key in state.raised:
                self._clear(key, (why,))

    def kinds(self) -> list[str]:
        """The kinds now present, each once; none while muted."""
        if self.muted:
            return []
        return sorted({standing.kind for standing in self.state.raised.values()})

    def tick(self, now: datetime) -> None:
        """Raise and clear what is due."""
        for key in [key for key, standing in self.state.rising.items() if standing.at <= now]:
            self._raise(key, self.state.rising.pop(key))
        for key in [key for key, due in self.state.falling.items() if due <= now]:
            del self.state.falling[key]
            self._clear(key)
        self.retime()

    def retime(self) -> None:
        """Count `soonest` anew."""
        rising = (standing.at for standing in self.state.rising.values())
        self.soonest = min((*rising, *self.state.falling.values()), default=FAR)

    def _chatters(self, key: str) -> bool:
        return len(self.state.raises.get(key, ())) >= self._chatter.times

    def _remember(self, key: str, at: datetime) -> None:
        """Note the raise; what was raised longer ago than a minute is forgotten, of every fault."""
        raises = {
            one: [when for when in past if at - when <= CHATTER_WITHIN] for one, past in self.state.raises.items()
        }
        raises[key] = [*raises.get(key, ()), at]
        self.state.raises = {one: past for one, past in raises.items() if past}

    def _raise(self, key: str, standing: Standing) -> None:
        self._remember(key, standing.at)
        if self._chatters(key):
            often = Evidence("chattering", standing.at, {"times": len(self.state.raises[key])})
            standing.evidence = (*standing.evidence, often)
        self.state.raised[key] = standing
        if not self.muted:
            self._tell(key, standing)

    def _tell(self, key: str, standing: Standing) -> None:
        priority = self._priority(standing.kind, standing.device)
        self._emit(ConditionRaised(key, standing.kind, self._room, standing.device, priority, standing.evidence))

    def _clear(self, key: str, why: tuple[Evidence, ...] = ()) -> None:
        standing = self.state.raised.pop(key)
        if not self.muted:
            self._emit(ConditionCleared(key, standing.kind, self._room, standing.device, why))

"""Which devices are there: by what they say, by their silence, by the state of their line. Pure: `now` is given.

A battery device is heard (passive): it is gone when it was silent for longer than its profile allows. A mains device
can be asked (active): after ten minutes of silence it is, twice; one that used to answer and does not now is gone.
Silence is counted while somebody listened: neither a restart nor the time of an outage makes a device silent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from zlib import crc32

from devices.model import Device, Power, Profile

Changed = Callable[[str, bool, str | None], None]
"""Device, is it there, and the id of the line (or the name of the bridge) when that is why."""
Ask = Callable[[str], bool]
"""Ask a device for its state, without waiting; False: it cannot be asked."""

ACTIVE = timedelta(minutes=10)
ANSWER = timedelta(seconds=30)
PROMPT = timedelta(seconds=10)
"""What is heard so soon after a question is taken for its answer, later ones for a report that was due anyway."""
TRIES = 2
SPREAD_S = 30
"""Devices that fell silent together are not asked together."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=15), timedelta(hours=2)
"""Between questions to a device that is gone."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a run leaves to the next one of a device. `silent`: for too long; `quiet`: how long, as counted."""

    heard: datetime | None
    silent: bool
    quiet: timedelta


@dataclass(frozen=True, slots=True)
class Changes:
    """A change: devices in whose place others are, those in another room; and the lines that are down."""

    exchanged: frozenset[str] = frozenset()
    moved: frozenset[str] = frozenset()
    lines_down: frozenset[str] = frozenset()


NOTHING_REMEMBERED: Mapping[str, Memory] = MappingProxyType({})


def never(_device: str) -> bool:
    """Nobody can be asked."""
    return False


@dataclass(slots=True)
class Standing:
    """What is known of one device. `online` is what was told last; None: nothing yet."""

    device: str
    line: str
    silence: timedelta | None
    expected_since: datetime
    active: bool = False  # it has mains power: it can be asked
    heard: datetime | None = None
    said: bool | None = None  # what the device or its bridge says of itself
    silent: bool = False
    line_down: bool = False
    parent_down: bool = False
    online: bool | None = None
    asked: int = 0
    asked_at: datetime | None = None
    ask_at: datetime | None = None  # when to ask (again)
    pause: timedelta = FIRST_PAUSE
    answers: bool = False  # it has answered a question before

    def judged(self) -> bool | None:
        """Is the device there? None: nobody can tell yet."""
        if self.line_down or self.parent_down or self.silent or self.said is False:
            return False
        return True if self.said or self.heard else None

    def speaks(self, now: datetime) -> None:
        """It was heard."""
        self.heard = now
        if self.asked_at is not None:
            self.answers = self.answers or now - self.asked_at <= PROMPT
        self.count_anew()

    def count_anew(self) -> None:
        """No question is open."""
        self.asked, self.asked_at, self.ask_at, self.pause = 0, None, None, FIRST_PAUSE

    def quiet_since(self) -> datetime:
        """From when on its silence counts."""
        return max(self.heard or self.expected_since, self.expected_since)


class Liveness:
    """Tells each change once. A line that is down is the cause of its devices' absence; each comes back with it."""

    def __init__(
        self,
        members: Sequence[tuple[Device, Profile]],
        changed: Changed,
        now: datetime,
        ask: Ask = never,
        remembered: Mapping[str, Memory] = NOTHING_REMEMBERED,
    ) -> None:
        self._changed = changed
        self._ask = ask
        self._standings = {
            device.id: Standing(device.id, device.line, _silence(profile), now, profile.power is Power.MAINS)
            for device, profile in members
        }
        for name, memory in remembered.items():
            if name in self._standings:
                _remember(self._standings[name], memory, now)

    def change(self, members: Sequence[tuple[Device, Profile]], change: Changes, now: datetime) -> None:
        """Other devices from now on. Of those that stay everything is known that was known.

        One in another's place has the name and what was told of it, and is there when it speaks itself.
        """
        before, self._standings = self._standings, {}
        for device, profile in members:
            standing, old = before.get(device.id), before.get(device.id)
            if standing is None or device.id in change.exchanged:
                standing = Standing(device.id, device.line, _silence(profile), now, profile.power is Power.MAINS)
                if old is not None:
                    standing.heard, standing.silent, standing.online = old.heard, old.silent, old.online
                standing.line_down = device.line in change.lines_down
            self._standings[device.id] = standing
            if standing.line_down and standing.online is not False:
                self._judge(standing, device.line)

    def cause(self, device: str) -> str | None:
        """The line whose absence is why the device is away."""
        standing = self._standings[device]
        return standing.line if standing.line_down else None

    def online(self, device: str) -> bool | None:
        """What was told last."""
        return self._standings[device].online

    def last_heard(self, device: str) -> datetime | None:
        """When it was, in this run or an earlier one."""
        return self._standings[device].heard

    def memories(self, now: datetime) -> dict[str, Memory]:
        """What the next run is to know, of those there is something to know of."""
        known = (one for one in self._standings.values() if one.heard or one.silent)
        return {one.device: Memory(one.heard, one.silent, now - one.quiet_since()) for one in known}

    def heard(self, device: str, now: datetime) -> None:
        """A live message of the device."""
        standing = self._standings[device]
        standing.speaks(now)
        if standing.online is not True or standing.silent:
            standing.silent = standing.parent_down = False
            if standing.said is False:
                standing.said = None  # it speaks: what its bridge said before is overtaken
            self._judge(standing)

    def said(self, device: str, *, online: bool) -> None:
        """The device or its bridge says whether it is there."""
        standing = self._standings[device]
        standing.said = online
        if online:
            standing.silent = False
        self._judge(standing)

    def missed(self, device: str) -> None:
        """The device was asked often enough and did not answer."""
        standing = self._standings[device]
        standing.silent = True
        self._judge(standing)

    def line_changed(self, line: str, now: datetime, *, up: bool) -> None:
        """A line is down, or up again: silence is counted anew from here."""
        for standing in self._standings.values():
            if standing.line == line and standing.line_down is up:
                standing.line_down = not up
                self._count_anew(standing, now)
                self._judge(standing, line)

    def parent_changed(self, parent: str, devices: Sequence[str], now: datetime, *, up: bool) -> None:
        """What stands between the line and these devices (a bridge) is gone, or back."""
        for standing in (self._standings[device] for device in devices):
            if standing.parent_down is up:
                standing.parent_down = not up
                self._count_anew(standing, now)
                self._judge(standing, parent)

    def clock_jumped(self, now: datetime) -> None:
        """The clock was set: what was measured before counts for nothing, silence is counted anew from here."""
        for standing in self._standings.values():
            self._count_anew(standing, now)
            if standing.heard:
                standing.heard = min(standing.heard, now)

    def look(self, now: datetime) -> None:
        """Find the devices that have been silent for too long; ask those that can be asked."""
        for standing in self._standings.values():
            if standing.line_down or standing.parent_down:
                continue
            due = standing.active and (standing.silent or now - standing.quiet_since() > ACTIVE)
            refused = due and self._unanswered(standing, now)
            if standing.silence is None or standing.silent:
                continue
            if now - standing.quiet_since() > standing.silence or (refused and standing.answers):
                standing.silent = True
                self._judge(standing)

    def _unanswered(self, standing: Standing, now: datetime) -> bool:
        """Ask when it is time; whether it was asked often enough and the time for an answer is over."""
        if standing.ask_at is None:
            standing.ask_at = now + timedelta(seconds=crc32(standing.device.encode()) % SPREAD_S)
        if now < standing.ask_at:
            return False
        over = standing.asked >= TRIES
        standing.asked, standing.asked_at = standing.asked + 1, now
        if standing.asked < TRIES + 1:
            standing.ask_at = now + ANSWER
        else:
            standing.ask_at = now + standing.pause
            standing.pause = min(2 * standing.pause, LONGEST_PAUSE)
        if not self._ask(standing.device):
            standing.count_anew()
            standing.ask_at = now + FIRST_PAUSE
        return over and standing.asked > 0

    @staticmethod
    def _count_anew(standing: Standing, now: datetime) -> None:
        standing.expected_since = now
        standing.count_anew()

    def _judge(self, standing: Standing, cause: str | None = None) -> None:
        online = standing.judged()
        if online is None:
            if standing.online is not False:
                return
            online = True  # its line is back and nothing speaks against it
        if online is not standing.online:
            standing.online = online
            self._changed(standing.device, online, cause)


def _remember(standing: Standing, memory: Memory, now: datetime) -> None:
    """Go on counting where the last run stopped: the time between does not count."""
    standing.silent = memory.silent
    standing.online = False if memory.silent else None
    standing.expected_since = now - max(memory.quiet, timedelta(0))
    if memory.heard is not None:
        standing.heard = min(memory.heard, standing.expected_since)


def _silence(profile: Profile) -> timedelta | None:
    return None if profile.offline_after_s is None else timedelta(seconds=profile.offline_after_s)

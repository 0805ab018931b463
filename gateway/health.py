"""Which devices are there: by what they say, by their silence, by the state of their line. Pure: `now` is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.model import Device, Profile

Changed = Callable[[str, bool, str | None], None]
"""Device, is it there, and the line's id when the line is why."""


@dataclass(slots=True)
class Standing:
    """What is known of one device. `online` is what was told last; None: nothing yet."""

    device: str
    line: str
    silence: timedelta | None
    expected_since: datetime
    heard: datetime | None = None
    said: bool | None = None  # what the device or its bridge says of itself
    silent: bool = False
    line_down: bool = False
    online: bool | None = None

    def judged(self) -> bool | None:
        """Is the device there? None: nobody can tell yet."""
        if self.line_down or self.silent or self.said is False:
            return False
        return True if self.said or self.heard else None


class Liveness:
    """Tells each change once. A line that is down is the cause of its devices' absence; each comes back with it."""

    def __init__(self, members: Sequence[tuple[Device, Profile]], changed: Changed, now: datetime) -> None:
        self._changed = changed
        self._standings = {
            device.id: Standing(device.id, device.line, _silence(profile), now) for device, profile in members
        }

    def online(self, device: str) -> bool | None:
        """What was told last."""
        return self._standings[device].online

    def heard(self, device: str, now: datetime) -> None:
        """A live message of the device."""
        standing = self._standings[device]
        standing.heard = now
        if standing.online is not True or standing.silent:
            standing.silent = False
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
                standing.expected_since = now
                self._judge(standing, line)

    def clock_jumped(self, now: datetime) -> None:
        """The clock was set: what was measured before counts for nothing, silence is counted anew from here."""
        for standing in self._standings.values():
            standing.expected_since = now
            if standing.heard:
                standing.heard = min(standing.heard, now)

    def look(self, now: datetime) -> None:
        """Find the devices that have been silent for too long."""
        for standing in self._standings.values():
            if standing.silence is None or standing.silent or standing.line_down:
                continue
            last = max(standing.heard or standing.expected_since, standing.expected_since)
            if now - last > standing.silence:
                standing.silent = True
                self._judge(standing)

    def _judge(self, standing: Standing, line: str | None = None) -> None:
        online = standing.judged()
        if online is None:
            if standing.online is not False:
                return
            online = True  # its line is back and nothing speaks against it
        if online is not standing.online:
            standing.online = online
            self._changed(standing.device, online, line)


def _silence(profile: Profile) -> timedelta | None:
    return None if profile.offline_after_s is None else timedelta(seconds=profile.offline_after_s)

"""The PN532 at its serial port: waking, acknowledging, answering, and being interrupted, in real time."""

import asyncio
from collections.abc import Callable

from simulators.encoder.card import Card
from simulators.encoder.core import Core, SyntaxFaultError, Wait
from simulators.encoder.field import Field, Moment
from simulators.encoder.frames import ERROR, Ear, Mark, Request, response
from simulators.encoder.voice import Faults, Voice

WAKE_BYTES = 10
"""Bytes that are lost while the oscillator starts, unless they come too slowly for that."""
WAKE_S = 0.002
LATENCY_S = 0.002
"""Real seconds between a command and its answer."""


class Chip:
    """Speaks through `send`. `power_on()` after plugging in, `power_off()` before the port goes."""

    def __init__(self, field: Field, send: Callable[[bytes], None], faults: Faults) -> None:
        self.core = Core(field)
        self.commands: list[int] = []  # the codes of everything it was told
        self.faults = faults
        self.powered = False
        self._field = field
        self._ear = Ear()
        self.voice = Voice(send, faults)
        self._waking: tuple[float, int] | None = None  # since when, how many bytes
        self._timer: asyncio.TimerHandle | None = None
        self._wait: tuple[int, Wait] | None = None
        self._last = b""
        field.watchers.append(self._moment)

    @property
    def damaged(self) -> int:
        """Frames of the host that had a wrong checksum."""
        return self._ear.damaged

    def power_on(self) -> None:
        """Fresh and asleep."""
        self.core = Core(self._field)
        self.powered = True
        self._waking, self._last = None, b""
        self._ear.clear()

    def power_off(self) -> None:
        """Whatever was under way is over."""
        self._stop()
        self.voice.stop()
        self.core = Core(self._field)
        self.powered = False

    def receive(self, data: bytes) -> None:
        """Bytes from the host."""
        if not self.powered or self.faults.silent:
            return
        for heard in self._ear.hear(self._awake(data)):
            self._heard(heard)

    def _awake(self, data: bytes) -> bytes:
        """What is left of the bytes once the chip is awake."""
        if not self.core.sleeping:
            return data
        if not self.core.wakes_by_hsu:
            return b""
        now = asyncio.get_running_loop().time()
        since, lost = self._waking or (now, 0)
        missing = max(WAKE_BYTES - lost, 0) if now - since < WAKE_S else 0
        self._waking = since, lost + len(data)
        if len(data) < missing:
            return b""
        self.core.sleeping, self._waking = False, None
        return data[missing:]

    def _heard(self, heard: Mark | Request) -> None:
        if heard is Mark.NACK:
            self.voice.say(self._last)
        elif isinstance(heard, Request):
            self._stop()
            self._begin(heard)
        else:
            self._stop()
            self.core.acknowledged()

    def _begin(self, request: Request) -> None:
        self.commands.append(request.code)
        loop = asyncio.get_running_loop()
        if self.faults.merged:
            self.voice.hold_acknowledgement()
            self._execute(request)
        else:
            self.voice.acknowledge()
            self._timer = loop.call_later(LATENCY_S + self.faults.slow_s, self._execute, request)

    def _execute(self, request: Request) -> None:
        self._timer = None
        try:
            reply = self.core.execute(request)
        except SyntaxFaultError:
            self._say(ERROR)
            return
        if isinstance(reply, Wait):
            self._look(request.code, reply)
        elif reply is not None and self.powered:
            self._say(response(request.code, reply))

    def _look(self, code: int, wait: Wait) -> None:
        found = wait.found()
        if found is not None:
            self._say(response(code, found))
            return
        self._wait = code, wait
        self.voice.release()
        if wait.seconds is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(wait.seconds, self._gave_up, response(code, wait.nothing))

    def _gave_up(self, frame: bytes) -> None:
        self._stop()
        self._say(frame)

    def _moment(self, moment: Moment, _card: Card) -> None:
        if moment is Moment.PLACED and self._wait is not None:
            code, wait = self._wait
            self._stop()
            self._timer = asyncio.get_running_loop().call_later(LATENCY_S, self._look, code, wait)

    def _say(self, frame: bytes) -> None:
        self._last = frame
        self.voice.say(frame)

    def _stop(self) -> None:
        self._wait = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

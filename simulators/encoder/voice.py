"""How the chip's frames get onto the wire, and everything that may go wrong with them there."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from simulators.encoder.frames import ACK

BYTE_S = 0.001
"""Real seconds between two bytes of a frame that comes in pieces."""


@dataclass(slots=True)
class Faults:
    """What is wrong with the encoder or its cable; the fresh object: nothing."""

    silent: bool = False  # it neither hears nor answers
    garbled: bool = False  # a bit of each frame flips
    lost_acknowledgements: int = 0  # so many of the next ones do not arrive
    slow_s: float = 0.0  # real seconds by which each answer is late
    split: bool = False  # each byte comes alone
    merged: bool = False  # acknowledgement and answer come in one piece
    noise: bytes = b""  # comes before each frame


class Voice:
    """Sends frames through `send`, in order, as the faults have it."""

    def __init__(self, send: Callable[[bytes], None], faults: Faults, seed: int = 1) -> None:
        self.send = send
        self._faults = faults
        self._random = Random(f"{seed}/voice")
        self._held = b""
        self._busy_until = 0.0
        self._timers: set[asyncio.TimerHandle] = set()

    def acknowledge(self) -> None:
        """The command has arrived."""
        self.hold_acknowledgement()
        self.release()

    def hold_acknowledgement(self) -> None:
        """The acknowledgement waits for the answer."""
        if self._faults.lost_acknowledgements:
            self._faults.lost_acknowledgements -= 1
        else:
            self._held = self._as_sent(ACK)

    def release(self) -> None:
        """Send what waits."""
        held, self._held = self._held, b""
        self._put(held)

    def say(self, frame: bytes) -> None:
        """Send a frame, after what waits."""
        held, self._held = self._held, b""
        self._put(held + (self._as_sent(frame) if frame else b""))

    def stop(self) -> None:
        """Nothing more."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._held = b""

    def _as_sent(self, frame: bytes) -> bytes:
        if self._faults.garbled:
            place = self._random.randrange(2, len(frame) - 1)  # anything but the zeros at the ends
            frame = frame[:place] + bytes([frame[place] ^ 1 << self._random.randrange(8)]) + frame[place + 1 :]
        return self._faults.noise + frame

    def _put(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        begin = max(loop.time(), self._busy_until)
        pieces = [data[i : i + 1] for i in range(len(data))] if self._faults.split else [data]
        if len(pieces) <= 1 and begin <= loop.time():
            self.send(data)
            return
        for number, piece in enumerate(pieces):
            self._later(begin + number * BYTE_S, piece)
        self._busy_until = begin + len(pieces) * BYTE_S

    def _later(self, when: float, piece: bytes) -> None:
        def go() -> None:
            self._timers.discard(timer)
            self.send(piece)

        timer = asyncio.get_running_loop().call_at(when, go)
        self._timers.add(timer)

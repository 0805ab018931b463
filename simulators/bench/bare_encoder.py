"""The chip's own part of a key job: what was said to an encoder, said again by a bare loop."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

from simulators.encoder.deck import Deck
from simulators.encoder.encoder import SerialPort, SimulatedEncoder


async def spoken(encoder: SimulatedEncoder, job: Any) -> list[bytes]:
    """What was said to an encoder during a job, piece by piece."""
    said: list[bytes] = []
    heard = encoder.chip.receive

    def listen(data: bytes) -> None:
        said.append(data)
        heard(data)

    encoder.port.on_bytes = listen
    await job
    encoder.port.on_bytes = heard
    return said


async def bare(path: Path, deck: Deck, said: list[bytes]) -> float:
    """The same bytes to a chip with a card, by a loop that reads whatever comes and says the next: milliseconds."""
    encoder = SimulatedEncoder(SerialPort(path))
    await encoder.plug()
    encoder.place(deck.blank())
    try:
        return await asyncio.to_thread(_converse, path, said)
    finally:
        encoder.unplug()


def _converse(path: Path, said: list[bytes]) -> float:
    port = os.open(path, os.O_RDWR | os.O_NOCTTY)
    os.set_blocking(port, True)
    try:
        os.write(port, b"\x55" * 16 + bytes.fromhex("0000ff03fdd41401170000"))  # awake, as the worker keeps it
        _answer(port)
        begun = time.perf_counter()
        for piece in said:
            os.write(port, piece)
            _answer(port)
        return (time.perf_counter() - begun) * 1000
    finally:
        os.close(port)


def _answer(port: int) -> None:
    """Acknowledgement (6 bytes) and answer."""
    got = b""
    while len(got) <= 6 or not got.endswith(b"\x00"):
        got += os.read(port, 512)

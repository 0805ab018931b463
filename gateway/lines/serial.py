"""The serial line: pyserial in a worker thread, only bytes cross. The only file of the gateway that knows pyserial."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import serial

from gateway.lines.byte_line import ByteLine
from gateway.lines.line import LineDownError, LineUser
from gateway.lines.network import cause_of

LOOK_UP_S = 0.5
"""How long the worker reads at most before it looks up; it is woken at once when there is something to do."""

WRITE_S = 2.0


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """A port and how it speaks (8 data bits)."""

    path: Path
    baud: int = 115_200
    parity: str = "N"
    stop_bits: int = 1


class SerialLine(ByteLine):
    """A serial port: down with no_such_port, permission, busy, unplugged; opened again by itself."""

    def __init__(self, line: str, settings: SerialSettings, user: LineUser) -> None:
        super().__init__(line, user)
        self.settings = settings
        self._worker: _Worker | None = None

    async def _session(self) -> None:
        self._worker = worker = _Worker(self.settings, self._opened, self._arrived)
        worker.start()
        try:
            raise await worker.ended
        finally:
            self._worker = None
            worker.stop()

    def _send(self, data: bytes) -> None:
        if self._worker:
            self._worker.send(data)


class _Worker:
    """The thread that owns the port. It calls the loop, never anything else of ours."""

    def __init__(self, settings: SerialSettings, opened: Callable[[], None], arrived: Callable[[bytes], None]) -> None:
        self._settings = settings
        self._opened = opened
        self._arrived = arrived
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[LineDownError] = self._loop.create_future()
        self._port: serial.Serial | None = None
        self._waking = threading.Lock()
        """Held while the port is woken: it is not closed under whoever wakes it."""
        self._outgoing: deque[bytes] = deque()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name=f"serial {settings.path.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def send(self, data: bytes) -> None:
        self._outgoing.append(data)
        self._wake()

    def stop(self) -> None:
        """Let the thread close the port and end; it is woken, so this takes no noticeable time."""
        self._stopping = True
        self._wake()
        self._thread.join(2 * LOOK_UP_S)

    def _wake(self) -> None:
        with self._waking:
            if self._port:
                self._port.cancel_read()

    def _work(self) -> None:
        try:
            port = self._open()
        except OSError as error:  # SerialException is one
            self._tell(self._end, LineDownError(cause_of(error), str(error)))
            return
        try:
            with port:
                self._use(port)
        except OSError as error:
            self._tell(self._end, LineDownError("unplugged", str(error)))
        else:
            self._tell(self._end, LineDownError("closed"))

    def _use(self, port: serial.Serial) -> None:
        self._port = port
        try:
            self._tell(self._opened)
            self._serve(port)
        finally:
            with self._waking:
                self._port = None

    def _open(self) -> serial.Serial:
        settings = self._settings
        return serial.Serial(
            str(settings.path),
            baudrate=settings.baud,
            parity=settings.parity,
            stopbits=settings.stop_bits,
            timeout=LOOK_UP_S,
            write_timeout=WRITE_S,
            exclusive=True,
        )

    def _serve(self, port: serial.Serial) -> None:
        while not self._stopping:
            while self._outgoing:
                port.write(self._outgoing.popleft())
            data = port.read(1)
            if data:
                self._tell(self._arrived, data + port.read(port.in_waiting))

    def _tell(self, what: Callable[..., None], *values: object) -> None:
        if not self._stopping:
            self._loop.call_soon_threadsafe(what, *values)

    def _end(self, trouble: LineDownError) -> None:
        if not self.ended.done():
            self.ended.set_result(trouble)

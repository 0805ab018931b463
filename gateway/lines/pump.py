"""Moves packets between a buffered socket and the event loop: when to read, when to write, when to let others run."""

import asyncio
from collections.abc import Callable

from gateway.lines.buffered_socket import BufferedSocket
from gateway.lines.line import LineDownError
from gateway.lines.network import cause_of

PACKETS_A_TURN = 100
"""Packets handled before other tasks of the loop get their turn."""


class Pump:
    """Calls `read_one` while there is input, `write_all` when asked, and `broken` once the connection has failed."""

    def __init__(
        self,
        sock: BufferedSocket,
        read_one: Callable[[], object],
        write_all: Callable[[], object],
        broken: Callable[[LineDownError], None],
    ) -> None:
        self._socket = sock
        self._read_one = read_one
        self._write_all = write_all
        self._broken = broken
        self._loop = asyncio.get_running_loop()
        self._open = True
        self._reading = False
        self._read_again: asyncio.Handle | None = None
        self._write_soon: asyncio.Handle | None = None

    def read(self, *, wanted: bool) -> None:
        """Read from now on, or stop reading."""
        if not self._open or wanted is self._reading:
            return
        self._reading = wanted
        if wanted:
            self._loop.add_reader(self._socket.fileno(), self._readable)
            self._read_soon()  # something may be waiting in the buffer, which the descriptor does not show
        else:
            self._loop.remove_reader(self._socket.fileno())

    def write(self) -> None:
        """Write what is waiting, at the loop's next turn: all that comes until then goes out in one piece."""
        if self._open and not self._write_soon:
            self._write_soon = self._loop.call_soon(self._writable)

    def stop(self) -> None:
        """Take the hands off the descriptor, before it is closed and its number given to somebody else."""
        if not self._open:
            return
        self._open = self._reading = False
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        for handle in (self._read_again, self._write_soon):
            if handle:
                handle.cancel()

    def _read_soon(self) -> None:
        if self._open and not self._read_again:
            self._read_again = self._loop.call_soon(self._readable)

    def _readable(self) -> None:
        if self._read_again:
            self._read_again.cancel()
            self._read_again = None
        self._socket.drained = False
        try:
            for _ in range(PACKETS_A_TURN):
                if not self._reading or self._socket.drained:
                    return
                self._read_one()
        except Exception as error:  # noqa: BLE001  the edge of the wire: a peer that breaks the protocol ends the connection
            self._broken(LineDownError("bad_frame", repr(error)))
            return
        self._read_soon()

    def _writable(self) -> None:
        self._write_soon = None
        self._write_all()
        if not self._open:
            return
        try:
            self._socket.flush()
        except OSError as error:
            self._broken(LineDownError(cause_of(error), str(error)))
            return
        if self._socket.unsent:
            self._loop.add_writer(self._socket.fileno(), self._writable)
        else:
            self._loop.remove_writer(self._socket.fileno())

"""A connected socket that is read and written in large pieces, for a client that asks byte by byte."""

import contextlib
import socket
import ssl

READ_SIZE = 65536
LARGEST_BACKLOG = 1 << 20


class BufferedSocket:
    """Few system calls: one `recv` serves many packets, one `send` carries many acknowledgements.

    Non-blocking like the socket underneath: BlockingIOError when there is nothing to read. What is written waits until
    `flush()`; when the peer takes nothing any more and a MiB is waiting, `send` refuses with BlockingIOError.
    """

    def __init__(self, plain: socket.socket) -> None:
        plain.settimeout(0)
        self._socket = plain
        self._input = b""
        self._position = 0
        self._output = bytearray()
        self.drained = False
        """The last read found nothing: wait for the socket to become readable."""

    @property
    def unsent(self) -> bool:
        """Does something wait for the socket to become writable?"""
        return bool(self._output)

    def recv(self, size: int) -> bytes:
        """Up to `size` bytes; b"" when the peer has closed. Raises BlockingIOError when nothing is there."""
        start = self._position
        if start >= len(self._input):
            self._fill()
            start = 0
        self._position = start + size
        return self._input[start : self._position]

    def _fill(self) -> None:
        try:
            self._input = self._socket.recv(READ_SIZE)
        except (BlockingIOError, ssl.SSLWantReadError):
            self.drained = True
            raise BlockingIOError from None
        self._position = 0
        self.drained = False

    def send(self, data: bytes | bytearray) -> int:
        """Take all of `data` for the next `flush()`. Raises BlockingIOError when too much is waiting already."""
        if len(self._output) > LARGEST_BACKLOG:
            raise BlockingIOError
        self._output += data
        return len(data)

    def flush(self) -> None:
        """Give the network what it takes now. Raises OSError when the connection is broken."""
        while self._output:
            try:
                sent = self._socket.send(self._output)
            except (BlockingIOError, ssl.SSLWantWriteError):
                return
            del self._output[:sent]

    def close(self) -> None:
        """Give the network what it still takes, and close."""
        with contextlib.suppress(OSError):
            self.flush()
        self._socket.close()

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def setblocking(self, flag: bool) -> None:
        """Nothing to do: the socket is non-blocking from the start."""

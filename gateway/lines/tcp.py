"""A raw TCP line: the same face as a serial one."""

import asyncio
import contextlib
import socket

from gateway.lines.byte_line import ByteLine
from gateway.lines.line import LineDownError, LineUser
from gateway.lines.network import cause_of, connect_tcp

CONNECT_TIMEOUT_S = 5.0
READ_SIZE = 65_536


class TcpLine(ByteLine):
    """A connection to `host`:`port`."""

    def __init__(self, line: str, host: str, port: int, user: LineUser) -> None:
        super().__init__(line, user)
        self._host = host
        self._port = port
        self._socket: socket.socket | None = None

    async def _session(self) -> None:
        self._socket = await connect_tcp(self._host, self._port, CONNECT_TIMEOUT_S)
        try:
            self._opened()
            while data := await asyncio.get_running_loop().sock_recv(self._socket, READ_SIZE):
                self._arrived(data)
        except OSError as error:
            raise LineDownError(cause_of(error), str(error)) from error
        finally:
            self._socket.close()
            self._socket = None
        raise LineDownError("closed", f"{self._host}:{self._port}")

    def _send(self, data: bytes) -> None:
        """A request is small: what the socket does not take at once is a peer that does not read, a time-out."""
        if self._socket:
            with contextlib.suppress(OSError):  # a broken connection is told by the reader
                self._socket.send(data)

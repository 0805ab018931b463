"""A line that carries bare bytes, one question and one answer at a time (encoders, vendors' servers)."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

from devices.model import Decoded, LineStatus, Rejected
from gateway.lines.line import Backoff, LineAccount, LineDownError, LineError, LineUser
from gateway.ports import LineMessage

LONGEST_ANSWER = 65_536
KEPT_BYTES = 64

Complete = Callable[[bytes], bytes | None]
"""Finds the whole answer in what has arrived so far; None: more must come."""


class ByteLine(ABC):
    """Connects and reconnects; `exchange` asks; bytes nobody asked for are counted as `unexpected_bytes`.

    On a `private` line they are not kept: what an encoder says may name a card, and an echo may hold a card's keys.
    """

    def __init__(self, line: str, user: LineUser) -> None:
        self.id = line
        self.sequence = 0
        self.private = False
        self._user = user
        self._account = LineAccount(line, user.line_changed, user.now)
        self._backoff = Backoff()
        self._lock = asyncio.Lock()
        self._arrived_so_far = b""
        self._complete: Complete | None = None
        self._answer: asyncio.Future[bytes] | None = None

    @property
    def status(self) -> LineStatus:
        """The line's present state."""
        return self._account.status

    @property
    def up(self) -> bool:
        """Connected."""
        return self._account.up

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        try:
            while True:
                try:
                    await self._session()
                except LineError as trouble:
                    self._fail(trouble)
                    self._account.went_down(trouble)
                await asyncio.sleep(self._backoff.delay())
        finally:
            self._fail(LineDownError("stopped"))
            self._account.stopped()

    async def exchange(self, request: bytes, complete: Complete, timeout: float) -> bytes:
        """Send `request` and return what `complete` finds in the answer.

        Raises LineDownError (cause `not_sent`: nothing went out), TimeoutError (the device may have done it).
        """
        async with self._lock:
            if not self.up:
                raise LineDownError("not_sent", self.status.cause or "")
            self._arrived_so_far, self._complete = b"", complete
            self._answer = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(timeout):
                    self._send(request)
                    return await self._answer
            finally:
                self._answer = None

    async def tell(self, data: bytes) -> None:
        """Send what has no answer. Raises LineDownError."""
        async with self._lock:
            if not self.up:
                raise LineDownError("not_sent", self.status.cause or "")
            self._send(data)

    @abstractmethod
    async def _session(self) -> None:
        """Connect, call `_opened`, feed `_arrived` until the connection is lost; raises LineError."""

    @abstractmethod
    def _send(self, data: bytes) -> None:
        """Give the bytes to the connection without waiting."""

    def _opened(self) -> None:
        self._backoff.reset()
        self._account.went_up()

    def _arrived(self, data: bytes) -> None:
        if self._answer is None or self._answer.done() or self._complete is None:
            self._unexpected(data)
            return
        self._arrived_so_far += data
        found = self._complete(self._arrived_so_far)
        if found is not None:
            self._answer.set_result(found)
        elif len(self._arrived_so_far) > LONGEST_ANSWER:
            self._arrived_so_far = b""

    def _unexpected(self, data: bytes) -> None:
        self.sequence += 1
        if self.private:
            data = b""
        rejected = Rejected(self.id, "unexpected_bytes", detail=data[:KEPT_BYTES].hex(" "))
        decoded = Decoded(rejected=(rejected,))
        self._user.take(LineMessage(self.id, self.id, data, decoded, self._user.now(), self.sequence))

    def _fail(self, trouble: LineError) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(trouble)

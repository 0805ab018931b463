"""Says what is in the outbox, in order, until the other end has committed it."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime

import orjson
import structlog

from pms.link.messages import Ack, Hello
from pms.link.stores import Outbox, OutboxRow
from pms.link.transport import LinkDownError, LinkEnd

log = structlog.get_logger()

WINDOW = 500
"""How many messages may be on their way unacknowledged."""
RESEND_SECONDS = 5.0
RETRY_SECONDS = 0.5


class Sender:
    """Keeps a window of the outbox on its way. Everything is sent again after a time-out without progress."""

    def __init__(self, property_id: str, outbox: Outbox, end: LinkEnd, now: Callable[[], datetime]) -> None:
        self._property = property_id
        self._outbox = outbox
        self._end = end
        self._now = now
        self._window: deque[OutboxRow] = deque()
        self._loaded = 0  # the last sequence taken from the outbox
        self._sent = 0  # the last sequence sent in this session
        self._through = 0
        self._forgotten = 0
        self._new_peer = False
        self._progress = 0.0
        self._wake = asyncio.Event()
        self.resent = 0

    @property
    def unacknowledged(self) -> int:
        """How many messages the other end has been told and has not committed, as far as we know."""
        return len(self._window)

    def wake(self) -> None:
        """There may be something new in the outbox."""
        self._wake.set()

    def again(self) -> None:
        """A new session, or the other end came back: what is not acknowledged is sent again at once."""
        self._sent = 0
        self._wake.set()

    def take_ack(self, ack: Ack) -> None:
        """The other end has committed a prefix. An acknowledgement of another epoch means nothing here."""
        if ack.epoch != self._outbox.epoch or ack.through <= self._through:
            return
        self._through = ack.through
        while self._window and self._window[0].seq <= ack.through:
            self._window.popleft()
        self._progress = asyncio.get_running_loop().time()
        self._wake.set()

    def take_hello(self, hello: Hello, *, stranger: bool) -> None:
        """The other end has just connected; `stranger`: it was never heard of, so it knows nothing of us."""
        if hello.epoch == self._outbox.epoch:
            self.take_ack(Ack(epoch=hello.epoch, through=hello.through))
        self._new_peer = self._new_peer or stranger or hello.epoch != self._outbox.epoch
        self.again()

    async def run(self) -> None:
        """Send until cancelled. A database that fails is asked again; nothing is passed over."""
        told = False
        while True:
            await self._wait()
            try:
                await self._round()
            except LinkDownError:
                self._sent = 0
                await asyncio.sleep(RETRY_SECONDS)
                self._wake.set()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - the sender must outlive a database that fails for a while
                (log.debug if told else log.warning)("link.outbox_failed", error=str(error))
                told = True
                await asyncio.sleep(RETRY_SECONDS)
                self._wake.set()
            else:
                told = False

    async def _wait(self) -> None:
        timeout = None
        if self._window and self._end.connected:
            timeout = max(0.0, self._progress + RESEND_SECONDS - asyncio.get_running_loop().time())
        try:
            async with asyncio.timeout(timeout):
                await self._wake.wait()
        except TimeoutError:
            self.resent += len(self._window)
            self._sent = 0
        self._wake.clear()

    async def _round(self) -> None:
        if self._through > self._forgotten:
            through = self._through
            await self._outbox.acknowledged(through)
            self._forgotten = through
        if not self._end.connected:
            return
        if self._new_peer:
            await self._outbox.peer_is_new()
            self._new_peer = False
        await self._fill()
        await self._send()

    async def _fill(self) -> None:
        room = WINDOW - len(self._window)
        if room <= 0:
            return
        rows = await self._outbox.pending(self._loaded, room)
        if not rows:
            return
        if not self._window:
            self._progress = asyncio.get_running_loop().time()
        self._loaded = rows[-1].seq
        self._window.extend(row for row in rows if row.seq > self._through)
        if len(rows) == room:
            self._wake.set()

    async def _send(self) -> None:
        messages, before = [], 0
        for row in self._window:
            if row.seq > self._sent:
                messages.append((row.kind, self._encode(row, before)))
            before = row.seq
        if not messages:
            return
        if self._sent == 0:
            self._progress = asyncio.get_running_loop().time()
        self._sent = before
        await self._end.publish(messages)

    def _encode(self, row: OutboxRow, after: int) -> bytes:
        return orjson.dumps(
            {
                "kind": row.kind,
                "property": self._property,
                "epoch": self._outbox.epoch,
                "seq": row.seq,
                "after": after,
                "at": self._now(),
                "boot": row.boot,
                "historical": row.historical,
                "body": orjson.Fragment(row.body),
            }
        )

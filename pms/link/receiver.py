"""Hears the other end: each message once, in order, acknowledged after it has been committed."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from pms.link.messages import Ack, Envelope
from pms.link.position import Position
from pms.link.stores import Inbox

log = structlog.get_logger()

BATCH = 500
QUEUED = 5000
"""Messages waiting to be applied, at most; what comes above it is dropped and sent again by its sender."""
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.2, 5.0


class Receiver:
    """Applies what arrives through the inbox, as soon as the inbox is free: batches form while it is busy."""

    def __init__(self, inbox: Inbox, acknowledge: Callable[[Ack], Awaitable[None]]) -> None:
        self._inbox = inbox
        self._acknowledge = acknowledge
        self._queue: deque[Envelope] = deque()
        self._wake = asyncio.Event()
        self._positions: dict[str, Position] = {}
        self._current: str | None = None
        self._committed: dict[str, int] = {}
        self.applied = 0
        self.dropped = 0
        self.failing: str | None = None

    async def load(self) -> None:
        """Read what has been committed before; to be called before the first message."""
        self._committed = await self._inbox.positions()
        self._positions = {epoch: Position(through) for epoch, through in self._committed.items()}
        self._current = next(reversed(self._committed), None)

    @property
    def current(self) -> tuple[str | None, int]:
        """The other end's newest epoch and what has been committed of it."""
        return self._current, self._committed.get(self._current or "", 0)

    @property
    def duplicates(self) -> int:
        """How many messages had been applied already."""
        return sum(position.duplicates for position in self._positions.values())

    @property
    def waiting(self) -> int:
        """Messages not yet committed."""
        return len(self._queue)

    def knows(self, epoch: str) -> bool:
        """Whether anything of this epoch was heard before."""
        return epoch in self._positions

    def meet(self, epoch: str) -> None:
        """The other end has a new epoch, of which nothing has been committed yet."""
        self._positions[epoch] = Position()
        self._current = epoch

    def take(self, envelope: Envelope) -> None:
        """A message has arrived."""
        if len(self._queue) >= QUEUED:
            self.dropped += 1
            return
        self._queue.append(envelope)
        self._wake.set()

    async def run(self) -> None:
        """Apply and acknowledge until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                epoch, fresh = self._next_batch()
                position = self._positions[epoch]
                if fresh:
                    await self._apply(fresh, position.through)
                    self._committed[epoch] = position.through
                    self.applied += len(fresh)
                await self._acknowledge(Ack(epoch=epoch, through=self._committed.get(epoch, 0)))

    def _next_batch(self) -> tuple[str, list[Envelope]]:
        epoch = self._queue[0].epoch
        position = self._positions.setdefault(epoch, Position())
        fresh: list[Envelope] = []
        while self._queue and self._queue[0].epoch == epoch and len(fresh) < BATCH:
            envelope = self._queue.popleft()
            if envelope.seq:
                fresh += position.apply(envelope)
            else:  # how the other end is: belongs to no place in the order
                fresh.append(envelope.model_copy(update={"seq": position.through}))
        return epoch, fresh

    async def _apply(self, envelopes: list[Envelope], through: int) -> None:
        delay = FIRST_RETRY_SECONDS
        while True:
            try:
                await self._inbox.apply(envelopes, through)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - nothing is acknowledged until the database takes it
                (log.debug if self.failing else log.warning)(
                    "link.apply_failed", error=str(error), waiting=self.waiting
                )
                self.failing = f"{type(error).__name__}: {error}"
                await asyncio.sleep(delay)
                delay = min(delay * 2, LAST_RETRY_SECONDS)
            else:
                if self.failing:
                    log.info("link.apply_recovered")
                self.failing = None
                return

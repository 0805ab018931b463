"""What an end of the link needs of its database: an outbox of what it says, an inbox of what it has committed."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from pms.link.messages import Envelope


class OutboxRow(NamedTuple):
    """A message waiting for its acknowledgement. `body` is JSON and never changes once it has been handed out.

    `boot`: the run of its sender in which it happened (0: not told); `historical`: it tells the past.
    """

    seq: int
    kind: str
    body: bytes
    boot: int = 0
    historical: bool = False


class Outbox(Protocol):
    """The messages of one end, in the order in which they happened.

    Sequences are positive, never used twice within an epoch, and become visible in ascending order: a row that appears
    after a higher one was read would be passed over. Gaps are allowed.
    """

    @property
    def epoch(self) -> str:
        """A new one whenever the database was created or restored."""
        ...

    async def pending(self, after: int, limit: int) -> Sequence[OutboxRow]:
        """At most `limit` rows with a sequence above `after`, lowest first. Mergeable kinds may be made here."""
        ...

    async def acknowledged(self, through: int) -> None:
        """The other end has committed everything up to `through`: it may be forgotten."""
        ...

    async def peer_is_new(self) -> None:
        """The other end does not know our state (first start, restored): say every mergeable thing again."""
        ...


class Inbox(Protocol):
    """What this end has committed of the other end's messages."""

    async def positions(self) -> dict[str, int]:
        """The other end's epochs, oldest first, each with the last sequence committed. Read once at the start."""
        ...

    async def apply(self, envelopes: Sequence[Envelope], through: int) -> None:
        """Commit these messages (all of one epoch, in order) and the position `through` in ONE transaction.

        A body that cannot be used is counted and kept aside here, never raised: that would stop the rest.
        A message that was told outside of the order (up/system) comes with `seq` equal to a position already committed.

        Raises:
            Exception: the database did not commit. Nothing is acknowledged; the same call is repeated with backoff.
        """
        ...

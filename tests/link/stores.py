"""Stores of a link's end that live in memory: what they hold survives a `Link`, as a database would."""

from collections.abc import Sequence

import orjson

from pms.link.messages import Envelope
from pms.link.stores import OutboxRow


class MemoryOutbox:
    """Rows until they are acknowledged."""

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self.rows: list[OutboxRow] = []
        self.last = 0
        self.new_peers = 0

    def add(self, kind: str, **body: object) -> None:
        self.last += 1
        self.rows.append(OutboxRow(self.last, kind, orjson.dumps(body)))

    async def pending(self, after: int, limit: int) -> Sequence[OutboxRow]:
        return [row for row in self.rows if row.seq > after][:limit]

    async def acknowledged(self, through: int) -> None:
        self.rows = [row for row in self.rows if row.seq > through]

    async def peer_is_new(self) -> None:
        self.new_peers += 1


class MemoryInbox:
    """Every message applied, in order; `broken` makes the next commits fail."""

    def __init__(self) -> None:
        self.applied: list[Envelope] = []
        self.position: dict[str, int] = {}
        self.broken = False
        self.failures = 0

    async def positions(self) -> dict[str, int]:
        return dict(self.position)

    async def apply(self, envelopes: Sequence[Envelope], through: int) -> None:
        if self.broken:
            self.failures += 1
            raise OSError("disk full")
        self.applied += envelopes
        self.position[envelopes[0].epoch] = through

    @property
    def numbers(self) -> list[int]:
        return [envelope.body["n"] for envelope in self.applied]

"""Wire messages for tests of the journal and the hub."""

import zlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from devices.model import Decoded, Fact, Rejected
from edge.journal_batch import Batch
from gateway.ports import LineMessage

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def batch_of(messages: Iterable[LineMessage], **more: Any) -> Batch:
    """A batch of the first run with these messages."""
    batch = Batch(**more)
    for message in messages:
        batch.take(message, 1)
    return batch


def line_message(
    number: int,
    *facts: Fact,
    payload: bytes | None = None,
    rejected: tuple[Rejected, ...] = (),
    redelivered: bool = False,
    acknowledge: Callable[[], object] = lambda: None,
) -> LineMessage:
    """The `number`-th message of the line `field`; its packet id is its number."""
    source = f"zigbee2mqtt/{number % 10}"
    raw = payload if payload is not None else f'{{"number":{number}}}'.encode()
    return LineMessage(
        line="field",
        source=source,
        payload=raw,
        decoded=Decoded(facts, rejected),
        received=AT,
        sequence=number,
        duplicate_key=(number % 65535 + 1, zlib.crc32(source.encode() + raw)),
        redelivered=redelivered,
        acknowledge=acknowledge,
    )

"""A card at a door, held against the ledger: its first use, the end of a one-shot key, one that must not open."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pms.kernel.work import UnitOfWork
from pms.keys import endings, events, ledger
from pms.keys.model import KeyCard
from pms.keys.rules import JobState, KeyType, Life
from pms.link.messages import AccessBody

ALERT = "unknown_credential"
_OURS = re.compile(r"card:([0-9]{1,10})")


@dataclass(frozen=True, slots=True)
class Finding:
    """A card that opened a door and should not have: an evidence code and its parameters. No names."""

    code: str
    params: dict[str, Any]


async def take_access(work: UnitOfWork, body: AccessBody) -> Finding | None:
    """Note that a card of ours has opened a door; what is wrong with it, None when all is well.

    A lock's own user numbers are not in the ledger and say nothing here; a refused card has opened nothing.
    """
    match = _OURS.fullmatch(body.credential or "")
    if match is None or body.result != "granted":
        return None
    known = await ledger.by_credential(work.session, work.property_id, int(match[1]))
    if known is None:
        return Finding("unknown_key_opened", {"room": body.room, "reason": "not_in_ledger"})
    if known.room != body.room:
        return Finding("unknown_key_opened", {"room": body.room, "reason": "other_room"})
    key, _ = await ledger.to_change(work, known.id)
    finding = _judge(key, body.at)
    _note_use(work, key, body.at)
    return finding


def _judge(key: KeyCard, at: datetime) -> Finding | None:
    if key.life == Life.NEVER:
        return Finding("unknown_key_opened", {"room": key.room, "reason": "never_made"})
    if key.life == Life.ENDED and key.life_ended_at is not None and at > key.life_ended_at:
        return _ended(key, key.life_ended_at, key.life_reason or "")
    return _ended(key, key.valid_until, endings.EXPIRED) if at >= key.valid_until else None


def _ended(key: KeyCard, at: datetime, reason: str) -> Finding:
    return Finding("ended_key_opened", {"room": key.room, "ended_at": at.isoformat(), "reason": reason})


def _note_use(work: UnitOfWork, key: KeyCard, at: datetime) -> None:
    if key.first_used_at is None or at < key.first_used_at:
        key.first_used_at = at
        work.record(events.KEY_USED, key.id, {"room": key.room, "stay": key.stay_id})
    if key.state == JobState.UNKNOWN and key.seen_at is None:
        key.seen_at, key.seen_by = work.now, work.actor.name  # it was made after all: the door says so
    if key.type == KeyType.ONE_SHOT and key.life == Life.ACTIVE:
        endings.end(work, key, endings.USED, at)

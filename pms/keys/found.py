"""A card that was read, held against the ledger: whose it is, and whether and why not it opens. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pms.keys.model import KeyCard
from pms.keys.rules import KeyType, Life
from pms.link.key_messages import CardBody, FoundCardBody

PROBLEMS = ("empty", "foreign", "other_property", "not_authentic", "unreadable")
"""Why a card says nothing (`CardFound.problem`)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a card opens its door, and why not: codes with parameters. None: nobody can say."""

    opens: bool | None
    reasons: tuple[tuple[str, Mapping[str, Any]], ...] = ()


def verdict(found: FoundCardBody, key: KeyCard | None, floor: int, now: datetime) -> Verdict:
    """What the lock of the room will do with this card. `key`: the ledger's, by the card's number.

    The lock goes by what is on the card and by its floor; the ledger knows more. A card the ledger does not know may
    open: it was made on other books (a restored backup), and only the door can tell.
    """
    if found.content is None:
        return Verdict(opens=False, reasons=((found.problem if found.problem in PROBLEMS else "unreadable", {}),))
    refusals = _refusals(found.content, key, floor, now)
    if key is None:
        return Verdict(opens=False if refusals else None, reasons=(("unknown_to_ledger", {}), *refusals))
    if refusals:
        return Verdict(opens=False, reasons=refusals)
    if key.life == Life.NEVER:
        return Verdict(opens=True, reasons=(("never_made", {}),))
    if key.life == Life.ENDED:
        return Verdict(opens=True, reasons=(("ended_still_opens", {"at": _instant(key.life_ended_at)}),))
    return Verdict(opens=True)


def _refusals(
    content: CardBody, key: KeyCard | None, floor: int, now: datetime
) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    reasons: list[tuple[str, Mapping[str, Any]]] = []
    if key is not None and key.type == KeyType.ONE_SHOT and key.life_reason == "used":
        reasons.append(("one_shot_used", {"at": _instant(key.life_ended_at)}))
    if content.sequence < floor:
        ended_at = _instant(key.life_ended_at) if key is not None else None
        replaced = key is None or key.life_ended_at is None or key.life_reason == "replaced"
        reasons.append(("replaced", {}) if replaced else ("ended", {"at": ended_at}))
    if now < content.valid_from:
        reasons.append(("not_yet", {"at": content.valid_from.isoformat()}))
    if now >= content.valid_until:
        reasons.append(("expired", {"at": content.valid_until.isoformat()}))
    return tuple(reasons)


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

"""What happens to keys, as events of the feed: identifiers and codes. The PMS holds no key material."""

from pms.access.permissions import KEYS_READ
from pms.kernel.events import EventKind
from pms.kernel.work import UnitOfWork
from pms.keys.model import CardJob, KeyCard

KEY_ISSUED = EventKind("key.issued", KEYS_READ)
"""A key job was stored: the edge is to be told."""

KEY_CHANGED = EventKind("key.changed", KEYS_READ)
"""A key's job or life is another now: for pages and the audit trail."""

KEY_CANCEL_ASKED = EventKind("key.cancel_asked", KEYS_READ)
CARD_ASKED = EventKind("card.asked", KEYS_READ)
CARD_READ = EventKind("card.read", KEYS_READ)
CARD_CANCEL_ASKED = EventKind("card.cancel_asked", KEYS_READ)
KEY_FLOOR = EventKind("room.key_floor", KEYS_READ)
"""The lowest sequence of a room's keys that may still open has risen: the edge is to tell the locks."""

KEY_USED = EventKind("key.used", KEYS_READ)
KEY_NOTED = EventKind("key.noted", KEYS_READ)
"""Somebody has taken note that nobody knows whether this card was made."""

SETTINGS_CHANGED = EventKind("key.settings", KEYS_READ)


def issued(work: UnitOfWork, key: KeyCard) -> None:
    """A key was asked for."""
    work.record(
        KEY_ISSUED,
        key.id,
        {
            "room": key.room,
            "stay": key.stay_id,
            "type": key.type,
            "encoder": key.encoder,
            "sequence": key.sequence,
            "credential": key.credential,
            "valid_until": key.valid_until.isoformat(),
        },
    )


def changed(work: UnitOfWork, key: KeyCard) -> None:
    """A key's job or life has changed."""
    work.record(
        KEY_CHANGED,
        key.id,
        {
            "room": key.room,
            "stay": key.stay_id,
            "state": key.state,
            "step": key.step,
            "reason": key.reason,
            "life": key.life,
            "life_reason": key.life_reason,
        },
    )


def card_changed(work: UnitOfWork, job: CardJob) -> None:
    """A job that reads or erases a card has come further."""
    payload = {
        "encoder": job.encoder,
        "task": job.task,
        "state": job.state,
        "step": job.step,
        "reason": job.reason,
        "card": job.card,
    }
    work.record(CARD_READ, job.id, payload)

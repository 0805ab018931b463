"""How long is kept what the rooms told: motion history, openings, devices, orders, and what could not be used."""

from pms.kernel.redaction import Redaction
from pms.kernel.retention import purge
from pms.room_feed.command_rules import END_STATES
from pms.room_feed.commands import ACCEPTED, ENDED, LOCK_ENDED, LOCK_ORDERED, LOCK_REFUSED, STEP
from pms.room_feed.facts import DEVICE_CHANGED, ROOM_ACCESS
from pms.room_feed.model import AccessRecord, CommandJob, LinkRejected
from pms.room_feed.sensed import ROOM_SENSED

ROOM = frozenset({"subject"})
"""The times at which something happened in a room tell when somebody was there, without a word of what it was."""

_ORDERS = tuple(kind.name for kind in (ACCEPTED, STEP, ENDED, LOCK_ORDERED, LOCK_REFUSED, LOCK_ENDED))

REDACTIONS = (
    Redaction("motion_history", (ROOM_SENSED.name,), ROOM),
    Redaction("access", (ROOM_ACCESS.name,), ROOM),
    Redaction("devices", (DEVICE_CHANGED.name,)),
    Redaction("orders", _ORDERS, frozenset({"subject", "actor"})),
)
PURGES = (
    purge("access", AccessRecord, lambda before: [AccessRecord.at < before]),
    purge("orders", CommandJob, lambda before: [CommandJob.state.in_(END_STATES), CommandJob.deadline < before]),
    purge("rejected", LinkRejected, lambda before: [LinkRejected.at < before]),
)

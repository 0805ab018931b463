"""What every department keeps no longer than its period."""

from pms.access import retention as access
from pms.energy import retention as energy
from pms.housekeeping import retention as housekeeping
from pms.kernel.http.idempotency import IdempotencyKey
from pms.kernel.reactions import ReactionFailure
from pms.kernel.redaction import Redaction
from pms.kernel.retention import Purge, purge
from pms.keys import retention as keys
from pms.maintenance import retention as maintenance
from pms.onboarding import retention as onboarding
from pms.room_feed import retention as room_feed

PURGES: tuple[Purge, ...] = (
    *room_feed.PURGES,
    *keys.PURGES,
    *housekeeping.PURGES,
    *maintenance.PURGES,
    *onboarding.PURGES,
    *energy.PURGES,
    purge("idempotency", IdempotencyKey, lambda before: [IdempotencyKey.created_at < before]),
    purge("rejected", ReactionFailure, lambda before: [ReactionFailure.at < before]),
)
REDACTIONS: tuple[Redaction, ...] = (
    *room_feed.REDACTIONS,
    *keys.REDACTIONS,
    *housekeeping.REDACTIONS,
    *maintenance.REDACTIONS,
    *onboarding.REDACTIONS,
    *energy.REDACTIONS,
    *access.REDACTIONS,
)

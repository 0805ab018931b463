"""How long key cards are remembered. The ledger declares the purge of its rows here, from the end of a card."""

from pms.kernel.redaction import Redaction
from pms.kernel.retention import Purge

REDACTIONS = (Redaction("keys", ("key.changed", "card.read"), frozenset({"subject", "actor"})),)
PURGES: tuple[Purge, ...] = ()

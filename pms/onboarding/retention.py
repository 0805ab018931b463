"""How long changes of the inventory are remembered: as long as orders to devices."""

from pms.kernel.redaction import Redaction
from pms.kernel.retention import Purge, purge
from pms.onboarding.model import InventoryChange
from pms.onboarding.rules import END_STATES
from pms.onboarding.service import ASKED, CANDIDATES_CHANGED, ENDED

REDACTIONS = (
    Redaction("orders", (ASKED.name, ENDED.name), frozenset({"actor"})),
    Redaction("devices", (CANDIDATES_CHANGED.name,)),
)
PURGES: tuple[Purge, ...] = (
    purge(
        "orders",
        InventoryChange,
        lambda before: [InventoryChange.state.in_(END_STATES), InventoryChange.deadline < before],
    ),
)

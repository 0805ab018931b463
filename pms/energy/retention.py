"""How long is kept what was counted, and who changed a setting."""

from pms.energy.model import EnergyDay
from pms.energy.service import HOUSE_CHANGED, ROOM_CHANGED
from pms.kernel.redaction import Redaction
from pms.kernel.retention import purge

REDACTIONS = (Redaction("orders", (HOUSE_CHANGED.name, ROOM_CHANGED.name), frozenset({"actor"})),)
PURGES = (purge("energy", EnergyDay, lambda before: [EnergyDay.at < before]),)

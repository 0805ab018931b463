"""Every table of the house, for migrations, backups and tests: importing this fills `Base.metadata`."""

import importlib

from sqlalchemy import MetaData

from pms.kernel.tables import Base

MODULES = (
    "pms.kernel.events",
    "pms.kernel.reactions",
    "pms.kernel.redaction",
    "pms.kernel.http.idempotency",
    "pms.access.model",
    "pms.property.model",
    "pms.guests.model",
    "pms.reservations.model",
    "pms.frontdesk.model",
    "pms.keys.model",
    "pms.housekeeping.model",
    "pms.housekeeping.visit_model",
    "pms.housekeeping.case_model",
    "pms.maintenance.model",
    "pms.maintenance.order_model",
    "pms.maintenance.notify.model",
    "pms.onboarding.model",
    "pms.energy.model",
    "pms.room_feed.model",
    "pms.retention.model",
)


def metadata() -> MetaData:
    """The metadata with all tables in it."""
    for module in MODULES:
        importlib.import_module(module)
    return Base.metadata

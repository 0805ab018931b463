"""What the console did with the users of the broker, for the audit trail. They are no people: the edge keeps them."""

from pms.access.permissions import USERS_READ
from pms.kernel.events import EventKind
from pms.kernel.work import UnitOfWork

KINDS = {what: EventKind(f"broker_user.{what}", USERS_READ) for what in ("made", "rotated", "revoked")}


def changed(work: UnitOfWork, what: str, name: str) -> None:
    """A user of the broker was made, got a new password, or was shut out."""
    work.record(KINDS[what], f"broker_user:{name}")

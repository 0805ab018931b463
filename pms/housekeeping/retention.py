"""How long cleanings are kept: those the rooms detected and the tasks of people, once they have ended."""

from sqlalchemy import func

from pms.housekeeping.detection import ENDED, STARTED
from pms.housekeeping.model import CleaningSpell, Task
from pms.housekeeping.rules import OPEN
from pms.housekeeping.service import CHANGED, CREATED, EVENTS
from pms.kernel.redaction import Redaction
from pms.kernel.retention import purge

_KINDS = tuple(kind.name for kind in (STARTED, ENDED, CREATED, CHANGED, *EVENTS.values()))
_OPEN = [state.value for state in OPEN]

REDACTIONS = (Redaction("cleaning", _KINDS, frozenset({"subject", "actor"})),)
PURGES = (
    purge(
        "cleaning",
        CleaningSpell,
        lambda before: [func.coalesce(CleaningSpell.ended_at, CleaningSpell.started_at) < before],
    ),
    purge(
        "cleaning",
        Task,
        lambda before: [
            Task.state.not_in(_OPEN),
            func.coalesce(Task.inspected_at, Task.done_at, Task.started_at, Task.created_at) < before,
        ],
    ),
)

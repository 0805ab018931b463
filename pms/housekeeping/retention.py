"""How long cleanings, visits and cases are kept: what the rooms detected and what people did, once it has ended."""

from sqlalchemy import func

from pms.housekeeping import cases, signs, visits
from pms.housekeeping.case_model import PersonCount, RoomCase
from pms.housekeeping.case_rules import CaseState
from pms.housekeeping.detection import ENDED, STARTED
from pms.housekeeping.model import CleaningSpell, Task
from pms.housekeeping.rules import OPEN
from pms.housekeeping.service import CHANGED, CREATED, EVENTS
from pms.housekeeping.visit_model import LockAudit, StaffVisit
from pms.kernel.redaction import Redaction
from pms.kernel.retention import purge

_KINDS = tuple(kind.name for kind in (STARTED, ENDED, CREATED, CHANGED, *EVENTS.values()))
_VISITS = tuple(kind.name for kind in (visits.VISITED, visits.CORRECTED, visits.CARDS))
_CASES = tuple(
    kind.name for kind in (cases.OPENED, cases.CLOSED, cases.DISMISSED, cases.COUNTED, cases.SPLIT, signs.SIGN)
)
_OPEN = [state.value for state in OPEN]

REDACTIONS = (
    Redaction("cleaning", (*_KINDS, *_VISITS), frozenset({"subject", "actor"})),
    Redaction("motion_history", _CASES, frozenset({"subject", "actor"})),
)
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
    purge("cleaning", StaffVisit, lambda before: [StaffVisit.entered_at < before]),
    purge("cleaning", LockAudit, lambda before: [LockAudit.at < before]),
    purge(
        "motion_history",
        RoomCase,
        lambda before: [RoomCase.state == CaseState.CLOSED.value, RoomCase.closed_at < before],
    ),
    purge("motion_history", PersonCount, lambda before: [PersonCount.at < before]),
)

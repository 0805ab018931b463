"""Cleanings that only a lock remembers are proposed once they are known, while their rooms still wait for them.

To be asked whenever something new is known of visits: a lock was read out, a visit ended (whoever was there has left
the room before), a card was said to be somebody's.
"""

from datetime import timedelta

from sqlalchemy import and_, or_, select

from pms.housekeeping import service, visits
from pms.housekeeping.model import Task
from pms.housekeeping.rules import Action, TaskState, TaskType
from pms.housekeeping.service import DETECTED
from pms.housekeeping.visit_model import StaffVisit
from pms.housekeeping.visit_rules import VisitKind
from pms.kernel.work import UnitOfWork
from pms.property import service as house

LATEST = timedelta(days=1)
"""Older news is of a day whose rooms have been seen to."""
WAITING = frozenset({TaskState.PENDING, TaskState.ASSIGNED, TaskState.REOPENED})


async def propose(work: UnitOfWork) -> int:
    """Propose them, with who did it and from when to when; a person, or the rule, confirms. How many they were."""
    query = select(StaffVisit).where(
        StaffVisit.property_id == work.property_id,
        StaffVisit.entered_at >= work.now - LATEST,
        StaffVisit.entered_at < work.now,
        StaffVisit.kind == VisitKind.CLEANING.value,
        StaffVisit.left_at.is_not(None),
        or_(
            StaffVisit.source == visits.AUDIT,
            and_(StaffVisit.audit_credential.is_not(None), StaffVisit.spell.is_(None)),
        ),
    )
    proposed = 0
    for visit in await work.session.scalars(query.order_by(StaffVisit.entered_at, StaffVisit.visit)):
        task = await service.open_task(work.session, work.property_id, visit.room, lock=True)
        if task is None or task.type == TaskType.TURNDOWN or task.created_at > visit.entered_at:
            continue
        room = await house.find_room(work.session, work.property_id, visit.room)
        let_again = task.type == TaskType.DEPARTURE and room.front_office == "occupied"
        if TaskState(task.state) in WAITING and not let_again and not _told_before(visit, task):
            service.move(work, task, Action.PROPOSE, DETECTED)
            task.started_at, task.done_at = task.started_at or visit.entered_at, visit.left_at
            visit.task_id = task.id
            proposed += 1
    return proposed


def _told_before(visit: StaffVisit, task: Task) -> bool:
    """Somebody looked at what this visit left behind, and wants it done again."""
    return visit.task_id == task.id and (visit.source == visits.AUDIT or task.state == TaskState.REOPENED)

"""Cleanings that only a lock remembers are proposed when it is read out, while their rooms still wait for them."""

from datetime import timedelta

from pms.housekeeping import service, visits
from pms.housekeeping.rules import Action, TaskState, TaskType
from pms.housekeeping.service import DETECTED
from pms.housekeeping.visit_rules import VisitKind
from pms.kernel.work import UnitOfWork
from pms.property import service as house

LATEST = timedelta(days=1)
"""Older news is of a day whose rooms have been seen to."""
WAITING = frozenset({TaskState.PENDING, TaskState.ASSIGNED, TaskState.REOPENED})


async def propose(work: UnitOfWork) -> int:
    """Propose them, with who did it and from when to when; a person, or the rule, confirms. How many they were."""
    proposed = 0
    for visit in await visits.between(work.session, work.property_id, work.now - LATEST, work.now):
        if visit.source != visits.AUDIT or visit.kind != VisitKind.CLEANING or visit.left_at is None:
            continue
        task = await service.open_task(work.session, work.property_id, visit.room, lock=True)
        if task is None or task.type == TaskType.TURNDOWN or task.created_at > visit.entered_at:
            continue
        room = await house.find_room(work.session, work.property_id, visit.room)
        let_again = task.type == TaskType.DEPARTURE and room.front_office == "occupied"
        if TaskState(task.state) in WAITING and not let_again:
            service.move(work, task, Action.PROPOSE, DETECTED)
            task.started_at, task.done_at = task.started_at or visit.entered_at, visit.left_at
            visit.task_id = task.id
            proposed += 1
    return proposed

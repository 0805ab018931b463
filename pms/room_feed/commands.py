"""Orders to devices: stored as jobs, told to the edge, ended by its answer in exactly one way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.permissions import ROOMS_READ
from pms.kernel.errors import FieldError, Invalid, NotFound
from pms.kernel.events import EventKind
from pms.kernel.ids import new_id
from pms.kernel.work import UnitOfWork
from pms.link.messages import CommandResultBody
from pms.property import service as house
from pms.room_feed.model import CommandJob

ACCEPTED = EventKind("command.accepted", ROOMS_READ)
ENDED = EventKind("command.ended", ROOMS_READ)

POINTS: dict[str, type | tuple[type, ...]] = {
    "setpoint": (int, float),
    "mode": str,
    "fan": str,
    "relay": bool,
    "lock": str,
}
"""What can be ordered, and what kind of value it takes."""

LONGEST_S, DEFAULT_S = 3600, 60
NO_ANSWER_AFTER = timedelta(minutes=10)
"""An order without an answer this long after its deadline is called unknown."""

OPEN_STATES, END_STATES = ("accepted", "sent"), ("done", "failed", "expired", "unknown")
NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants of a room's device; without `device`, of the one that has the point."""

    room: str
    point: str
    value: float | bool | str
    device: str | None = None
    within_s: int = DEFAULT_S


async def order(work: UnitOfWork, asked: Order) -> CommandJob:
    """Take an order; the edge is told after the commit. Raises Invalid, NotFound."""
    await house.find_room(work.session, work.property_id, asked.room)
    kind = POINTS.get(asked.point)
    if kind is None:
        raise Invalid([FieldError("point", "unknown", f"one of {', '.join(POINTS)}")])
    if not isinstance(asked.value, kind) or (isinstance(asked.value, bool) and kind is not bool):
        raise Invalid([FieldError("value", "wrong_type", f"{asked.point} does not take this")])
    job = CommandJob(
        id=new_id("command"),
        property_id=work.property_id,
        room=asked.room,
        device=asked.device,
        point=asked.point,
        value=asked.value,
        state="accepted",
        by=work.actor.name,
        created_at=work.now,
        deadline=work.now + timedelta(seconds=asked.within_s),
    )
    work.session.add(job)
    await work.session.flush()
    work.record(ACCEPTED, job.id, {"room": job.room, "point": job.point, "value": job.value})
    return job


async def answer(work: UnitOfWork, body: CommandResultBody) -> None:
    """The edge says how an order fares. A late word replaces "no answer", and nothing else that has ended."""
    query = select(CommandJob).where(CommandJob.property_id == work.property_id, CommandJob.id == body.id)
    job = await work.session.scalar(query.with_for_update())
    if job is None or body.state not in OPEN_STATES + END_STATES:
        return
    if job.state in END_STATES and job.reason != NO_ANSWER:
        return
    if body.state in OPEN_STATES:
        job.state = body.state if job.state in OPEN_STATES else job.state
        return
    job.state, job.reason, job.ended_at = body.state, body.reason, body.at
    _ended(work, job)


async def give_up(work: UnitOfWork) -> int:
    """End the orders that were never answered; how many."""
    query = select(CommandJob).where(
        CommandJob.property_id == work.property_id,
        CommandJob.state.in_(OPEN_STATES),
        CommandJob.deadline < work.now - NO_ANSWER_AFTER,
    )
    jobs = (await work.session.scalars(query.with_for_update(skip_locked=True))).all()
    for job in jobs:
        job.state, job.reason, job.ended_at = "unknown", NO_ANSWER, work.now
        _ended(work, job)
    return len(jobs)


async def find_job(session: AsyncSession, property_id: str, job_id: str) -> CommandJob:
    """One order. Raises NotFound."""
    query = select(CommandJob).where(CommandJob.property_id == property_id, CommandJob.id == job_id)
    job = await session.scalar(query)
    if job is None:
        raise NotFound(f"no command {job_id}")
    return job


async def jobs_of(session: AsyncSession, property_id: str, room: str, limit: int = 50) -> Sequence[CommandJob]:
    """A room's latest orders, newest first."""
    query = select(CommandJob).where(CommandJob.property_id == property_id, CommandJob.room == room)
    return (await session.scalars(query.order_by(CommandJob.id.desc()).limit(limit))).all()


def _ended(work: UnitOfWork, job: CommandJob) -> None:
    work.record(ENDED, job.id, {"room": job.room, "point": job.point, "state": job.state, "reason": job.reason})

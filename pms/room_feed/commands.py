"""Orders to devices: stored as jobs, told to the edge, followed step by step, ended by its answer in one way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.permissions import AUDIT_READ, ROOMS_READ
from pms.kernel.errors import FieldError, Invalid, NotFound, Reason
from pms.kernel.events import EventKind
from pms.kernel.ids import new_id
from pms.kernel.work import UnitOfWork
from pms.link.messages import CommandResultBody
from pms.property import service as house
from pms.room_feed.command_rules import (
    END_STATES,
    LOCK,
    NO_ANSWER,
    POINTS,
    PROGRESS,
    VERIFIED,
    Taker,
    progressed,
    refusal,
    wrong_type,
)
from pms.room_feed.devices import takers_of
from pms.room_feed.model import CommandJob

ACCEPTED = EventKind("command.accepted", ROOMS_READ)
STEP = EventKind("command.step", ROOMS_READ)
ENDED = EventKind("command.ended", ROOMS_READ)
LOCK_ORDERED = EventKind("lock.ordered", AUDIT_READ)
LOCK_REFUSED = EventKind("lock.refused", AUDIT_READ)
LOCK_ENDED = EventKind("lock.ended", AUDIT_READ)
"""The audit trail of doors opened from afar: who, which room and device, what, and how it ended."""

LONGEST_S, DEFAULT_S = 3600, 60
NO_ANSWER_AFTER = timedelta(minutes=10)
"""An order without an answer this long after its deadline is called unknown."""


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
    if asked.point not in POINTS:
        raise Invalid([FieldError("point", "unknown", f"one of {', '.join(POINTS)}")])
    if wrong_type(asked.point, asked.value):
        raise _invalid("value", "wrong_type", Reason("value_of_wrong_kind"))
    taker = _taker(asked, await takers_of(work.session, work.property_id, asked.room))
    job = CommandJob(
        id=new_id("command"),
        property_id=work.property_id,
        room=asked.room,
        device=taker.device if taker else asked.device,
        point=asked.point,
        value=asked.value,
        state="accepted",
        step="accepted",
        by=work.actor.name,
        created_at=work.now,
        deadline=work.now + timedelta(seconds=asked.within_s),
    )
    work.session.add(job)
    await work.session.flush()
    work.record(ACCEPTED, job.id, _what(job) | {"value": job.value})
    if job.point == LOCK:
        work.record(LOCK_ORDERED, job.id, _what(job) | {"value": job.value})
    return job


def _taker(asked: Order, known: Sequence[Taker] | None) -> Taker | None:
    """Which device is meant; None: the edge has not told yet what this room's devices take. Raises Invalid."""
    if known is None:
        return None
    fitting = [one for one in known if one.point == asked.point and asked.device in (None, one.device)]
    if not fitting:
        field = "point" if asked.device is None else "device"
        raise _invalid(field, "not_in_room", Reason("no_device_takes_this"))
    if len(fitting) > 1:
        names = ", ".join(one.device for one in fitting)
        raise _invalid("device", "which", Reason("several_devices_take_this", {"devices": names}))
    taker = fitting[0]
    if (reason := refusal(taker, asked.value)) is not None:
        raise _invalid("value", reason.code, reason)
    return taker


def _invalid(field: str, code: str, reason: Reason) -> Invalid:
    """A refusal that says why in the reader's language; the field's own message is left to that."""
    return Invalid([FieldError(field, code, "")], f"{field}: {reason.code} {dict(reason.params)}", reasons=[reason])


def refused(work: UnitOfWork, asked: Order, code: str) -> None:
    """Keep that somebody wanted to move a lock and was not let; for orders to locks alone."""
    if asked.point == LOCK:
        told = {"room": asked.room[:20], "device": asked.device, "value": asked.value, "reason": code}
        work.record(LOCK_REFUSED, asked.room[:20], told)


async def answer(work: UnitOfWork, body: CommandResultBody) -> None:
    """The edge says how an order fares. A late word replaces "no answer", and nothing else that has ended."""
    query = select(CommandJob).where(CommandJob.property_id == work.property_id, CommandJob.id == body.id)
    job = await work.session.scalar(query.with_for_update())
    if job is None or not progressed(job.state, job.reason, body.state):
        return
    if body.state in PROGRESS:
        _step(work, job, body)
        return
    job.state, job.reason, job.ended_at = body.state, body.reason, body.at
    if body.state == "done":
        job.step = VERIFIED
    _ended(work, job)


def _step(work: UnitOfWork, job: CommandJob, body: CommandResultBody) -> None:
    job.state = job.step = body.state
    if body.state == "sent":
        job.sent_at = body.at
    else:
        job.acknowledged_at = body.at
    work.record(STEP, job.id, _what(job) | {"state": job.state})


async def give_up(work: UnitOfWork) -> int:
    """End the orders that were never answered; how many."""
    query = select(CommandJob).where(
        CommandJob.property_id == work.property_id,
        CommandJob.state.in_(PROGRESS),
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


def is_open(job: CommandJob) -> bool:
    """Whether it has not ended."""
    return job.state not in END_STATES


def _what(job: CommandJob) -> dict[str, Any]:
    return {"room": job.room, "device": job.device, "point": job.point}


def _ended(work: UnitOfWork, job: CommandJob) -> None:
    ending = {"state": job.state, "reason": job.reason}
    work.record(ENDED, job.id, _what(job) | ending)
    if job.point == LOCK:
        work.record(LOCK_ENDED, job.id, _what(job) | ending | {"value": job.value, "by": job.by})

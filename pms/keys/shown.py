"""What the pages of keys show besides the keys: guests, encoders with their last job, who else is at an encoder."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from pms.access import users
from pms.frontdesk.api import StayView
from pms.frontdesk.api import views as stay_views
from pms.kernel.http import ReadCall
from pms.keys import ledger
from pms.keys.api import encoders_of
from pms.keys.model import CardJob, KeyCard
from pms.keys.rules import PROGRESS, JobState, KeyType, Life
from pms.keys.views import CardJobView, EncoderView, KeyView, encoder_view, key_views
from pms.reservations.model import Reservation

OPEN = tuple(state.value for state in PROGRESS)
BEFORE_ITS_TURN = (JobState.ACCEPTED.value, JobState.QUEUED.value)
AT_WORK = tuple(state for state in OPEN if state not in BEFORE_ITS_TURN)
LOOKED_AT = 200
"""How many of the latest jobs are searched for the last one of each encoder."""

Job = KeyCard | CardJob


@dataclass(frozen=True, slots=True)
class LastJob:
    """The latest job at an encoder: the page that shows it, and what it was."""

    page: str
    task: str
    room: str | None
    state: str
    at: datetime


async def stays_of(call: ReadCall, ids: Sequence[str]) -> dict[str, StayView]:
    """Stays by id, with the names as this reader may see them."""
    query = select(Reservation).where(Reservation.property_id == call.property_id, Reservation.id.in_(set(ids)))
    found = list(await call.session.scalars(query))
    return {view.id: view for view in await stay_views(call, call.session, found)}


async def keys_of_stay(call: ReadCall, stay: StayView) -> dict[str, Any]:
    """The keys of a stay in its room, newest first, and what they ask for."""
    rows = await ledger.listing(call.session, call.property_id, ledger.Filter(stay=stay.id, room=stay.room))
    keys = await key_views(call, call.session, rows)
    return {
        "keys": keys,
        "has_key": ledger.current_sequence(rows, stay.id) is not None,
        "ends_before": next((key for key in keys if key.warnings), None),
        "unsure": any(_is_unsure(key) for key in keys),
    }


def _is_unsure(key: KeyView) -> bool:
    return key.state == JobState.UNKNOWN and key.life == Life.ACTIVE and not key.seen


async def opening(call: ReadCall, stay: str) -> int:
    """How many cards of a stay open its door again and again."""
    rows = await ledger.listing(call.session, call.property_id, ledger.Filter(stay=stay, lives=(Life.ACTIVE.value,)))
    return sum(key.type != KeyType.ONE_SHOT for key in rows)


async def beside(call: ReadCall, job: Job) -> dict[str, Any]:
    """Who else is at this job's encoder while it waits, and whether its own time is over."""
    others = await _at_work(call, job.encoder) if job.state in BEFORE_ITS_TURN else []
    ahead = next((one for one in others if one.id != job.id), None)
    told = await _ahead(call, ahead) if ahead else None
    return {"ahead": told, "overdue": job.state in OPEN and call.now > job.deadline}


async def _ahead(call: ReadCall, job: Job) -> dict[str, str | None]:
    people = {person.user.id: person.user.username for person in await users.people(call.session, call.property_id)}
    return {"room": _room(job), "by": people.get(job.by, job.by)}


async def _at_work(call: ReadCall, encoder: str) -> list[Job]:
    found: list[Job] = []
    for table in (KeyCard, CardJob):
        query = select(table).where(table.property_id == call.property_id, table.encoder == encoder)
        found.extend(await call.session.scalars(query.where(table.state.in_(AT_WORK))))
    return found


async def encoders_shown(call: ReadCall) -> list[tuple[EncoderView, LastJob | None]]:
    """The encoders, each with its latest job."""
    last = await _last_jobs(call)
    found = await encoders_of(call, call.session)
    return [(encoder_view(call, one), last.get(one.id)) for one in found]


async def _last_jobs(call: ReadCall) -> dict[str, LastJob]:
    found: list[Job] = []
    for table in (KeyCard, CardJob):
        query = select(table).where(table.property_id == call.property_id)
        found.extend(await call.session.scalars(query.order_by(table.id.desc()).limit(LOOKED_AT)))
    return {job.encoder: _last(job) for job in sorted(found, key=lambda one: one.created_at)}


def _last(job: Job) -> LastJob:
    if isinstance(job, KeyCard):
        return LastJob(f"/keys/jobs/{job.id}", "write", job.room, job.state, job.created_at)
    return LastJob(f"/keys/reads/{job.id}", job.task, None, job.state, job.created_at)


def _room(job: Job) -> str | None:
    return job.room if isinstance(job, KeyCard) else None


async def usable_first(call: ReadCall) -> list[EncoderView]:
    """The encoders to choose from: first those that can be used now, idle ones before busy ones."""
    views = [encoder_view(call, one) for one in await encoders_of(call, call.session)]
    return sorted(views, key=lambda one: (one.advice is not None, one.busy, one.id))


def verdict(job: CardJobView) -> str:
    """What a card turned out to be, a text of `read_card`; empty while that is open or when the job failed."""
    if job.state != JobState.CONFIRMED:
        return ""
    if job.task == "erase":
        return "erased"
    if job.found is None or job.found.opens is None:
        return "opens_unknown"
    if job.found.opens:
        return "opens"
    return "opens_no_more" if job.found.room else "opens_not"

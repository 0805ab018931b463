"""What the pages of keys show besides the keys: guests, encoders with their last job, who else is at an encoder."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from pms.frontdesk.api import StayView
from pms.frontdesk.api import views as stay_views
from pms.kernel.http import ReadCall
from pms.keys import ledger
from pms.keys.api import encoders_of
from pms.keys.model import CardJob, KeyCard
from pms.keys.rules import PROGRESS, JobState, KeyType, Life
from pms.keys.views import EncoderView, KeyView, encoder_view, key_views, usernames
from pms.reservations.model import Reservation

OPEN = tuple(state.value for state in PROGRESS)
QUEUED = (JobState.ACCEPTED.value, JobState.QUEUED.value)
AT_WORK = tuple(state for state in OPEN if state not in QUEUED)
LOOKED_AT = 200
"""How many of the latest jobs are searched for the last one of each encoder."""

Job = KeyCard | CardJob
PAGES: dict[type[Job], str] = {KeyCard: "/keys/jobs", CardJob: "/keys/reads"}


@dataclass(frozen=True, slots=True)
class LastJob:
    """The latest job at an encoder: the page that shows it, and what it was (`task`: write, read or erase)."""

    page: str
    task: str
    room: str | None
    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EncoderShown:
    """An encoder and its latest job."""

    view: EncoderView
    last: LastJob | None


async def stays_of(call: ReadCall, ids: Collection[str]) -> dict[str, StayView]:
    """Stays by id, with the names as this reader may see them."""
    query = select(Reservation).where(Reservation.property_id == call.property_id, Reservation.id.in_(set(ids)))
    found = list(await call.session.scalars(query))
    return {view.id: view for view in await stay_views(call, call.session, found)}


async def stay_of(call: ReadCall, stay: str) -> StayView | None:
    """One stay."""
    return (await stays_of(call, [stay])).get(stay)


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


async def cards_in_force(call: ReadCall, stay: str) -> int:
    """How many cards of a stay open its door again and again."""
    wanted = ledger.Filter(stay=stay, lives=(Life.ACTIVE.value,))
    found = await ledger.listing(call.session, call.property_id, wanted)
    return sum(key.type != KeyType.ONE_SHOT for key in found)


async def beside(call: ReadCall, job: Job) -> dict[str, Any]:
    """Who else is at this job's encoder while it waits, whether its own time is over, and where else it could be."""
    others = await _at_work(call, job.encoder) if job.state in QUEUED else []
    people = await usernames(call.session, call.property_id)
    ahead = next((one for one in others if one.id != job.id), None)
    told = {"room": getattr(ahead, "room", None), "by": people.get(ahead.by, ahead.by)} if ahead else None
    usable = [one.id for one in await usable_first(call) if one.advice is None]
    return {"ahead": told, "overdue": job.state in OPEN and call.now > job.deadline, "usable": usable}


async def _at_work(call: ReadCall, encoder: str) -> Sequence[Job]:
    found: list[Job] = []
    for table in (KeyCard, CardJob):
        mine = (table.property_id == call.property_id, table.encoder == encoder, table.state.in_(AT_WORK))
        found += await call.session.scalars(select(table).where(*mine))
    return found


async def encoders_shown(call: ReadCall) -> list[EncoderShown]:
    """The encoders, each with its latest job."""
    last = await _last_jobs(call)
    found = await encoders_of(call, call.session)
    return [EncoderShown(encoder_view(call, one), last.get(one.id)) for one in found]


async def usable_first(call: ReadCall) -> list[EncoderView]:
    """The encoders to choose from: first those that can be used now, idle ones before busy ones."""
    views = [encoder_view(call, one) for one in await encoders_of(call, call.session)]
    return sorted(views, key=lambda one: (one.advice is not None, one.busy, one.id))


async def _last_jobs(call: ReadCall) -> dict[str, LastJob]:
    jobs: list[Job] = []
    for table in (KeyCard, CardJob):
        mine = select(table).where(table.property_id == call.property_id)
        jobs += await call.session.scalars(mine.order_by(table.id.desc()).limit(LOOKED_AT))
    oldest_first = sorted(jobs, key=lambda one: (one.created_at, one.id))
    return {job.encoder: _last(job) for job in oldest_first}


def _last(job: Job) -> LastJob:
    task = job.task if isinstance(job, CardJob) else "write"
    at = job.ended_at or job.created_at
    return LastJob(f"{PAGES[type(job)]}/{job.id}", task, getattr(job, "room", None), job.state, at)

"""What the pages of keys show besides the keys: guests, encoders with their last job, who else is at an encoder."""

from collections.abc import Mapping, Sequence
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
from pms.keys.rules import ENDS, PROGRESS, JobState, KeyType, Life
from pms.keys.views import EncoderView, KeyView, encoder_view, key_views
from pms.reservations.model import Reservation

OPEN = tuple(state.value for state in PROGRESS)
AT_WORK = tuple(state.value for state in PROGRESS if state not in {JobState.ACCEPTED, JobState.QUEUED})
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
    wanted = ledger.Filter(stay=stay.id, room=stay.room)
    rows = await ledger.listing(call.session, call.property_id, wanted)
    keys = await key_views(call, call.session, rows)
    return {
        "keys": keys,
        "has_key": ledger.current_sequence(rows, stay.id) is not None,
        "ends_before": next((key for key in keys if key.warnings), None),
        "unsure": any(_is_unsure(key) for key in keys),
    }


def _is_unsure(key: KeyView) -> bool:
    return key.state == JobState.UNKNOWN and key.life == Life.ACTIVE and not key.seen


def opening(keys: Sequence[KeyCard]) -> int:
    """How many cards of these open the door again and again."""
    return sum(key.life == Life.ACTIVE and key.type != KeyType.ONE_SHOT for key in keys)


async def beside(call: ReadCall, job: Job) -> dict[str, Any]:
    """Who else is at this job's encoder while it waits, and whether its own time is over."""
    waits = job.state in {JobState.ACCEPTED, JobState.QUEUED}
    others = await _jobs(call, job.encoder, AT_WORK) if waits else []
    people = await people_of(call)
    ahead = next((one for one in others if one.id != job.id), None)
    told = {"room": getattr(ahead, "room", None), "by": people.get(ahead.by, ahead.by)} if ahead else None
    return {"ahead": told, "overdue": job.state in OPEN and call.now > job.deadline}


async def encoders_shown(call: ReadCall) -> list[tuple[EncoderView, LastJob | None]]:
    """The encoders, each with its latest job."""
    last = await _last_jobs(call)
    found = await encoders_of(call, call.session)
    return [(encoder_view(call, one), last.get(one.id)) for one in found]


async def usable_first(call: ReadCall) -> list[EncoderView]:
    """The encoders to choose from: first those that can be used now, idle ones before busy ones."""
    views = [view for view, _ in await encoders_shown(call)]
    return sorted(views, key=lambda one: (one.advice is not None, one.busy, one.id))

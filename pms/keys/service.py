"""Use cases of keys: issue, give up, end by hand; read and erase a card. One transaction each."""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from pms.kernel.errors import Conflict
from pms.kernel.work import UnitOfWork
from pms.keys import endings, events, ledger
from pms.keys.model import CardJob, KeyCard, RoomKeys
from pms.keys.rules import (
    JobState,
    KeySettings,
    KeyType,
    Life,
    Request,
    cancel_refusals,
    end_refusals,
    issue_refusals,
    takes_next_sequence,
    window,
)
from pms.keys.sources import Encoder
from pms.property import service as house
from pms.reservations import service as reservations
from pms.reservations.model import Reservation


@dataclass(frozen=True, slots=True)
class Issue:
    """A key somebody wants. `acknowledge_unknown`: the clerk has seen that an earlier key of the room is unknown."""

    stay: str
    kind: KeyType
    acknowledge_unknown: bool = False


async def issue(work: UnitOfWork, asked: Issue, encoder: Encoder) -> KeyCard:
    """Store a key and its job; the edge is told after the commit. The sequence is kept before anything is written.

    Raises Conflict with every reason against it, NotFound.
    """
    stay = await reservations.find(work.session, work.property_id, asked.stay, lock=True)
    settings, zone = await settings_of(work)
    held = await ledger.counters(work, stay.room)
    keys = await ledger.living(work, stay.room)
    unseen = [] if asked.acknowledge_unknown else await ledger.unseen(work.session, work.property_id, stay.room)
    current = ledger.current_sequence(keys, stay.id)
    room = await house.find_room(work.session, work.property_id, stay.room)
    valid_from, valid_until = window(work.now, stay.departure, settings, zone)
    request = Request(
        kind=asked.kind,
        room=stay.room,
        stay_state=stay.state,
        holds_room=room.stay_id == stay.id,
        has_key=current is not None,
        valid_from=valid_from,
        valid_until=valid_until,
        unseen=unseen,
    )
    if refused := issue_refusals(request):
        raise Conflict(f"no key for room {stay.room} now", reasons=refused)
    if asked.acknowledge_unknown:
        await note_unknown(work, stay.room)
    key = await _store(work, stay, request, encoder, _sequence(held, asked.kind, current))
    key.deadline = work.now + timedelta(seconds=settings.deadline_seconds)
    await work.session.flush()
    if asked.kind is KeyType.REPLACE:
        await endings.end_below(work, held, key.sequence, endings.REPLACED)
    events.issued(work, key)
    events.changed(work, key)
    return key


def _sequence(held: RoomKeys, kind: KeyType, current: int | None) -> int:
    if current is not None and not takes_next_sequence(kind, current):
        return current
    held.last += 1
    return held.last


async def _store(work: UnitOfWork, stay: Reservation, request: Request, encoder: Encoder, sequence: int) -> KeyCard:
    key = KeyCard(
        property_id=work.property_id,
        stay_id=stay.id,
        room=stay.room,
        type=request.kind.value,
        encoder=encoder.id,
        state=JobState.ACCEPTED.value,
        step=JobState.ACCEPTED.value,
        by=work.actor.name,
        created_at=work.now,
        sequence=sequence,
        credential=await ledger.next_credential(work),
        valid_from=request.valid_from,
        valid_until=request.valid_until,
        life=Life.PENDING.value,
    )
    work.session.add(key)
    return key


async def note_unknown(work: UnitOfWork, room: str) -> None:
    """Somebody knows that keys of this room may or may not have been made; the room's counters are locked."""
    ids = await ledger.unseen(work.session, work.property_id, room)
    for key in await ledger.living(work, room):
        if key.id in ids:
            key.seen_at, key.seen_by = work.now, work.actor.name
            work.record(events.KEY_NOTED, key.id, {"room": room, "stay": key.stay_id})


async def cancel(work: UnitOfWork, key_id: str) -> KeyCard:
    """Ask the encoder to give a key up, which it does unless it has begun to write. Raises Conflict, NotFound."""
    key, _ = await ledger.to_change(work, key_id)
    if refused := cancel_refusals(JobState(key.state)):
        raise Conflict("the job cannot be given up", reasons=refused)
    work.record(events.KEY_CANCEL_ASKED, key.id, {"room": key.room, "encoder": key.encoder})
    return key


async def end_by_hand(work: UnitOfWork, key_id: str, reason: str) -> KeyCard:
    """End a key that was lost, or that is back at the desk. Raises Conflict, NotFound.

    The copies of a lost card carry its sequence, and no lock can tell one from another: they end with it.
    """
    key, held = await ledger.to_change(work, key_id)
    if refused := end_refusals(Life(key.life)):
        raise Conflict("the key cannot be ended", reasons=refused)
    endings.end(work, key, reason)
    others = [one for one in await ledger.living(work, key.room) if one.sequence >= key.sequence]
    if reason == endings.LOST or not others:
        await endings.end_below(work, held, key.sequence + 1, reason)
    return key


async def ask_card(work: UnitOfWork, encoder: Encoder, task: str) -> CardJob:
    """Have the card on an encoder read or erased; the edge is told after the commit."""
    settings, _ = await settings_of(work)
    job = CardJob(
        property_id=work.property_id,
        encoder=encoder.id,
        task=task,
        state=JobState.ACCEPTED.value,
        step=JobState.ACCEPTED.value,
        by=work.actor.name,
        created_at=work.now,
        deadline=work.now + timedelta(seconds=settings.deadline_seconds),
    )
    work.session.add(job)
    await work.session.flush()
    work.record(events.CARD_ASKED, job.id, {"encoder": encoder.id, "task": task})
    events.card_changed(work, job)
    return job


async def cancel_card(work: UnitOfWork, job_id: str) -> CardJob:
    """Ask the encoder to give up reading or erasing. Raises Conflict, NotFound."""
    job = await ledger.find_job(work.session, work.property_id, job_id, lock=True)
    if refused := cancel_refusals(JobState(job.state)):
        raise Conflict("the job cannot be given up", reasons=refused)
    work.record(events.CARD_CANCEL_ASKED, job.id, {"encoder": job.encoder, "task": job.task})
    return job


async def settings_of(work: UnitOfWork) -> tuple[KeySettings, ZoneInfo]:
    """How keys are made in this house, and its time zone."""
    found = await house.the_property(work.session, work.property_id)
    return KeySettings.of(found.key_settings), ZoneInfo(found.time_zone)


async def change_settings(work: UnitOfWork, settings: KeySettings) -> KeySettings:
    """Make keys like this from now on; cards that were made stay as they are."""
    stored = {
        "check_out_time": f"{settings.check_out_time:%H:%M}",
        "grace_minutes": settings.grace_minutes,
        "deadline_seconds": settings.deadline_seconds,
    }
    found = await house.the_property(work.session, work.property_id)
    if found.key_settings != stored:
        found.key_settings = stored
        work.record(events.SETTINGS_CHANGED, work.property_id, stored)
    return settings

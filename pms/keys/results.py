"""What the edge says of key jobs, applied: progress never goes back, each job ends in exactly one way."""

from sqlalchemy import select

from pms.kernel.ids import new_id
from pms.kernel.work import UnitOfWork
from pms.keys import endings, events, ledger
from pms.keys.model import CardJob, KeyCard, RoomKeys
from pms.keys.rules import (
    ANSWER_WITHIN,
    CANCELLED,
    CREDENTIALS_SKIPPED,
    ENDS,
    NO_ANSWER,
    PROGRESS,
    RESTORED,
    SEQUENCES_SKIPPED,
    JobState,
    KeyType,
    Life,
    ends_earlier,
    life_after,
    progress,
)
from pms.keys.service import note_unknown
from pms.link.key_messages import CardBody, FoundCardBody, KeyJobBody, KeyResultBody
from pms.property import service as house

_KEY = new_id("key").partition("_")[0] + "_"
_OPEN = tuple(state.value for state in PROGRESS)
_TOLD = frozenset(JobState) - {JobState.ACCEPTED}


async def take_result(work: UnitOfWork, body: KeyResultBody) -> None:
    """The edge says how far a job is or how it ended. A job nobody asked for here is left alone."""
    if body.state not in _TOLD:
        return
    if body.id.startswith(_KEY):
        known = select(KeyCard.id).where(KeyCard.property_id == work.property_id, KeyCard.id == body.id)
        if await work.session.scalar(known) is not None:
            key, held = await ledger.to_change(work, body.id)
            await _take_key(work, key, held, body)
        return
    query = select(CardJob).where(CardJob.property_id == work.property_id, CardJob.id == body.id)
    job = await work.session.scalar(query.with_for_update())
    if job is not None:
        await _take_card(work, job, body)


async def _take_key(work: UnitOfWork, key: KeyCard, held: RoomKeys, body: KeyResultBody) -> None:
    if not _advance(key, body):
        return
    if JobState(key.state) in ENDS:
        await _key_ended(work, key, held)
    events.changed(work, key)


async def _key_ended(work: UnitOfWork, key: KeyCard, held: RoomKeys) -> None:
    """What follows for this key and for the others, once its job has ended."""
    state = JobState(key.state)
    key.life = life_after(Life(key.life), state).value
    if key.life == Life.NEVER:
        key.life_reason, key.life_ended_at, key.life_ended_by = key.reason, None, None
        return
    if key.card is not None and state is JobState.CONFIRMED:
        await endings.end_on_card(work, key.card, endings.OVERWRITTEN, but=key)
    if key.sequence < held.floor:  # a later one was faster
        endings.end(work, key, endings.REPLACED)
    elif ends_earlier(KeyType(key.type), state):
        await endings.end_below(work, held, key.sequence, endings.REPLACED)


async def _take_card(work: UnitOfWork, job: CardJob, body: KeyResultBody) -> None:
    if not _advance(job, body):
        return
    if body.card is not None:
        job.found = body.card.model_dump(mode="json")
    if job.state == JobState.CONFIRMED and body.card is not None:
        await _card_seen(work, job, body.card)
    events.card_changed(work, job)


async def _card_seen(work: UnitOfWork, job: CardJob, card: FoundCardBody) -> None:
    """A clerk who has read a card knows what it is; an erased one carries no key any more."""
    if job.task == "erase":
        await endings.end_on_card(work, card.serial, endings.ERASED)
        return
    query = select(KeyCard.room).where(
        KeyCard.property_id == work.property_id,
        KeyCard.encoder == job.encoder,
        KeyCard.state == JobState.UNKNOWN.value,
        KeyCard.seen_at.is_(None),
    )
    for room in sorted(set(await work.session.scalars(query))):
        await ledger.counters(work, room)
        await note_unknown(work, room)


def _advance(job: KeyCard | CardJob, body: KeyResultBody) -> bool:
    """Put the job where the edge says it is; False where that is no news."""
    told = progress(JobState(job.state), job.reason, JobState(body.state))
    if told is None:
        return False
    job.state = told.value
    if told in ENDS:
        job.reason, job.ended_at = body.reason, body.at
        if body.card is not None:
            job.card, job.card_kind = body.card.serial, body.card.kind
    else:
        job.step = told.value
    return True


async def order_of(work: UnitOfWork, job_id: str) -> KeyJobBody | None:
    """What the edge is to be told of a job. None when there is nothing to do any more: no key after a check-out."""
    if not job_id.startswith(_KEY):
        job = await ledger.find_job(work.session, work.property_id, job_id)
        return None if job.state in ENDS else _body(job, job.task, None)
    key, held = await ledger.to_change(work, job_id)
    if key.state in ENDS:
        return None
    if key.life == Life.ENDED:
        await _close(work, key, held, JobState.FAILED, CANCELLED)
        return None
    return _body(key, "write", content_of(key))


def content_of(key: KeyCard) -> CardBody:
    """What the card is to say."""
    return CardBody(
        room=key.room,
        credential=key.credential,
        sequence=key.sequence,
        valid_from=key.valid_from,
        valid_until=key.valid_until,
        one_shot=key.type == KeyType.ONE_SHOT,
    )


def _body(job: KeyCard | CardJob, task: str, content: CardBody | None) -> KeyJobBody:
    told = {"id": job.id, "encoder": job.encoder, "task": task, "deadline": job.deadline, "by": job.by}
    return KeyJobBody.model_validate({**told, "content": content})


async def give_up(work: UnitOfWork) -> int:
    """End the jobs the edge never answered: whether a card was made is unknown; how many."""
    return await _end_open(work, NO_ANSWER, only_overdue=True)


async def after_restore(work: UnitOfWork) -> int:
    """The books are older than the cards: open jobs become unknown, and the numbers go on far above.

    Between the backup and now keys were made that these books do not know. Their numbers are not used again.
    """
    for room in sorted(room.number for room in await house.all_rooms(work.session, work.property_id)):
        (await ledger.counters(work, room)).last += SEQUENCES_SKIPPED
    ended = await _end_open(work, RESTORED, only_overdue=False)
    await ledger.skip_credentials(work, CREDENTIALS_SKIPPED)
    return ended


async def _end_open(work: UnitOfWork, reason: str, *, only_overdue: bool) -> int:
    ended = 0
    for table in (KeyCard, CardJob):
        query = select(table.id).where(table.property_id == work.property_id, table.state.in_(_OPEN))
        if only_overdue:
            query = query.where(table.deadline < work.now - ANSWER_WITHIN)
        for job_id in (await work.session.scalars(query.order_by(table.id))).all():
            await _end_unknown(work, job_id, reason)
            ended += 1
    return ended


async def _end_unknown(work: UnitOfWork, job_id: str, reason: str) -> None:
    if job_id.startswith(_KEY):
        key, held = await ledger.to_change(work, job_id)
        if key.state not in ENDS:
            await _close(work, key, held, JobState.UNKNOWN, reason)
        return
    job = await ledger.find_job(work.session, work.property_id, job_id, lock=True)
    if job.state not in ENDS:
        job.state, job.reason, job.ended_at = JobState.UNKNOWN.value, reason, work.now
        events.card_changed(work, job)


async def _close(work: UnitOfWork, key: KeyCard, held: RoomKeys, state: JobState, reason: str) -> None:
    """End a key's job ourselves."""
    key.state, key.reason, key.ended_at = state.value, reason, work.now
    await _key_ended(work, key, held)
    events.changed(work, key)

"""Keys, encoders and card jobs as a reader sees them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access import users
from pms.access.permissions import GUESTS_READ, KEYS_ISSUE
from pms.guests import service as guests
from pms.guests.rules import masked
from pms.kernel.errors import Reason
from pms.kernel.http import Action as ActionView
from pms.kernel.http import Call, View
from pms.kernel.http.models import ReasonView
from pms.kernel.i18n.translator import local_params
from pms.keys import ledger
from pms.keys.advice import advice
from pms.keys.departures import ends_too_early
from pms.keys.found import verdict
from pms.keys.model import CardJob, KeyCard
from pms.keys.rules import ENDS, JobState, Life, cancel_refusals, end_refusals
from pms.keys.sources import Encoder, encoder_refusals
from pms.link.key_messages import FoundCardBody
from pms.reservations.model import Reservation


class AdviceView(View):
    """What happened and what to do, as a code and as sentences."""

    code: str
    text: str


class KeyView(View):
    """A key. `state` is how its job is or ended, `step` how far that came; `life` what became of the key itself."""

    id: str
    stay: str
    room: str
    type: str
    encoder: str
    state: str
    step: str
    reason: str | None
    sequence: int
    credential: int
    valid_from: datetime
    valid_until: datetime
    by: str
    created_at: datetime
    deadline: datetime
    ended_at: datetime | None
    card: str | None
    card_kind: str | None
    life: str
    life_reason: str | None
    life_ended_at: datetime | None
    life_ended_by: str | None
    first_used_at: datetime | None
    seen: bool
    warnings: list[ReasonView]
    advice: AdviceView
    actions: list[ActionView]


class EncoderView(View):
    """An encoder as the edge last told. `state`: up, down, starting, unknown (the edge is silent)."""

    id: str
    line: str
    state: str
    code: str | None
    text: str
    firmware: str | None
    busy: bool
    waiting: int
    since: datetime | None
    heard: datetime | None
    age_s: int | None
    advice: AdviceView | None
    actions: list[ActionView]


class CardGuestView(View):
    """The guest of a key; the name is cut to its first character for whom it is not meant."""

    id: str
    name: str


class FoundView(View):
    """What a card said. `opens` null: nobody can say; `reasons` why it does not open."""

    serial: str
    kind: str
    problem: str | None
    key: str | None
    stay: str | None
    room: str | None
    guest: CardGuestView | None
    credential: int | None
    sequence: int | None
    credential_class: str | None
    one_shot: bool
    valid_from: datetime | None
    valid_until: datetime | None
    life: str | None
    opens: bool | None
    reasons: list[ReasonView]


class CardJobView(View):
    """A card that is read or erased. `found`: the card, once there was one."""

    id: str
    task: str
    encoder: str
    state: str
    step: str
    reason: str | None
    by: str
    created_at: datetime
    deadline: datetime
    ended_at: datetime | None
    found: FoundView | None
    advice: AdviceView
    actions: list[ActionView]


async def key_views(call: Call, session: AsyncSession, keys: Sequence[KeyCard]) -> list[KeyView]:
    """Keys as this reader sees them."""
    people = await _people(session, call.property_id)
    early = await ends_too_early(session, call.property_id, keys)
    return [_key(call, key, people, early.get(key.id, [])) for key in keys]


def _key(call: Call, key: KeyCard, people: Mapping[str, str], warnings: list[Reason]) -> KeyView:
    columns = {name: getattr(key, name) for name in KeyView.model_fields if hasattr(KeyCard, name)}
    named = {"by": people.get(key.by, key.by), "life_ended_by": people.get(key.life_ended_by or "", key.life_ended_by)}
    return KeyView(
        **{**columns, **named},
        stay=key.stay_id,
        seen=key.seen_at is not None,
        warnings=[reason_view(call, reason) for reason in warnings],
        advice=advice_view(call, key, "write"),
        actions=_key_actions(call, key),
    )


def _key_actions(call: Call, key: KeyCard) -> list[ActionView]:
    if not call.may(KEYS_ISSUE):
        return []
    return [
        call.action("cancel", cancel_refusals(JobState(key.state))),
        call.action("end", end_refusals(Life(key.life))),
    ]


def encoder_view(call: Call, encoder: Encoder) -> EncoderView:
    """An encoder as this reader sees it."""
    refused = encoder_refusals(encoder)
    names = ("id", "line", "state", "code", "firmware", "busy", "waiting", "since", "heard")
    return EncoderView(
        **{name: getattr(encoder, name) for name in names},
        text=call.text(f"encoder_state.{encoder.state}"),
        age_s=max(0, int((call.now - encoder.heard).total_seconds())) if encoder.heard else None,
        advice=_encoder_advice(call, encoder) if refused else None,
        actions=[call.action(task, refused) for task in ("read", "erase")] if call.may(KEYS_ISSUE) else [],
    )


def _encoder_advice(call: Call, encoder: Encoder) -> AdviceView:
    told = advice(JobState.FAILED, "no_answer" if encoder.state == "unknown" else encoder.code or "encoder_silent")
    return AdviceView(code=told.code, text=call.text(f"advice.{told.response}"))


async def card_view(call: Call, session: AsyncSession, job: CardJob) -> CardJobView:
    """A card job as this reader sees it."""
    people = await _people(session, call.property_id)
    columns = {name: getattr(job, name) for name in CardJobView.model_fields if hasattr(CardJob, name)}
    against = cancel_refusals(JobState(job.state))
    return CardJobView(
        **{**columns, "by": people.get(job.by, job.by), "found": await _found(call, session, job)},
        advice=advice_view(call, job, job.task),
        actions=[call.action("cancel", against)] if call.may(KEYS_ISSUE) else [],
    )


async def _found(call: Call, session: AsyncSession, job: CardJob) -> FoundView | None:
    if job.found is None or job.state not in ENDS:
        return None
    found = FoundCardBody.model_validate(job.found)
    content = found.content
    key = await ledger.by_credential(session, call.property_id, content.credential) if content else None
    floors = await ledger.floors(session, call.property_id, [content.room]) if content else {}
    judged = verdict(found, key, floors.get(content.room, 0) if content else 0, call.now)
    told: dict[str, Any] = content.model_dump() if content else {}
    fields = ("room", "credential", "sequence", "credential_class", "valid_from", "valid_until")
    return FoundView(
        serial=found.serial,
        kind=found.kind,
        problem=found.problem,
        key=key.id if key else None,
        stay=key.stay_id if key else None,
        guest=await _guest(call, session, key) if key else None,
        one_shot=bool(told.get("one_shot")),
        life=key.life if key else None,
        opens=judged.opens,
        reasons=[_opens_reason(call, code, params) for code, params in judged.reasons],
        **{name: told.get(name) for name in fields},
    )


async def _guest(call: Call, session: AsyncSession, key: KeyCard) -> CardGuestView | None:
    query = select(Reservation.guest_id).where(
        Reservation.property_id == call.property_id, Reservation.id == key.stay_id
    )
    guest = await session.scalar(query)
    if guest is None:
        return None
    name = (await guests.names(session, call.property_id, {guest})).get(guest, "")
    return CardGuestView(id=guest, name=name if call.may(GUESTS_READ) else masked(name))


def _opens_reason(call: Call, code: str, params: Mapping[str, Any]) -> ReasonView:
    """A reason in the reader's language, instants on the hotel's clock."""
    shown = local_params({"params": params, "at": params.get("at")}, call.context.zone)
    return ReasonView(code=code, params=dict(params), text=call.text(f"opens.{code}", **shown))


def reason_view(call: Call, reason: Reason) -> ReasonView:
    """A reason in the reader's language."""
    text = call.text(f"reason.{reason.code}", **reason.params)
    return ReasonView(code=reason.code, params=dict(reason.params), text=text)


def advice_view(call: Call, job: KeyCard | CardJob, task: str) -> AdviceView:
    """What happened to a job and what to do, in the reader's language."""
    told = advice(JobState(job.state), job.reason, task)
    response = call.text(f"advice.{told.response}")
    if told.happened is None:
        return AdviceView(code=told.code, text=response)
    happened = call.text(f"happened.{told.happened}")
    return AdviceView(code=told.code, text=call.text("key_advice.both", happened=happened, response=response))


async def _people(session: AsyncSession, property_id: str) -> dict[str, str]:
    return {person.user.id: person.user.username for person in await users.people(session, property_id)}

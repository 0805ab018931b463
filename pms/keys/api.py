"""Key cards and encoders over HTTP."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time
from typing import Literal

from pydantic import Field, field_validator
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.permissions import DEVICES_READ, KEYS_ISSUE, KEYS_READ, PROPERTY_CHANGE, PROPERTY_READ
from pms.kernel.errors import NotFound, Reason
from pms.kernel.http import Action as ActionView
from pms.kernel.http import Body, Call, Nothing, Page, ReadCall, Reply, Routes, View, WriteCall
from pms.kernel.http.models import PageQuery, decode_cursor, encode_cursor
from pms.keys import ledger, service
from pms.keys.model import CardJob, KeyCard
from pms.keys.rules import KeySettings, KeyType
from pms.keys.sources import KEY_SOURCES, Encoder, chosen, named
from pms.keys.views import CardJobView, EncoderView, KeyView, card_view, encoder_view, key_views
from pms.property import service as house
from pms.property.model import Room

routes = Routes("keys")

State = Literal[
    "open", "accepted", "queued", "waiting", "writing", "checking", "confirmed", "failed", "expired", "unknown"
]


class KeyBody(Body):
    """A key for a stay. Without `encoder` (its id, or its line's) the only one there is.

    `acknowledge_unknown`: you have seen that nobody knows whether an earlier key of the room was made.
    """

    stay: str = Field(max_length=64)
    type: Literal["new", "duplicate", "replace", "one_shot"]
    encoder: str | None = Field(None, max_length=120)
    acknowledge_unknown: bool = False


class EndBody(Body):
    """Why a key is ended by hand: it is lost, or back at the desk. A lost one takes its copies with it."""

    reason: Literal["lost", "returned", "damaged"]


class KeyQuery(PageQuery):
    """`?stay=&room=&state=&life=`: newest first. `state` may be `open`, every state that has not ended."""

    stay: str | None = Field(None, max_length=64)
    room: str | None = Field(None, max_length=20)
    state: State | None = None
    life: Literal["pending", "active", "ended", "never"] | None = None


class KeySettingsBody(Body):
    """How keys are made: when they end on the day of departure, how much later, how long an encoder waits."""

    check_out_time: time
    grace_minutes: int = Field(ge=0, le=24 * 60)
    deadline_seconds: int = Field(ge=10, le=600)

    @field_validator("check_out_time")
    @classmethod
    def _of_the_hotel(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("a time on the hotel's own clock has no zone")
        return value.replace(second=0, microsecond=0)


class KeySettingsView(View):
    """How keys are made in this house."""

    check_out_time: str
    grace_minutes: int
    deadline_seconds: int


@routes.write("POST", "/api/v1/keys", permission=KEYS_ISSUE, body=KeyBody, response=KeyView, status=202)
async def issue(call: WriteCall) -> Reply:
    """Issue a key: place a card on the encoder when `state` is waiting; look at the key for how it ends."""
    asked = call.body(KeyBody)
    encoder = chosen(await encoders_of(call, call.work.session), asked.encoder)
    wanted = service.Issue(asked.stay, KeyType(asked.type), asked.acknowledge_unknown)
    return await _reply(call, await service.issue(call.work, wanted, encoder), 202)


@routes.read("/api/v1/keys", permission=KEYS_READ, response=Page[KeyView], query=KeyQuery)
async def keys(call: ReadCall) -> Page[KeyView]:
    """The ledger of keys, newest first."""
    query = call.query(KeyQuery)
    wanted = ledger.Filter(
        stay=query.stay,
        room=query.room,
        states=ledger.states_of(query.state),
        lives=(query.life,) if query.life else None,
        before=decode_cursor(call.property_id, query.cursor)[0] if query.cursor else None,
    )
    found = await ledger.listing(call.session, call.property_id, wanted, query.limit + 1)
    shown = found[: query.limit]
    more = encode_cursor(call.property_id, [shown[-1].id]) if len(found) > query.limit else None
    return Page[KeyView](items=await key_views(call, call.session, shown), next=more)


@routes.read("/api/v1/keys/{id}", permission=KEYS_READ, response=KeyView)
async def key(call: ReadCall) -> KeyView:
    """One key: how far its job is, what became of it, what to do."""
    found = await ledger.find(call.session, call.property_id, call.path("id"))
    return (await key_views(call, call.session, [found]))[0]


@routes.write("POST", "/api/v1/keys/{id}/cancel", permission=KEYS_ISSUE, body=Nothing, response=KeyView, status=202)
async def cancel(call: WriteCall) -> Reply:
    """Give a key up before anything is written; it ends failed (cancelled) when the encoder has heeded it."""
    return await _reply(call, await service.cancel(call.work, call.path("id")), 202)


@routes.write("POST", "/api/v1/keys/{id}/end", permission=KEYS_ISSUE, body=EndBody, response=KeyView)
async def end(call: WriteCall) -> Reply:
    """End a key by hand. A lost card ends with all its copies: a lock cannot tell one from another."""
    return await _reply(call, await service.end_by_hand(call.work, call.path("id"), call.body(EndBody).reason))


@routes.read("/api/v1/encoders", permission=DEVICES_READ, response=Page[EncoderView])
async def encoders(call: ReadCall) -> Page[EncoderView]:
    """The encoders and how they are, by id."""
    found = await encoders_of(call, call.session)
    return Page[EncoderView](items=[encoder_view(call, one) for one in found])


@routes.write(
    "POST", "/api/v1/encoders/{id}/read", permission=KEYS_ISSUE, body=Nothing, response=CardJobView, status=202
)
async def read(call: WriteCall) -> Reply:
    """Read the card that is put on an encoder; look at the job for what it is."""
    return await _ask_card(call, "read")


@routes.write(
    "POST", "/api/v1/encoders/{id}/erase", permission=KEYS_ISSUE, body=Nothing, response=CardJobView, status=202
)
async def erase(call: WriteCall) -> Reply:
    """Make the card that is put on an encoder blank; the key that was on it ends."""
    return await _ask_card(call, "erase")


@routes.read("/api/v1/encoders/jobs/{id}", permission=KEYS_READ, response=CardJobView)
async def card_job(call: ReadCall) -> CardJobView:
    """A card that is read or erased: whose it is, which door, until when, and why it will not open."""
    job = await ledger.find_job(call.session, call.property_id, call.path("id"))
    return await card_view(call, call.session, job)


@routes.write(
    "POST",
    "/api/v1/encoders/jobs/{id}/cancel",
    permission=KEYS_ISSUE,
    body=Nothing,
    response=CardJobView,
    status=202,
)
async def cancel_card(call: WriteCall) -> Reply:
    """Give reading or erasing up."""
    return await _card_reply(call, await service.cancel_card(call.work, call.path("id")))


@routes.read("/api/v1/key-settings", permission=PROPERTY_READ, response=KeySettingsView)
async def settings(call: ReadCall) -> KeySettingsView:
    """When keys end, and how long an encoder waits for a card."""
    found = await house.the_property(call.session, call.property_id)
    return _settings(KeySettings.of(found.key_settings))


@routes.write("PUT", "/api/v1/key-settings", permission=PROPERTY_CHANGE, body=KeySettingsBody, response=KeySettingsView)
async def change_settings(call: WriteCall) -> KeySettingsView:
    """Make keys like this from now on; cards that were made stay as they are."""
    wanted = KeySettings(**call.body(KeySettingsBody).model_dump())
    return _settings(await service.change_settings(call.work, wanted))


def room_actions(call: Call, room: Room) -> list[ActionView]:
    """What is offered to do with a room: `key`, issue one to who is in it."""
    if not call.may(KEYS_ISSUE):
        return []
    return [call.action("key", [] if room.stay_id else [Reason("room_vacant")])]


async def encoders_of(call: Call, session: AsyncSession) -> Sequence[Encoder]:
    """The encoders of the house, by id; while the edge is silent nobody knows how they are."""
    found = await call.request.config_dict[KEY_SOURCES].encoders(session, call.property_id)
    silent = any(part.name == "edge" and part.state == "down" for part in call.context.health.parts())
    return [replace(one, state="unknown", code="edge_silent") for one in found] if silent else found


async def _ask_card(call: WriteCall, task: Literal["read", "erase"]) -> Reply:
    wanted, found = call.path("id"), await encoders_of(call, call.work.session)
    if not named(found, wanted):
        raise NotFound(f"no encoder {wanted}")
    encoder = chosen(found, wanted)
    return await _card_reply(call, await service.ask_card(call.work, encoder, task))


async def _reply(call: WriteCall, changed: KeyCard, status: int = 200) -> Reply:
    await call.work.session.flush()
    return Reply((await key_views(call, call.work.session, [changed]))[0], status=status)


async def _card_reply(call: WriteCall, job: CardJob) -> Reply:
    return Reply(await card_view(call, call.work.session, job), status=202)


def _settings(found: KeySettings) -> KeySettingsView:
    return KeySettingsView(
        check_out_time=f"{found.check_out_time:%H:%M}",
        grace_minutes=found.grace_minutes,
        deadline_seconds=found.deadline_seconds,
    )

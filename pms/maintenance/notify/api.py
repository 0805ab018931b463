"""Contacts, roster, escalation list and messages over HTTP, for managers."""

from datetime import datetime
from typing import Literal

from aiohttp import web
from pydantic import Field

from pms.access.permissions import NOTIFICATIONS_CHANGE
from pms.kernel.http import Body, Nothing, Page, ReadCall, Reply, Routes, View, WriteCall
from pms.kernel.http.calls import Call
from pms.maintenance.notify import people
from pms.maintenance.notify.channels import WEBHOOK, Channels
from pms.maintenance.notify.model import Contact, EscalationStep, Notification, Shift

routes = Routes("notifications")

PATH = "/api/v1/notifications"
CHANNELS: web.AppKey[Channels] = web.AppKey("innkeeper_channels", Channels)
"""The ways to people that there are."""
TIME = r"^([01]\d|2[0-3]):[0-5]\d$"


class ContactBody(Body):
    """Somebody to be told of alerts of this priority and of what is more urgent."""

    name: str = Field(min_length=1, max_length=80)
    channel: str = Field(max_length=40)
    address: str = Field(min_length=1, max_length=254)
    language: str = Field("", max_length=20)
    priority: Literal["critical", "high", "medium", "low"] = "high"


class ShiftBody(Body):
    """When somebody is on duty; an end that is not after the start is on the next day."""

    contact: str = Field(max_length=64)
    weekdays: str = Field(min_length=1, max_length=7)
    starts: str = Field(pattern=TIME)
    ends: str = Field(pattern=TIME)


class StepBody(Body):
    """Who is told after so many minutes without an acknowledgement."""

    contact: str = Field(max_length=64)
    minutes: int


class MessageQuery(Body):
    """`?state=`."""

    state: Literal["", "waiting", "sent", "dead", "dropped"] = ""


class ContactView(View):
    """Somebody to be told."""

    id: str
    name: str
    channel: str
    address: str
    language: str
    priority: str


class ShiftView(View):
    """A shift."""

    id: str
    contact: str
    weekdays: str
    starts: str
    ends: str


class StepView(View):
    """A step of the escalation list."""

    id: str
    contact: str
    minutes: int


class MessageView(View):
    """A message; `dead`: it was given up, and may be sent again."""

    id: str
    reason: str
    priority: str
    alerts: list[str]
    contact: str | None
    channel: str
    target: str
    state: str
    attempts: int
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    error: str | None


class PeopleView(View):
    """All of it."""

    channels: list[str]
    contacts: list[ContactView]
    roster: list[ShiftView]
    escalation: list[StepView]


@routes.read(PATH + "/people", permission=NOTIFICATIONS_CHANGE, response=PeopleView)
async def everybody(call: ReadCall) -> PeopleView:
    """Contacts, roster and escalation list."""
    return await people_view(call)


@routes.write("POST", PATH + "/contacts", permission=NOTIFICATIONS_CHANGE, body=ContactBody, response=ContactView)
async def add_contact(call: WriteCall) -> Reply:
    """Note somebody down."""
    asked = call.body(ContactBody)
    language = asked.language if asked.language in call.context.translator.languages else call.language
    new = people.NewContact(asked.name, asked.channel, asked.address, language, asked.priority)
    return Reply(_contact(await people.add_contact(call.work, new, channel_names(call))), status=201)


@routes.write("DELETE", PATH + "/contacts/{id}", permission=NOTIFICATIONS_CHANGE, body=Nothing, response=Nothing)
async def remove_contact(call: WriteCall) -> Nothing:
    """Forget somebody."""
    await people.remove_contact(call.work, call.path("id"))
    return Nothing()


@routes.write("POST", PATH + "/contacts/{id}/test", permission=NOTIFICATIONS_CHANGE, body=Nothing, response=MessageView)
async def test_contact(call: WriteCall) -> Reply:
    """Send somebody a test message."""
    return Reply(message(await people.test(call.work, call.path("id"))), status=202)


@routes.write("POST", PATH + "/roster", permission=NOTIFICATIONS_CHANGE, body=ShiftBody, response=ShiftView)
async def add_shift(call: WriteCall) -> Reply:
    """Put somebody on duty."""
    asked = call.body(ShiftBody)
    times = (_minutes(asked.starts), _minutes(asked.ends))
    return Reply(_shift(await people.add_shift(call.work, asked.contact, asked.weekdays, times)), status=201)


@routes.write("DELETE", PATH + "/roster/{id}", permission=NOTIFICATIONS_CHANGE, body=Nothing, response=Nothing)
async def remove_shift(call: WriteCall) -> Nothing:
    """Take a shift off the roster."""
    await people.remove_shift(call.work, call.path("id"))
    return Nothing()


@routes.write("POST", PATH + "/escalation", permission=NOTIFICATIONS_CHANGE, body=StepBody, response=StepView)
async def add_step(call: WriteCall) -> Reply:
    """Put somebody on the escalation list."""
    asked = call.body(StepBody)
    return Reply(_step(await people.add_step(call.work, asked.contact, asked.minutes)), status=201)


@routes.write("DELETE", PATH + "/escalation/{id}", permission=NOTIFICATIONS_CHANGE, body=Nothing, response=Nothing)
async def remove_step(call: WriteCall) -> Nothing:
    """Take a step off the list."""
    await people.remove_step(call.work, call.path("id"))
    return Nothing()


@routes.read(PATH + "/messages", permission=NOTIFICATIONS_CHANGE, response=Page[MessageView], query=MessageQuery)
async def messages(call: ReadCall) -> Page[MessageView]:
    """The latest messages, newest first."""
    found = await people.messages(call.session, call.property_id, call.query(MessageQuery).state)
    return Page[MessageView](items=[message(one) for one in found])


@routes.write(
    "POST", PATH + "/messages/{id}/send-again", permission=NOTIFICATIONS_CHANGE, body=Nothing, response=MessageView
)
async def send_again(call: WriteCall) -> MessageView:
    """Try a message anew that was given up."""
    return message(await people.send_again(call.work, call.path("id")))


def channel_names(call: Call) -> list[str]:
    """The channels a contact may have; webhooks are configured, not chosen."""
    there = call.request.config_dict
    return sorted(set(there[CHANNELS].by_name) - {WEBHOOK}) if CHANNELS in there else []


async def people_view(call: ReadCall) -> PeopleView:
    """Everything about people."""
    session, house = call.session, call.property_id
    return PeopleView(
        channels=channel_names(call),
        contacts=[_contact(one) for one in await people.contacts(session, house)],
        roster=[_shift(one) for one in await people.shifts(session, house)],
        escalation=[_step(one) for one in await people.steps(session, house)],
    )


def message(one: Notification) -> MessageView:
    """A message as it is shown."""
    names = [name for name in MessageView.model_fields if name not in {"contact"}]
    return MessageView(**{name: getattr(one, name) for name in names}, contact=one.contact_id)


def _contact(one: Contact) -> ContactView:
    return ContactView(**{name: getattr(one, name) for name in ContactView.model_fields})


def _shift(one: Shift) -> ShiftView:
    return ShiftView(
        id=one.id, contact=one.contact_id, weekdays=one.weekdays, starts=_clock(one.starts), ends=_clock(one.ends)
    )


def _step(one: EscalationStep) -> StepView:
    return StepView(id=one.id, contact=one.contact_id, minutes=one.minutes)


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"

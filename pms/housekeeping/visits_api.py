"""Visits over HTTP: who was where and how long, what a visit was for, whose card is whose, what locks remembered."""

from datetime import date, datetime, timedelta

from pydantic import AwareDatetime, Field

from pms.access import users
from pms.access.permissions import DEVICES_MANAGE, HOUSEKEEPING_ASSIGN
from pms.housekeeping import late_cleanings, minutes, service, visits
from pms.housekeeping.rules import TaskType
from pms.housekeeping.visit_model import StaffVisit
from pms.housekeeping.visit_rules import Department, Entry, VisitKind
from pms.kernel import clock
from pms.kernel.errors import FieldError, Invalid, NotFound
from pms.kernel.http import Body, Nothing, Page, ReadCall, Routes, View, WriteCall
from pms.property import service as house

routes = Routes("visits")

DAY_HOURS = 4
"""The staff's day begins at four: a late round belongs to the evening before."""
MOST_ENTRIES = 2000
UP_TO_DATE = timedelta(minutes=5)


class DayQuery(Body):
    """`?day=&room=`: today without a day."""

    day: date | None = None
    room: str | None = Field(None, max_length=20)


class VisitView(View):
    """A visit. `at_most`: nobody saw them leave, the card was elsewhere then; `from_audit`: the lock told later."""

    visit: str
    room: str
    kind: str
    kind_source: str
    entered: datetime
    left: datetime | None
    minutes: float | None
    planned: int | None
    at_most: bool
    card: str | None
    card_class: str
    from_audit: bool
    guests: bool
    not_to_be_disturbed: bool


class AttendantView(View):
    """Somebody's day."""

    user: str | None
    name: str | None
    card: str | None
    department: str | None
    rooms: int
    minutes: float
    planned: int
    visits: list[VisitView]


class MinutesView(View):
    """A day."""

    day: date
    attendants: list[AttendantView]


class KindBody(Body):
    """What it was for."""

    kind: VisitKind


class CardBody(Body):
    """Whose a card is; the person by name or id, none for a card of the department."""

    credential: str = Field(min_length=1, max_length=120)
    department: Department
    person: str | None = Field(None, max_length=80)


class CardView(View):
    """Whose a card is."""

    credential: str
    department: str
    user: str | None
    name: str | None


class AuditEntry(Body):
    """An opening as a lock remembered it."""

    room: str = Field(max_length=20)
    at: AwareDatetime
    credential: str = Field(min_length=1, max_length=120)
    credential_class: str = Field("housekeeping", max_length=40)


class AuditBody(Body):
    """What was read out of locks."""

    entries: list[AuditEntry] = Field(max_length=MOST_ENTRIES)


class AuditView(View):
    """How many openings were sent, and how many of them were new."""

    sent: int
    new: int


class PlannedView(View):
    """The rooms that are to be turned down now."""

    rooms: list[str]


@routes.read("/api/v1/housekeeping/visits", permission=HOUSEKEEPING_ASSIGN, response=Page[VisitView], query=DayQuery)
async def listing(call: ReadCall) -> Page[VisitView]:
    """The visits of a day, in order."""
    query = call.query(DayQuery)
    found = await of_day(call, query.day, query.room)
    return Page[VisitView](items=[_view(one) for one in found])


@routes.read("/api/v1/housekeeping/minutes", permission=HOUSEKEEPING_ASSIGN, response=MinutesView, query=DayQuery)
async def actual_minutes(call: ReadCall) -> MinutesView:
    """Who was how long in which room."""
    query = call.query(DayQuery)
    found = await of_day(call, query.day, query.room)
    return MinutesView(day=query.day or today(call), attendants=await attendants(call, found))


@routes.write(
    "POST",
    "/api/v1/housekeeping/visits/{visit}/kind",
    permission=HOUSEKEEPING_ASSIGN,
    body=KindBody,
    response=VisitView,
)
async def kind(call: WriteCall) -> VisitView:
    """Say what a visit was for."""
    return _view(await visits.correct(call.work, call.path("visit"), call.body(KindBody).kind))


@routes.read("/api/v1/housekeeping/staff-cards", permission=HOUSEKEEPING_ASSIGN, response=Page[CardView])
async def staff_cards(call: ReadCall) -> Page[CardView]:
    """Whose cards are whose."""
    names = await _names(call)
    found = await visits.cards(call.session, call.property_id)
    return Page[CardView](
        items=[
            CardView(
                credential=one.credential,
                department=one.department,
                user=one.user_id,
                name=names.get(one.user_id or ""),
            )
            for one in found.values()
        ]
    )


@routes.write(
    "POST", "/api/v1/housekeeping/staff-cards", permission=HOUSEKEEPING_ASSIGN, body=CardBody, response=CardView
)
async def set_card(call: WriteCall) -> CardView:
    """Say whose a card is; what it did in the last day is judged anew."""
    asked = call.body(CardBody)
    person = await _person(call, asked.person) if asked.person else None
    user_id = person.user.id if person else None
    await visits.set_card(call.work, asked.credential, asked.department, user_id)
    await late_cleanings.propose(call.work)
    name = person.user.username if person else None
    return CardView(credential=asked.credential, department=asked.department.value, user=user_id, name=name)


@routes.write("POST", "/api/v1/housekeeping/lock-audit", permission=DEVICES_MANAGE, body=AuditBody, response=AuditView)
async def lock_audit(call: WriteCall) -> AuditView:
    """Take what was read out of locks without a line. Sent again, it changes nothing."""
    sent = call.body(AuditBody).entries
    _refuse_the_future(sent, call.now)
    rooms: dict[str, list[Entry]] = {}
    for one in sent:
        rooms.setdefault(one.room, []).append(Entry(one.credential, one.credential_class, one.at))
    new = 0
    for room, entries in sorted(rooms.items()):
        new += await visits.take_audit(call.work, room, entries)
    if new:
        await late_cleanings.propose(call.work)
    return AuditView(sent=len(sent), new=new)


@routes.write(
    "POST",
    "/api/v1/housekeeping/turndown",
    permission=HOUSEKEEPING_ASSIGN,
    body=Nothing,
    response=PlannedView,
)
async def plan_turndown(call: WriteCall) -> PlannedView:
    """Plan a turndown for every room in which somebody stays and nothing else is to be done."""
    work, planned = call.work, []
    for room in await house.all_rooms(work.session, work.property_id):
        busy = await service.open_task(work.session, work.property_id, room.number) is not None
        if room.front_office == "occupied" and not busy and room.request != "dnd":
            await service.create(work, room.number, TaskType.TURNDOWN, service.MANUAL)
            planned.append(room.number)
    return PlannedView(rooms=planned)


async def of_day(call: ReadCall, day: date | None, room: str | None = None) -> list[StaffVisit]:
    """The visits of a day of the hotel, in order."""
    begins = clock.instant(day or today(call), datetime.min.time().replace(hour=DAY_HOURS), call.context.zone)
    until = begins + timedelta(days=1)
    return list(await visits.between(call.session, call.property_id, begins, until, room))


async def attendants(call: ReadCall, found: list[StaffVisit]) -> list[AttendantView]:
    """Visits by who made them."""
    names = await _names(call)
    known = await visits.cards(call.session, call.property_id)
    return [
        AttendantView(
            user=one.user_id,
            name=names.get(one.user_id or ""),
            card=one.card,
            department=one.department,
            rooms=one.rooms,
            minutes=round(one.minutes, 1),
            planned=one.planned,
            visits=[_line(line) for line in one.lines],
        )
        for one in minutes.by_attendant(found, known)
    ]


def today(call: ReadCall) -> date:
    """The day of the staff, which begins at four."""
    return (call.now - timedelta(hours=DAY_HOURS)).astimezone(call.context.zone).date()


def _refuse_the_future(sent: list[AuditEntry], now: datetime) -> None:
    late = [number for number, one in enumerate(sent) if one.at > now + UP_TO_DATE]
    if late:
        raise Invalid([FieldError(f"entries.{late[0]}.at", "out_of_range", "a lock remembers no future")])


def _view(found: StaffVisit) -> VisitView:
    return _line(minutes.line_of(found))


def _line(line: minutes.Line) -> VisitView:
    return VisitView(**{name: getattr(line, name) for name in VisitView.model_fields})


async def _names(call: ReadCall) -> dict[str, str]:
    return {person.user.id: person.user.username for person in await users.people(call.session, call.property_id)}


async def _person(call: WriteCall, who: str) -> users.Person:
    by_id = {"user_id": who} if who.startswith("user_") else {"username": who}
    try:
        return await users.find(call.work.session, call.property_id, **by_id)
    except NotFound as error:
        raise Invalid([FieldError("person", "unknown", "nobody of this house")]) from error

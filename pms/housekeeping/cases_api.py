"""Cases over HTTP: where desk and room disagree, what may be cleaned early, whom to look after; counting people."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from pms.access.permissions import HOUSEKEEPING_ASSIGN, HOUSEKEEPING_WORK, ROOMS_READ, ROOMS_REQUEST
from pms.housekeeping import cases, service
from pms.housekeeping.case_model import RoomCase
from pms.housekeeping.case_rules import CaseState
from pms.kernel.errors import Reason
from pms.kernel.http import Action as ActionView
from pms.kernel.http import Body, Call, Nothing, Page, ReadCall, Reply, Routes, View, WriteCall
from pms.link.messages import EvidenceItem
from pms.property.views import EvidenceView

routes = Routes("cases")


class CaseQuery(Body):
    """`?room=&state=`: the open ones without a state."""

    room: str | None = Field(None, max_length=20)
    state: Literal["open", "dismissed", "closed", "all"] = "open"


class DismissBody(Body):
    """What was found, where there is something to say."""

    note: str = Field("", max_length=500)


class PersonsBody(Body):
    """How many people were counted in the room."""

    persons: int = Field(ge=0, le=cases.MOST_PERSONS)


class CaseView(View):
    """A case with its evidence."""

    id: str
    room: str
    kind: str
    state: str
    stay: str | None
    since: datetime
    opened_at: datetime
    closed_at: datetime | None
    dismissed_by: str | None
    note: str | None
    evidence: list[EvidenceView]
    version: int
    actions: list[ActionView]


class PersonsView(View):
    """What was counted."""

    room: str
    persons: int


class PlannedView(View):
    """The task that is to be done."""

    room: str
    task: str


@routes.read("/api/v1/housekeeping/cases", permission=ROOMS_READ, response=Page[CaseView], query=CaseQuery)
async def listing(call: ReadCall) -> Page[CaseView]:
    """Cases, the latest first."""
    query = call.query(CaseQuery)
    states = [state.value for state in CaseState] if query.state == "all" else [query.state]
    found = await cases.listing(call.session, call.property_id, room=query.room, states=states)
    return Page[CaseView](items=[view(call, one) for one in found])


@routes.write(
    "POST", "/api/v1/housekeeping/cases/{id}/dismiss", permission=ROOMS_REQUEST, body=DismissBody, response=CaseView
)
async def dismiss(call: WriteCall) -> Reply:
    """It has been dealt with."""
    found = await cases.find(call.work.session, call.property_id, call.path("id"), lock=True)
    call.check_version(found.version)
    changed = await cases.dismiss(call.work, found.id, call.body(DismissBody).note)
    await call.work.session.flush()
    return Reply(view(call, changed), version=changed.version)


@routes.write(
    "POST",
    "/api/v1/housekeeping/rooms/{number}/early",
    permission=HOUSEKEEPING_ASSIGN,
    body=Nothing,
    response=PlannedView,
    status=201,
)
async def early(call: WriteCall) -> PlannedView:
    """Take the offer: the room is cleaned before its guests are checked out."""
    task = await service.plan_departure(call.work, call.path("number"))
    return PlannedView(room=task.room, task=task.id)


@routes.write(
    "POST",
    "/api/v1/housekeeping/rooms/{number}/persons",
    permission=HOUSEKEEPING_WORK,
    body=PersonsBody,
    response=PersonsView,
)
async def persons(call: WriteCall) -> PersonsView:
    """Say how many people are in a room."""
    counted = call.body(PersonsBody).persons
    await cases.count_persons(call.work, call.path("number"), counted)
    return PersonsView(room=call.path("number"), persons=counted)


def view(call: Call, found: RoomCase) -> CaseView:
    """A case as this reader sees it."""
    against = [] if found.state == CaseState.OPEN else [Reason(f"case_{found.state}")]
    actions = [call.action("dismiss", against)] if call.may(ROOMS_REQUEST) else []
    return CaseView(
        id=found.id,
        room=found.room,
        kind=found.kind,
        state=found.state,
        stay=found.stay,
        since=found.since,
        opened_at=found.opened_at,
        closed_at=found.closed_at,
        dismissed_by=found.dismissed_by,
        note=found.note,
        evidence=[_evidence(call, item) for item in found.evidence],
        version=found.version,
        actions=actions,
    )


def _evidence(call: Call, told: dict[str, Any]) -> EvidenceView:
    item = EvidenceItem.model_validate(told)
    context = call.context
    text = context.translator.evidence(call.language, item.model_dump(), context.zone)
    return EvidenceView(code=item.code, at=item.at, params=item.params, text=text)

"""Alerts as a reader sees them: in their language, with what they may do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pms.access import users
from pms.access.permissions import ALERTS_WORK
from pms.kernel.errors import Reason
from pms.kernel.http import Action as ActionView
from pms.kernel.http import Call, View
from pms.maintenance import reading
from pms.maintenance.catalog import kind_of
from pms.maintenance.model import Alert, AlertNote
from pms.maintenance.rules import BY_HAND, AlertState, isa_state, refusals


class CodeView(View):
    """A code, and what it means in the reader's language."""

    code: str
    text: str


class EvidenceView(View):
    """One reason, as a code and as a sentence."""

    code: str
    at: datetime
    params: dict[str, Any]
    text: str


class NoteView(View):
    """A line of an alert's history; `action` note is one that only says something."""

    at: datetime
    by: str
    action: str
    text: str


class AlertView(View):
    """An alert. `present`: the fault itself is still there, whatever people have done about it."""

    id: str
    kind: str
    room: str | None
    device: str | None
    line: str | None
    priority: str
    state: str
    isa_state: str
    suppressed_by: str | None
    out_of_service_at: datetime | None
    out_of_service_by: str | None
    out_of_service_reason: str | None
    present: bool
    count: int
    raised_at: datetime
    last_raised_at: datetime
    cleared_at: datetime | None
    cause: CodeView
    consequence: CodeView
    response: CodeView
    evidence: list[EvidenceView]
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    shelved_until: datetime | None
    shelved_reason: str | None
    resolved_by: str | None
    resolved_at: datetime | None
    notes: list[NoteView]
    version: int
    actions: list[ActionView]


async def views(call: Call, session: AsyncSession, found: Sequence[Alert]) -> list[AlertView]:
    """Alerts as this reader sees them."""
    people = {person.user.id: person.user.username for person in await users.people(session, call.property_id)}
    history = await reading.notes(session, call.property_id, [one.id for one in found])
    return [_view(call, one, history.get(one.id, []), people) for one in found]


def _view(call: Call, found: Alert, history: Sequence[AlertNote], people: dict[str, str]) -> AlertView:
    kind = kind_of(found.kind)
    return AlertView(
        id=found.id,
        kind=found.kind,
        room=found.room,
        device=found.device,
        line=found.line,
        priority=found.priority,
        state=found.state,
        isa_state=isa_state(
            AlertState(found.state),
            suppressed=found.suppressed_by is not None,
            out=found.out_of_service_at is not None,
        ),
        suppressed_by=found.suppressed_by,
        out_of_service_at=found.out_of_service_at,
        out_of_service_by=_name(people, found.out_of_service_by),
        out_of_service_reason=found.out_of_service_reason,
        present=found.present,
        count=found.count,
        raised_at=found.raised_at,
        last_raised_at=found.last_raised_at,
        cleared_at=found.cleared_at,
        cause=CodeView(code=kind.cause, text=call.text(f"cause.{kind.cause}")),
        consequence=CodeView(code=kind.consequence, text=call.text(f"consequence.{kind.consequence}")),
        response=CodeView(code=kind.response, text=call.text(f"response.{kind.response}")),
        evidence=[_evidence(call, item) for item in found.evidence],
        acknowledged_by=_name(people, found.acknowledged_by),
        acknowledged_at=found.acknowledged_at,
        shelved_until=found.shelved_until,
        shelved_reason=found.shelved_reason,
        resolved_by=_name(people, found.resolved_by),
        resolved_at=found.resolved_at,
        notes=[_note(people, line) for line in history],
        version=found.version,
        actions=_actions(call, found),
    )


def _note(people: dict[str, str], line: AlertNote) -> NoteView:
    return NoteView(at=line.at, by=_name(people, line.by) or line.by, action=line.action, text=line.text)


def _actions(call: Call, found: Alert) -> list[ActionView]:
    if not call.may(ALERTS_WORK):
        return []
    state = AlertState(found.state)
    out = found.out_of_service_at is not None
    against = {what: [Reason(code) for code in refusals(what, state, found.kind, out=out)] for what in BY_HAND}
    return [call.action(what.value, reasons) for what, reasons in against.items()]


def _evidence(call: Call, item: dict[str, Any]) -> EvidenceView:
    text = call.context.translator.evidence(call.language, item, call.context.zone)
    return EvidenceView(code=item["code"], at=item["at"], params=item.get("params", {}), text=text)


def _name(people: dict[str, str], who: str | None) -> str | None:
    return people.get(who, who) if who else None

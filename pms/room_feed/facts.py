"""Facts that happened in the rooms, handed to the department they belong to. Each is applied once, in order."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from pms.access.permissions import DEVICES_READ, ROOMS_READ
from pms.energy.service import take_day
from pms.housekeeping import late_cleanings
from pms.housekeeping.detection import take_cleaning
from pms.housekeeping.visit_rules import DEPARTMENT_OF, Entry
from pms.housekeeping.visits import take_audit, take_visit
from pms.kernel.events import EventKind
from pms.kernel.tables import Base
from pms.kernel.work import UnitOfWork
from pms.keys.results import take_result
from pms.keys.usage import ALERT, take_access
from pms.link.inventory_messages import CandidatesBody
from pms.link.key_messages import KeyResultBody
from pms.link.messages import (
    AccessBody,
    CleaningBody,
    CommandResultBody,
    ConditionBody,
    DeviceBody,
    EnergyBody,
    Envelope,
    EvidenceItem,
    Message,
    OrderBody,
    SystemBody,
    VisitBody,
)
from pms.maintenance.service import take_condition
from pms.onboarding import service as onboarding
from pms.property.service import find_room
from pms.room_feed.commands import adopt, answer
from pms.room_feed.configured import follow
from pms.room_feed.model import AccessRecord, DeviceSeen, EdgeSystem
from pms.room_feed.sensed import upsert

WAITED = timedelta(minutes=1)
"""What is heard so long after it happened tells the past."""
ROOM_ACCESS = EventKind("room.access", ROOMS_READ)
DEVICE_CHANGED = EventKind("device.changed", DEVICES_READ)


async def apply_fact(work: UnitOfWork, envelope: Envelope, body: Message) -> None:
    """Apply one fact. Raises LookupError for a body nobody takes."""
    await _APPLY[type(body)](work, envelope, body)


async def _access(work: UnitOfWork, envelope: Envelope, body: AccessBody) -> None:
    values = _columns(AccessRecord, body)
    new = await work.insert_once(
        AccessRecord, property_id=work.property_id, epoch=envelope.epoch, seq=envelope.seq, **values
    )
    if new:
        await _hold_against_ledger(work, envelope, body)
        await _remember(work, body)
        payload = {"device": body.device, "result": body.result, "credential_class": body.credential_class}
        work.record(ROOM_ACCESS, body.room, payload | _mark(work, envelope, body.at))


async def _remember(work: UnitOfWork, body: AccessBody) -> None:
    """An opening by staff that the lock told afterwards: what is known of their visits is corrected."""
    staff = body.result == "granted" and body.credential_class in DEPARTMENT_OF
    if not (body.late and staff and body.credential):
        return
    if await take_audit(work, body.room, [Entry(body.credential, body.credential_class, body.at)]):
        await late_cleanings.propose(work)


async def _visit(work: UnitOfWork, _envelope: Envelope, body: VisitBody) -> None:
    await take_visit(work, body)
    await late_cleanings.propose(work)


async def _hold_against_ledger(work: UnitOfWork, envelope: Envelope, body: AccessBody) -> None:
    """A card of ours has been at a door: one that must not open is a fault of high priority, whoever let it in."""
    finding = await take_access(work, body)
    if finding is None or await _is_worked_on(work, body.room):
        return
    evidence = EvidenceItem(code=finding.code, at=body.at, params=finding.params)
    condition = ConditionBody(
        key=f"{ALERT}:{body.room}:{body.credential}",
        kind=ALERT,
        state="raised",
        room=body.room,
        device=body.device,
        priority="high",
        at=body.at,
        evidence=[evidence],
    )
    await take_condition(work, condition, historical=_of_the_past(work, envelope, body.at))


async def _is_worked_on(work: UnitOfWork, number: str) -> bool:
    """Whether people work on the room: it raises nothing; the opening itself is in the records."""
    return (await find_room(work.session, work.property_id, number)).maintenance_reason is not None


async def _key_result(work: UnitOfWork, _envelope: Envelope, body: KeyResultBody) -> None:
    await take_result(work, body)


async def _cleaning(work: UnitOfWork, _envelope: Envelope, body: CleaningBody) -> None:
    await take_cleaning(work, body)


async def _condition(work: UnitOfWork, envelope: Envelope, body: ConditionBody) -> None:
    await take_condition(work, body, historical=_of_the_past(work, envelope, body.at))


async def _command_result(work: UnitOfWork, _envelope: Envelope, body: CommandResultBody) -> None:
    change = await onboarding.take_result(work, body)
    if change is None:
        await answer(work, body)
    else:
        await follow(work, change)


async def _order(work: UnitOfWork, _envelope: Envelope, body: OrderBody) -> None:
    await adopt(work, body)


async def _energy(work: UnitOfWork, _envelope: Envelope, body: EnergyBody) -> None:
    await take_day(work, body)


async def _candidates(work: UnitOfWork, _envelope: Envelope, body: CandidatesBody) -> None:
    await onboarding.take_candidates(work, body)


async def _device(work: UnitOfWork, envelope: Envelope, body: DeviceBody) -> None:
    row = {"property_id": work.property_id, **_columns(DeviceSeen, body)}
    await upsert(work.session, DeviceSeen, [row], ("property_id", "device"))
    work.record(
        DEVICE_CHANGED, body.device, {"room": body.room, "online": body.online} | _mark(work, envelope, work.now)
    )


async def _system(work: UnitOfWork, _envelope: Envelope, body: SystemBody) -> None:
    row = {"property_id": work.property_id, "heard": work.now, "body": body.model_dump(mode="json")}
    await upsert(work.session, EdgeSystem, [row], ("property_id",))


def _of_the_past(work: UnitOfWork, envelope: Envelope, at: datetime) -> bool:
    """Whether it waited, at the edge or in the broker while the PMS was away, and is no news of this minute."""
    return envelope.historical or work.now - at > WAITED


def _mark(work: UnitOfWork, envelope: Envelope, at: datetime) -> dict[str, Any]:
    """The same, for readers of the feed."""
    return {"historical": True} if _of_the_past(work, envelope, at) else {}


def _columns(table: type[Base], body: Message) -> dict[str, Any]:
    """What of a body the table keeps: a newer edge may say more."""
    return {name: value for name, value in body if name in table.__table__.columns}


_APPLY: dict[type[Message], Callable[[UnitOfWork, Envelope, Any], Awaitable[None]]] = {
    AccessBody: _access,
    CleaningBody: _cleaning,
    VisitBody: _visit,
    ConditionBody: _condition,
    OrderBody: _order,
    EnergyBody: _energy,
    CommandResultBody: _command_result,
    KeyResultBody: _key_result,
    DeviceBody: _device,
    CandidatesBody: _candidates,
    SystemBody: _system,
}

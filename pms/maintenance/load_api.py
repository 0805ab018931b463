"""The load of alerts over HTTP: is it bearable, and which sources make it?"""

from datetime import datetime, timedelta

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.permissions import ALERTS_READ
from pms.kernel.events import Event
from pms.kernel.http import Body, ReadCall, Routes, View
from pms.maintenance.load_rules import STALE, Load, Raise, load, middle
from pms.maintenance.model import Alert
from pms.maintenance.rules import OPEN, Action, AlertState, thing_of
from pms.maintenance.service import EVENTS, RAISED
from pms.maintenance.suppression import SUPPRESSED, UNSUPPRESSED

routes = Routes("alert_load")

_UP = (RAISED.name, EVENTS[Action.RAISE_AGAIN].name, EVENTS[Action.RETURN].name, UNSUPPRESSED.name)


class LoadQuery(Body):
    """`?days=`."""

    days: int = Field(7, ge=1, le=90)


class ActorView(View):
    """A source of alerts. `chatters`: three within ten minutes."""

    kind: str
    room: str | None
    device: str | None
    count: int
    share: float
    chatters: bool
    hours_between: float | None


class LoadView(View):
    """Alerts per ten minutes and the rest; minutes are medians over what was acknowledged or cleared in the period."""

    since: datetime
    days: int
    raised: int
    per_ten_minutes: float
    peak: int
    peak_at: datetime | None
    flood_share: float
    by_priority: dict[str, int]
    bad_actors: list[ActorView]
    bad_share: float
    suppressed: int
    shelved: int
    stale: int
    minutes_to_acknowledge: float | None
    minutes_to_clear: float | None


@routes.read("/api/v1/alert-load", permission=ALERTS_READ, response=LoadView, query=LoadQuery)
async def alert_load(call: ReadCall) -> LoadView:
    """How much maintenance was told, and by what."""
    return await load_view(call, call.query(LoadQuery).days)


async def load_view(call: ReadCall, days: int) -> LoadView:
    """The load of the last days."""
    since = call.now - timedelta(days=days)
    session, house = call.session, call.property_id
    told = await _raises(session, house, since)
    answers = await _answers(session, house, since)
    return LoadView(
        since=since,
        days=days,
        **_plain(load(told, timedelta(days=days))),
        suppressed=await _count(session, house, Alert.suppressed_by.is_not(None)),
        shelved=await _count(session, house, Alert.state == AlertState.SHELVED.value),
        stale=await _count(session, house, Alert.present.is_(True), Alert.last_raised_at <= call.now - STALE),
        minutes_to_acknowledge=middle(answers[0]),
        minutes_to_clear=middle(answers[1]),
    )


def _plain(found: Load) -> dict[str, object]:
    actors = [{name: getattr(one, name) for name in ActorView.model_fields} for one in found.bad_actors]
    names = ("raised", "per_ten_minutes", "peak", "peak_at", "flood_share", "by_priority", "bad_share")
    return {name: getattr(found, name) for name in names} | {"bad_actors": actors}


async def _raises(session: AsyncSession, house: str, since: datetime) -> list[Raise]:
    """What people were told: an alert that was suppressed in the same moment is none."""
    query = select(Event).where(
        Event.property_id == house,
        Event.kind.in_((*_UP, SUPPRESSED.name)),
        Event.at >= since,
        Event.redacted.is_(False),
    )
    events = (await session.scalars(query.order_by(Event.offset))).all()
    hidden = {(event.subject, event.at) for event in events if event.kind == SUPPRESSED.name}
    seen = [event for event in events if event.kind in _UP and (event.subject, event.at) not in hidden]
    alerts = {alert.id: alert for alert in await _alerts(session, house, since)}
    return [_raise(event, alerts.get(event.subject)) for event in seen]


def _raise(event: Event, alert: Alert | None) -> Raise:
    told = event.payload
    priority = told.get("priority") or (alert.priority if alert else "medium")
    device = told.get("device") or (thing_of(alert.key, alert.room, alert.device) if alert else None)
    happened = told.get("happened_at")
    at = event.at if happened is None else datetime.fromisoformat(happened)
    return Raise(at, str(told.get("kind")), told.get("room"), device, str(priority))


async def _alerts(session: AsyncSession, house: str, since: datetime) -> list[Alert]:
    query = select(Alert).where(Alert.property_id == house, Alert.last_raised_at >= since)
    return list(await session.scalars(query))


async def _answers(session: AsyncSession, house: str, since: datetime) -> tuple[list[timedelta], list[timedelta]]:
    """How long alerts waited to be acknowledged, and how long their faults stood."""
    found = await _alerts(session, house, since)
    acknowledged = [one.acknowledged_at - one.raised_at for one in found if one.acknowledged_at]
    cleared = [one.cleared_at - one.last_raised_at for one in found if one.cleared_at]
    return [max(one, timedelta(0)) for one in acknowledged], [max(one, timedelta(0)) for one in cleared]


async def _count(session: AsyncSession, house: str, *conditions: object) -> int:
    query = select(func.count()).select_from(Alert).where(Alert.property_id == house)
    query = query.where(Alert.state.in_([state.value for state in OPEN]), *conditions)  # type: ignore[arg-type]
    return await session.scalar(query) or 0

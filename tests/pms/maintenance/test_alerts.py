"""Alerts on each engine: conditions come and go, people answer."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import select

from pms.kernel.database import Database
from pms.kernel.errors import Conflict, Invalid, NotFound
from pms.kernel.events import Event
from pms.kernel.work import Actor, UnitOfWork
from pms.link.messages import ConditionBody
from pms.maintenance import service
from pms.maintenance.api import states_of
from pms.maintenance.model import Alert
from tests.pms.conftest import HOUSE, TestClock

UseCase = Callable[[UnitOfWork], Awaitable[Any]]


class Inbox:
    """The maintenance inbox of the test house."""

    def __init__(self, database: Database, actor: Actor, clock: TestClock) -> None:
        self.database, self.actor, self.clock = database, actor, clock

    async def do(self, use_case: UseCase) -> Any:
        return await self.database.run(self.actor, self.clock(), use_case)

    async def tell(self, state: str, kind: str = "low_battery", room: str | None = "101") -> None:
        device = f"{room}_lock"
        evidence = [{"code": "battery_low", "at": self.clock(), "params": {"percent": 4}}]
        body = ConditionBody.model_validate(
            {
                "key": f"{kind}:{device}",
                "kind": kind,
                "state": state,
                "room": room,
                "device": device,
                "at": self.clock(),
                "evidence": evidence,
            }
        )
        await self.do(lambda work: service.take_condition(work, body))

    async def listing(self, asked: str = "open", room: str | None = None) -> Sequence[Alert]:
        async with self.database.read() as session:
            return await service.listing(session, HOUSE, room=room, states=states_of(asked))

    async def the_alert(self, asked: str = "all") -> Alert:
        [alert] = await self.listing(asked)
        return alert

    async def events(self) -> list[str]:
        async with self.database.read() as session:
            found = (await session.scalars(select(Event).order_by(Event.offset))).all()
            return [event.kind for event in found if event.kind.startswith("alert.")]


@pytest.fixture
def inbox(database: Database, actor: Actor, clock: TestClock) -> Inbox:
    return Inbox(database, actor, clock)


async def test_a_condition_told_twice_is_one_alert(inbox: Inbox) -> None:
    await inbox.tell("raised")
    inbox.clock.forward(minutes=1)
    await inbox.tell("raised")
    alert = await inbox.the_alert()
    assert (alert.state, alert.count, alert.present, alert.priority) == ("new", 1, True, "medium")
    assert alert.evidence[0]["code"] == "battery_low"
    assert await inbox.events() == ["alert.raised"]


async def test_what_clears_unseen_waits_for_somebody_to_see_it(inbox: Inbox) -> None:
    await inbox.tell("raised")
    await inbox.tell("cleared")
    alert = await inbox.the_alert("open")
    assert (alert.state, alert.present) == ("cleared_unacknowledged", False)
    await inbox.do(lambda work: service.acknowledge(work, alert.id))
    assert (await inbox.the_alert()).state == "resolved"
    assert await inbox.listing() == []


async def test_what_was_acknowledged_resolves_itself_when_it_clears(inbox: Inbox) -> None:
    await inbox.tell("raised")
    alert = await inbox.the_alert()
    await inbox.do(lambda work: service.acknowledge(work, alert.id))
    await inbox.tell("cleared")
    alert = await inbox.the_alert()
    assert (alert.state, alert.acknowledged_by, alert.resolved_by) == ("resolved", "user_test", None)
    assert alert.resolved_at == inbox.clock()


async def test_a_fault_that_returns_soon_reopens_its_alert(inbox: Inbox) -> None:
    await inbox.tell("raised")
    alert = await inbox.the_alert()
    await inbox.do(lambda work: service.acknowledge(work, alert.id))
    await inbox.tell("cleared")
    inbox.clock.forward(minutes=9)
    await inbox.tell("raised")
    again = await inbox.the_alert("open")
    assert (again.id, again.state, again.count, again.raised_at) == (alert.id, "new", 2, alert.raised_at)


async def test_a_fault_that_returns_late_is_a_new_alert(inbox: Inbox) -> None:
    await inbox.tell("raised")
    alert = await inbox.the_alert()
    await inbox.do(lambda work: service.acknowledge(work, alert.id))
    await inbox.tell("cleared")
    inbox.clock.forward(minutes=11)
    await inbox.tell("raised")
    assert (await inbox.the_alert("open")).id != alert.id
    assert len(await inbox.listing("all")) == 2


async def test_a_shelved_alert_comes_back_by_itself(inbox: Inbox) -> None:
    await inbox.tell("raised")
    alert = await inbox.the_alert()
    await inbox.do(lambda work: service.shelve(work, alert.id, "battery ordered", 60))
    assert (await inbox.the_alert("shelved")).shelved_reason == "battery ordered"
    inbox.clock.forward(minutes=59)
    assert await inbox.do(service.end_shelves) == 0
    inbox.clock.forward(minutes=1)
    assert await inbox.do(service.end_shelves) == 1
    back = await inbox.the_alert()
    assert (back.state, back.shelved_until, back.shelved_reason) == ("new", None, None)


async def test_a_shelved_fault_that_went_away_does_not_come_back(inbox: Inbox) -> None:
    await inbox.tell("raised")
    alert = await inbox.the_alert()
    await inbox.do(lambda work: service.shelve(work, alert.id, "battery ordered", 60))
    await inbox.tell("cleared")
    assert (await inbox.the_alert()).state == "shelved"
    inbox.clock.forward(hours=1)
    await inbox.do(service.end_shelves)
    assert (await inbox.the_alert()).state == "resolved"


async def test_a_chattering_fault_stays_on_its_shelf(inbox: Inbox) -> None:
    await inbox.tell("raised")
    alert = await inbox.the_alert()
    await inbox.do(lambda work: service.shelve(work, alert.id, "known", 60))
    for _ in range(3):
        await inbox.tell("cleared")
        await inbox.tell("raised")
    alert = await inbox.the_alert()
    assert (alert.state, alert.count, alert.present) == ("shelved", 4, True)


@pytest.mark.parametrize("kind", ["sos", "smoke", "leak"])
async def test_nobody_looks_away_from_danger(inbox: Inbox, kind: str) -> None:
    await inbox.tell("raised", kind)
    alert = await inbox.the_alert()
    with pytest.raises(Conflict) as refused:
        await inbox.do(lambda work: service.shelve(work, alert.id, "later", 10))
    assert refused.value.reasons[0].code == "kind_never_shelved"


async def test_resolved_by_hand_is_resolved_until_it_is_raised_anew(inbox: Inbox) -> None:
    await inbox.tell("raised", "leak")
    alert = await inbox.the_alert()
    await inbox.do(lambda work: service.resolve(work, alert.id, "mopped up"))
    await inbox.tell("cleared", "leak")
    resolved = await inbox.the_alert()
    assert (resolved.state, resolved.present, resolved.resolved_by) == ("resolved", False, "user_test")
    await inbox.tell("raised", "leak")
    assert (await inbox.the_alert("open")).id != alert.id


async def test_every_answer_is_a_line_of_history(inbox: Inbox) -> None:
    await inbox.tell("raised")
    alert = await inbox.the_alert()
    await inbox.do(lambda work: service.note(work, alert.id, "spare batteries are in the cellar"))
    await inbox.do(lambda work: service.acknowledge(work, alert.id))
    await inbox.do(lambda work: service.resolve(work, alert.id, "replaced"))
    async with inbox.database.read() as session:
        lines = (await service.notes(session, HOUSE, [alert.id]))[alert.id]
    assert sorted(line.action for line in lines) == ["acknowledge", "note", "resolve"]
    assert await inbox.events() == ["alert.raised", "alert.noted", "alert.acknowledged", "alert.resolved"]


async def test_a_list_is_of_one_room_newest_first(inbox: Inbox) -> None:
    for room in ("101", "102", "101"):
        inbox.clock.forward(minutes=1)
        await inbox.tell("raised", "leak" if room == "101" and await inbox.listing() else "door_ajar", room)
    assert [alert.kind for alert in await inbox.listing(room="101")] == ["leak", "door_ajar"]
    assert len(await inbox.listing()) == 3


async def test_a_page_goes_on_where_the_last_one_ended(inbox: Inbox) -> None:
    for kind in ("leak", "smoke", "sos"):
        await inbox.tell("raised", kind)
    async with inbox.database.read() as session:
        first = await service.listing(session, HOUSE, limit=2)
        position = (first[-1].raised_at, first[-1].id)
        rest = await service.listing(session, HOUSE, before=position, limit=2)
    assert len({alert.id for alert in [*first, *rest]}) == 3


async def test_what_is_missing_is_asked_for(inbox: Inbox) -> None:
    await inbox.tell("raised")
    alert = await inbox.the_alert()
    with pytest.raises(Invalid):
        await inbox.do(lambda work: service.shelve(work, alert.id, "  ", 10))
    with pytest.raises(Invalid):
        await inbox.do(lambda work: service.shelve(work, alert.id, "later", 0))
    with pytest.raises(Invalid):
        await inbox.do(lambda work: service.note(work, alert.id, ""))
    with pytest.raises(NotFound):
        await inbox.do(lambda work: service.acknowledge(work, "alert_nobody_knows"))


async def test_a_condition_nobody_raised_is_not_cleared(inbox: Inbox) -> None:
    await inbox.tell("cleared")
    assert await inbox.listing("all") == []

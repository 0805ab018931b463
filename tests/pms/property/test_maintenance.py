"""A room in maintenance: begun and ended by hand or by the clock, told to the edge, seen by everybody."""

from datetime import timedelta

from sqlalchemy import select

from pms.kernel.database import Database
from pms.kernel.events import events_after
from pms.kernel.work import Actor
from pms.property.service import end_maintenances
from pms.room_feed import telling
from pms.room_feed.model import LinkOutbox
from pms.room_feed.outbox import ensure_head
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.serving import Api

PATH = "/api/v1/rooms/101/maintenance"


async def test_it_begins_with_a_reason_and_ends_by_hand(api: Api, clock: TestClock) -> None:
    await api.sign_in("maintenance")
    assert (await api.post(PATH, {})).status == 422
    begun = await api.post(PATH, {"reason": "new carpet", "minutes": 60})
    until = (clock() + timedelta(minutes=60)).isoformat().replace("+00:00", "Z")
    assert begun.body["maintenance"]["reason"] == "new carpet"
    assert begun.body["maintenance"]["until"] == until
    assert "maintenance" in {one["action"] for one in begun.body["actions"]}
    ended = await api.post(f"{PATH}/end")
    assert ended.body["maintenance"] is None
    assert (await api.post(f"{PATH}/end")).body["version"] == ended.body["version"]


async def test_it_ends_by_itself(api: Api, database: Database, clock: TestClock) -> None:
    await api.sign_in("manager")
    await api.post(PATH, {"reason": "paint", "until": (clock() + timedelta(hours=2)).isoformat()})
    for hours, ended in ((1, 0), (1, 1), (1, 0)):
        clock.forward(hours=hours)
        async with database.work(Actor.system(HOUSE, "test"), clock()) as work:
            assert await end_maintenances(work) == ended
    assert (await api.get("/api/v1/rooms/101")).body["maintenance"] is None


async def test_an_end_that_is_past_or_too_far_is_refused(api: Api, clock: TestClock) -> None:
    await api.sign_in("manager")
    for until in (clock(), clock() + timedelta(days=31)):
        assert (await api.post(PATH, {"reason": "x", "until": until.isoformat()})).status == 422


async def test_the_front_desk_sees_it_and_may_not_begin_it(api: Api) -> None:
    await api.sign_in("manager")
    await api.post(PATH, {"reason": "paint"})
    await api.sign_in("frontdesk")
    assert (await api.post(PATH, {"reason": "x"})).status == 403
    assert (await api.get("/api/v1/rooms/101")).body["maintenance"]["reason"] == "paint"


async def test_the_edge_is_told_that_it_raises_nothing(api: Api, database: Database, clock: TestClock) -> None:
    await api.sign_in("manager")
    await api.post(PATH, {"reason": "paint"})
    async with database.work(Actor.system(HOUSE, "test"), clock()) as work:
        await ensure_head(work)
        events = [one for one in await events_after(work.session, HOUSE, 0) if one.kind == "room.maintenance"]
        assert [one.payload["on"] for one in events] == [True]
        await telling.on_event(work, events[0])
        (row,) = (await work.session.scalars(select(LinkOutbox))).all()
        assert '"maintenance":true' in row.body

"""Faults of a time when the link was down: listed as what they are, told only where they still stand."""

from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from pms.kernel.database import Database
from pms.kernel.events import Event
from pms.maintenance import orders, service
from pms.maintenance.notify import people
from pms.maintenance.notify.channels import channels
from pms.maintenance.notify.settings import NotificationSettings
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.maintenance.post import MailBox, Receiver, receiver
from tests.pms.maintenance.told import Post, subjects


async def marks(post: Post) -> list[tuple[str, Any]]:
    """The events of alerts, with their mark."""
    async with post.database.read() as session:
        events = await session.scalars(select(Event).where(Event.kind.like("alert.%")).order_by(Event.offset))
        return [(event.kind, event.payload.get("historical")) for event in events]


def ago(post: Post, **time: float) -> dict[str, Any]:
    """What a fault of the past says."""
    return {"at": post.clock() - timedelta(**time), "historical": True}


@pytest.mark.parametrize("kind", ["leak", "door_forced", "sensor_stuck"])
async def test_what_came_and_went_meanwhile_is_listed_and_told_to_nobody(post: Post, box: MailBox, kind: str) -> None:
    await post.on_duty("ann", priority="low")
    await post.contact("boss", priority="low")
    await post.tell(kind, **ago(post, hours=2))
    await post.tell(kind, state="cleared", **ago(post, hours=1))
    await post.follow()
    await post.follow(hours=2)
    assert box.messages == []
    alert = await post.alert(kind)
    assert (alert.state, alert.present, alert.cleared_at - alert.raised_at) == (
        "cleared_unacknowledged",
        False,
        timedelta(hours=1),
    )
    assert await marks(post) == [("alert.raised", True), ("alert.cleared", True)]
    async with post.database.read() as session:
        assert list(await orders.listing(session, HOUSE)) == [], "there is nothing left to repair"


async def test_the_end_may_come_a_little_later_than_the_beginning(post: Post, box: MailBox) -> None:
    await post.on_duty("ann")
    await post.tell("leak", **ago(post, hours=2))
    await post.follow(seconds=9)
    await post.tell("leak", state="cleared", **ago(post, hours=1))
    await post.follow(minutes=10)
    assert box.messages == []
    assert [one.state for one in await post.messages()] == ["dropped"]


async def test_what_still_stands_is_told_soon(post: Post, box: MailBox) -> None:
    await post.on_duty("ann")
    await post.tell("leak", **ago(post, hours=2))
    await post.follow(seconds=10)
    assert subjects(box) == [("ann", "[Critical] 101 Water leak (Test House)")]


async def test_an_alert_of_now_that_is_over_at_once_is_told(post: Post, box: MailBox) -> None:
    await post.on_duty("ann")
    await post.tell("leak")
    await post.reactions.catch_up()
    post.clock.forward(seconds=2)
    await post.tell("leak", state="cleared")
    await post.follow(seconds=1)
    assert [name for name, _ in subjects(box)] == ["ann"]
    assert await marks(post) == [("alert.raised", None), ("alert.cleared", None)]


async def test_nobody_can_have_acknowledged_what_nobody_saw(post: Post, box: MailBox) -> None:
    boss = await post.contact("boss")
    await post.do(lambda work: people.add_step(work, boss, 10))
    await post.tell("leak", **ago(post, hours=2))
    await post.follow(minutes=9)
    assert box.messages == []
    await post.follow(minutes=1)
    await post.follow(seconds=1)
    assert [name for name, _ in subjects(box)] == ["boss"]


async def test_the_minutes_begin_anew_when_an_alert_comes_back_from_its_shelf(post: Post, box: MailBox) -> None:
    boss = await post.contact("boss", priority="low")
    await post.do(lambda work: people.add_step(work, boss, 10))
    await post.tell("low_battery")
    alert = await post.alert("low_battery")
    await post.do(lambda work: service.shelve(work, alert.id, "the battery is ordered", 120))
    post.clock.forward(minutes=121)
    assert await post.do(service.end_shelves) == 1
    await post.follow(minutes=9)
    assert box.messages == []
    await post.follow(minutes=1)
    await post.follow(seconds=1)
    assert [name for name, _ in subjects(box)] == ["boss"]


async def test_a_webhook_is_told_that_it_is_the_past(
    database: Database, clock: TestClock, stack: AsyncExitStack
) -> None:
    there: Receiver = await stack.enter_async_context(receiver())
    post = Post(database, clock, channels(NotificationSettings(webhooks=(there.url,))), (there.url,))
    await post.tell("leak", **ago(post, hours=2))
    await post.tell("leak", state="cleared", **ago(post, hours=1))
    await post.tell("smoke", "102")
    await post.follow()
    told = [(call["data"]["kind"], call["type"], call["data"].get("historical")) for call in map(there.body, range(3))]
    assert sorted(told, key=str) == [
        ("leak", "alert.cleared", True),
        ("leak", "alert.raised", True),
        ("smoke", "alert.raised", None),
    ]

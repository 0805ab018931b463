"""Visits and a lock's memory as the edge sends them: once, in whatever order, and what is unfit kept aside."""

from datetime import timedelta
from typing import Any

import pytest

from pms.housekeeping.visit_model import LockAudit, StaffVisit
from pms.kernel.database import Database
from pms.room_feed.model import AccessRecord, LinkRejected
from tests.pms.conftest import NOON, TestClock
from tests.pms.room_feed.test_inbox import Feed


@pytest.fixture
def feed(database: Database, clock: TestClock) -> Feed:
    return Feed(database, clock)


def visit(**more: Any) -> tuple[str, dict[str, Any]]:
    times = {"entered": NOON.isoformat(), "left": (NOON + timedelta(minutes=20)).isoformat()}
    return "visit", {"room": "101", "visit": "101-x", "by": "unknown", "moved": True} | times | more


def access(minutes: float, **more: Any) -> tuple[str, dict[str, Any]]:
    usual = {"room": "101", "device": "101_lock", "result": "granted", "credential_class": "housekeeping"}
    return "access", usual | {"credential": "112", "at": (NOON + timedelta(minutes=minutes)).isoformat()} | more


async def test_a_visit_and_what_its_lock_told_afterwards(feed: Feed) -> None:
    told = await feed.say(visit())
    await feed.apply(told)
    await feed.say(access(1, late=True), access(1, late=True))
    [kept] = await feed.rows(StaffVisit)
    assert (kept.room, kept.audit_credential, kept.known_class) == ("101", "112", "housekeeping")
    assert len(await feed.rows(LockAudit)) == 1
    assert len(await feed.rows(AccessRecord)) == 2
    assert (await feed.events("visit.recorded"))[0]["kind"] == "other"


async def test_only_what_staff_did_and_was_let_is_remembered(feed: Feed) -> None:
    await feed.say(
        access(1),
        access(2, late=True, result="denied"),
        access(3, late=True, credential_class="guest"),
        access(4, late=True, credential=None),
    )
    assert await feed.rows(LockAudit) == []
    assert len(await feed.rows(AccessRecord)) == 4


async def test_a_visit_that_cannot_be_is_kept_aside(feed: Feed) -> None:
    await feed.say(visit(room="999"), visit(entered="yesterday"), visit(visit="x" * 200), visit(visit="good"))
    assert [one.visit for one in await feed.rows(StaffVisit)] == ["good"]
    assert len(await feed.rows(LinkRejected)) == 3

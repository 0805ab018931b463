"""What a room tells of visits and of a lock's memory, as the PMS reads it."""

from datetime import UTC, datetime, timedelta

import orjson

from edge.bodies import of_effect
from edge.rooms.signals import AccessHappened, StaffVisit
from edge.rooms.visits import Colleague
from pms.link.messages import AccessBody, VisitBody

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_visit_arrives_as_it_was() -> None:
    other = Colleague("master", "900", NOON + timedelta(minutes=5))
    left = NOON + timedelta(minutes=20)
    visit = StaffVisit(
        "101", "101-x", "housekeeping", "112", NOON, left, moved=True, request="mur", spell="s", others=(other,)
    )
    fact = of_effect(visit, NOON + timedelta(hours=1))
    assert fact is not None
    assert (fact.kind, fact.key) == ("visit", "101")
    body = VisitBody.model_validate(orjson.loads(fact.body))
    assert (body.entered, body.left, body.request, body.spell) == (visit.entered, visit.left, "mur", "s")
    assert [(one.by, one.credential, one.at) for one in body.others] == [("master", "900", other.at)]


def test_a_memory_is_told_with_its_own_time_and_what_happens_now_with_ours() -> None:
    for at, late, expected in ((NOON, True, NOON), (None, False, NOON + timedelta(hours=3))):
        access = AccessHappened("101", "lock", "granted", "housekeeping", "112", at=at, late=late)
        fact = of_effect(access, NOON + timedelta(hours=3))
        assert fact is not None
        body = AccessBody.model_validate(orjson.loads(fact.body))
        assert (body.at, body.late) == (expected, late)

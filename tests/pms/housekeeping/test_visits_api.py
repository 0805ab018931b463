"""Cases, visits and cards over HTTP: who may what, wrong input, the file for a spreadsheet."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from pms.housekeeping import cases, visits
from pms.kernel.database import Database
from pms.kernel.work import Actor
from pms.link.messages import VisitBody
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.housekeeping.test_cases import Hotel
from tests.pms.serving import Api, serving

AT = "/api/v1/housekeeping"


@pytest.fixture
async def api(database: Database, clock: TestClock) -> AsyncIterator[Api]:
    async with serving(database, HOUSE, clock) as api:
        await api.sign_in("manager")
        yield api


@pytest.fixture
def inn(database: Database, actor: Actor, clock: TestClock) -> Hotel:
    return Hotel(database, actor, clock)


async def visit(inn: Hotel, credential: str = "112") -> None:
    entered = inn.clock() - timedelta(minutes=30)
    told = {"room": "101", "visit": "v1", "by": "housekeeping", "credential": credential, "entered": entered}
    body = VisitBody.model_validate(told | {"left": entered + timedelta(minutes=5)})
    await inn.do(lambda work: visits.take_visit(work, body))


async def test_a_case_is_shown_with_its_reasons_and_dealt_with(api: Api, inn: Hotel) -> None:
    inn.says("occupied", "104")
    await inn.look(minutes=31)
    [case] = (await api.get(f"{AT}/cases")).body["items"]
    assert (case["room"], case["kind"], case["state"]) == ("104", "sleep", "open")
    assert case["evidence"][0]["text"] == "somebody in since 12:00, the desk has the room as vacant"
    assert (await api.get("/api/v1/rooms/104")).body["discrepancy"]["kind"] == "sleep"
    done = await api.post(f"{AT}/cases/{case['id']}/dismiss", {"note": "the painter"})
    assert (done.body["state"], done.body["note"], done.body["actions"][0]["allowed"]) == (
        "dismissed",
        "the painter",
        False,
    )
    again = await api.post(f"{AT}/cases/{case['id']}/dismiss", {})
    assert (again.status, again.body["reasons"][0]["code"]) == (409, "case_dismissed")
    assert (await api.get(f"{AT}/cases?room=104")).body["items"] == []
    assert len((await api.get(f"{AT}/cases?state=all")).body["items"]) == 1


async def test_who_may_what(api: Api, inn: Hotel) -> None:
    await visit(inn)
    for role, sees, counts, uploads in (
        ("housekeeping", 403, 200, 403),
        ("frontdesk", 200, 403, 403),
        ("maintenance", 403, 403, 200),
    ):
        await api.sign_in(role)
        assert (await api.get(f"{AT}/minutes")).status == sees, role
        assert (await api.post(f"{AT}/rooms/101/persons", {"persons": 1})).status == counts, role
        assert (await api.post(f"{AT}/lock-audit", {"entries": []})).status == uploads, role
        assert (await api.get(f"{AT}/cases")).status == 200, role


async def test_a_card_is_said_to_be_somebodys(api: Api, inn: Hotel) -> None:
    await visit(inn)
    kept = await api.post(
        f"{AT}/staff-cards", {"credential": "112", "department": "inspection", "person": "housekeeping"}
    )
    assert (kept.status, kept.body["name"]) == (200, "housekeeping")
    [one] = (await api.get(f"{AT}/minutes")).body["attendants"]
    assert (one["name"], one["department"], one["visits"][0]["kind"]) == ("housekeeping", "inspection", "inspection")
    assert [card["credential"] for card in (await api.get(f"{AT}/staff-cards")).body["items"]] == ["112"]
    changed = await api.post(f"{AT}/visits/v1/kind", {"kind": "welfare"})
    assert (changed.body["kind"], changed.body["kind_source"]) == ("welfare", "manual")
    nobody = {"credential": "1", "department": "housekeeping", "person": "x"}
    assert (await api.post(f"{AT}/staff-cards", nobody)).status == 422
    assert (await api.post(f"{AT}/staff-cards", {"credential": "1", "department": "x"})).status == 422


async def test_what_was_read_out_of_a_lock_counts_once(api: Api, inn: Hotel) -> None:
    at = (inn.clock() - timedelta(hours=3)).isoformat()
    entry = {"room": "101", "at": at, "credential": "112", "credential_class": "housekeeping"}
    assert (await api.post(f"{AT}/lock-audit", {"entries": [entry, entry]})).body == {"sent": 2, "new": 1}
    assert (await api.post(f"{AT}/lock-audit", {"entries": [entry]})).body == {"sent": 1, "new": 0}
    [line] = (await api.get(f"{AT}/visits?room=101")).body["items"]
    assert (line["card"], line["minutes"], line["from_audit"]) == ("112", None, True)
    for wrong, status in (({"room": "999"}, 404), ({"at": "2030-01-01T00:00:00Z"}, 422), ({"at": "yesterday"}, 422)):
        assert (await api.post(f"{AT}/lock-audit", {"entries": [entry | wrong]})).status == status


async def test_the_minutes_as_a_file(api: Api, inn: Hotel) -> None:
    await visit(inn, "=1+1")
    got = await api.get("/housekeeping/minutes.csv")
    lines = got.body.decode().splitlines()
    assert got.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert lines[0].startswith("attendant,card,department,room,kind")
    assert ",'=1+1,,101,other," in lines[1]


async def test_turndown_is_planned_for_rooms_with_guests_and_nothing_else_to_do(api: Api, inn: Hotel) -> None:
    for room in ("101", "102", "103"):
        await inn.walk_in(room)
    await api.post("/api/v1/rooms/102/request", {"value": "dnd", "source": "app"})
    await api.post(f"{AT}/tasks", {"room": "103"})
    assert (await api.post(f"{AT}/turndown")).body == {"rooms": ["101"]}
    assert (await api.post(f"{AT}/turndown")).body == {"rooms": []}


async def test_the_offer_of_an_early_cleaning_is_taken(api: Api, inn: Hotel) -> None:
    await inn.walk_in(nights=1)
    await inn.next_day()
    inn.says("vacant")
    assert "101 early" in await inn.look(minutes=25)
    await api.sign_in("manager")
    made = await api.post(f"{AT}/rooms/101/early")
    assert made.status == 201
    task = (await api.get(f"{AT}/tasks/{made.body['task']}")).body
    assert (task["type"], task["minutes"]) == ("departure", 35)
    await api.post(f"{AT}/tasks/{task['id']}/start")
    assert (await api.post(f"{AT}/rooms/101/early")).status == 409


async def test_a_room_nobody_has_is_no_room(api: Api, inn: Hotel) -> None:
    assert (await api.post(f"{AT}/rooms/999/persons", {"persons": 1})).status == 404
    assert (await api.post(f"{AT}/rooms/101/persons", {"persons": cases.MOST_PERSONS + 1})).status == 422
    assert (await api.post(f"{AT}/cases/case_none/dismiss", {})).status == 404
    assert (await api.post(f"{AT}/visits/none/kind", {"kind": "look"})).status == 404

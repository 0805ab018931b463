"""Energy in the books: what was measured, who said what, what the edge is told, and the report."""

import csv
import io
import json
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from pms.energy import rules, service
from pms.kernel.database import Database
from pms.kernel.errors import Invalid
from pms.kernel.work import Actor
from pms.link.messages import CommandResultBody, EnergyBody, OrderBody
from pms.room_feed import commands, telling
from pms.room_feed.model import CommandJob, LinkOutbox
from pms.room_feed.outbox import ensure_head
from tests.pms.conftest import HOUSE, NOON
from tests.pms.serving import Api

DAY = date(2026, 11, 22)


def counted(room: str = "101", day: date = DAY, minutes: int = 0, **seconds: float) -> EnergyBody:
    return EnergyBody(room=room, day=day, at=NOON + timedelta(minutes=minutes), **seconds)


async def take(database: Database, *bodies: EnergyBody) -> None:
    async def use_case(work: Any) -> None:
        for body in bodies:
            await service.take_day(work, body)

    await database.run(Actor.edge(HOUSE), NOON, use_case)


async def test_the_latest_word_of_a_day_counts_and_days_add_up(database: Database, api: Api) -> None:
    await take(database, counted(setback_s=3600, degree_s=9000, minutes=5), counted(setback_s=60, minutes=1))
    await take(database, counted(day=DAY - timedelta(days=1), setback_s=1800, deep_s=7200))
    await api.sign_in("manager")
    answer = (await api.get("/api/v1/energy")).body
    found = {room["room"]: room for room in answer["rooms"]}
    assert (found["101"]["setback_hours"], found["101"]["deep_setback_hours"]) == (1.5, 2.0)
    assert found["101"]["setpoint_degree_hours"] == 2.5
    assert (found["102"]["setback_hours"], found["102"]["now"], found["102"]["allowed"]) == (0, None, True)
    today = (await api.get("/api/v1/energy?since=2026-11-22&until=2026-11-22")).body
    assert today["rooms"][0]["setback_hours"] == 1.0


async def test_the_report_is_csv(database: Database, api: Api) -> None:
    await take(database, counted(setback_s=3600, drift_s=1800, orders=2), counted("102", vacant_s=7200))
    await api.sign_in("maintenance")
    answer = await api.get("/energy/report.csv?since=2026-11-20&until=2026-11-22")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "energy-2026-11-20-2026-11-22.csv" in answer.headers["Content-Disposition"]
    first, second = csv.DictReader(io.StringIO(answer.body.decode()))
    assert (first["date"], first["room"], first["setback_hours"], first["orders"]) == ("2026-11-22", "101", "1.00", "2")
    assert (first["temperature_degree_hours"], second["vacant_hours"]) == ("0.50", "2.00")


async def test_the_switches_are_told_to_the_edge(database: Database, api: Api) -> None:
    await api.sign_in("frontdesk")
    assert (await api.post("/api/v1/energy/switch", {"allowed": False})).status == 200
    said = {"allowed": False, "reason": "allergic guest"}
    assert (await api.post("/api/v1/rooms/101/energy", said)).status == 200
    assert (await api.post("/api/v1/rooms/102/expected", {"minutes": 90})).status == 200
    told = await _told(database)
    assert told["property"]["setbacks"] is False
    assert told["room_facts:101"]["setbacks"] is False
    assert told["room_facts:102"]["expected"] == (NOON + timedelta(minutes=90)).isoformat().replace("+00:00", "Z")
    assert told["room_facts:103"]["setbacks"] is None
    await api.post("/api/v1/rooms/101/energy", {"allowed": True})
    assert (await _told(database))["room_facts:101"]["setbacks"] is None


async def test_who_may_not_is_refused_and_wrong_input_is_named(api: Api) -> None:
    await api.sign_in("housekeeping")
    assert (await api.get("/api/v1/energy")).status == 403
    assert (await api.post("/api/v1/energy/switch", {"allowed": False})).status == 403
    await api.sign_in("manager")
    assert (await api.post("/api/v1/rooms/999/energy", {"allowed": False})).status == 404
    assert (await api.post("/api/v1/rooms/101/expected", {"at": "2020-01-01T00:00:00Z"})).status == 422
    assert (await api.get("/api/v1/energy?since=2026-11-22&until=2026-11-01")).status == 422


async def test_an_order_of_the_edge_is_followed_and_not_sent_back(database: Database) -> None:
    deadline = NOON + timedelta(seconds=90)
    order = OrderBody(
        id="setback-1", room="101", device="101_thermostat", point="setpoint", value=18.5, deadline=deadline, at=NOON,
        by="setback", why="vacant_rented",
    )  # fmt: skip

    async def use_case(work: Any) -> None:
        for _ in range(2):
            await commands.adopt(work, order)
        await commands.answer(work, CommandResultBody(id="setback-1", state="done", at=NOON))

    await database.run(Actor.edge(HOUSE), NOON, use_case)
    async with database.read() as session:
        (job,) = (await session.scalars(select(CommandJob))).all()
    assert (job.state, job.step, job.by, job.value) == ("done", "verified", "setback", 18.5)
    assert commands.ADOPTED.name not in telling.KINDS


async def test_the_pages_say_what_is_done_and_why(database: Database, api: Api) -> None:
    await take(database, counted(setback_s=3600))
    await api.sign_in("manager")
    page = (await api.get("/energy", Accept_Language="en")).body.decode()
    assert "Setbacks in the whole hotel" in page
    assert api.context.translator.missing == set()
    room = (await api.get("/rooms/101")).body.decode()
    assert 'id="room-timeline"' in room
    assert (await api.get("/rooms/101/timeline?day=2026-11-21")).status == 200


@pytest.mark.parametrize(
    ("since", "until", "wanted"),
    [
        (None, None, (DAY - timedelta(days=6), DAY)),
        (DAY, DAY, (DAY, DAY)),
        (None, DAY - timedelta(days=10), (DAY - timedelta(days=16), DAY - timedelta(days=10))),
    ],
)
def test_a_week_is_shown_when_nothing_is_asked(
    since: date | None, until: date | None, wanted: tuple[date, date]
) -> None:
    assert rules.span(since, until, DAY) == wanted


def test_more_than_a_year_is_refused() -> None:
    with pytest.raises(Invalid):
        rules.span(DAY - timedelta(days=400), DAY, DAY)


async def _told(database: Database) -> dict[str, dict[str, Any]]:
    async def use_case(work: Any) -> None:
        await ensure_head(work)
        await telling.everything(work)

    await database.run(Actor.system(HOUSE, "test"), NOON, use_case)
    async with database.read() as session:
        rows = await session.scalars(select(LinkOutbox).order_by(LinkOutbox.seq))
        return {str(row.merge_key): json.loads(row.body) for row in rows}

"""Alerts over HTTP, in the reader's language."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from pms.kernel.database import Database
from pms.kernel.work import Actor
from pms.link.messages import ConditionBody
from pms.maintenance.service import take_condition
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.serving import Api, serving

ALERTS = "/api/v1/alerts"


@pytest.fixture
async def api(database: Database, clock: TestClock) -> AsyncIterator[Api]:
    for kind in ("low_battery", "leak"):
        clock.forward(minutes=1)
        body = ConditionBody(
            key=f"{kind}:101", kind=kind, state="raised", room="101", device=f"101_{kind}", at=clock(), priority=""
        )
        await database.run(Actor.edge(HOUSE), clock(), lambda work, body=body: take_condition(work, body))  # type: ignore[misc]
    async with serving(database, HOUSE, clock) as api:
        await api.sign_in("maintenance")
        yield api


async def listed(api: Api, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await api.get(f"{ALERTS}{query}")).body["items"]
    return items


async def test_open_alerts_come_newest_first_with_all_there_is_to_know(api: Api) -> None:
    leak, battery = await listed(api)
    assert (leak["kind"], leak["priority"], leak["state"], leak["present"]) == ("leak", "critical", "new", True)
    assert leak["cause"] == {"code": "water_detected", "text": "The water sensor is wet"}
    assert leak["response"]["code"] == "shut_water_off"
    assert battery["priority"] == "medium"
    allowed = [one["action"] for one in leak["actions"] if one["allowed"]]
    assert allowed == ["acknowledge", "resolve", "note"]


async def test_the_texts_are_in_the_readers_language(api: Api) -> None:
    items = (await api.get(ALERTS, Accept_Language="zh-CN")).body["items"]
    assert items[0]["cause"]["text"] not in {"The water sensor is wet", "cause.water_detected", ""}


async def test_an_alert_is_acknowledged_shelved_noted_and_resolved(api: Api) -> None:
    _, battery = await listed(api)
    path = f"{ALERTS}/{battery['id']}"
    seen = (await api.post(f"{path}/acknowledge")).body
    assert (seen["state"], seen["acknowledged_by"]) == ("acknowledged", "maintenance")
    shelved = (await api.post(f"{path}/shelve", {"reason": "ordered", "minutes": 30})).body
    assert (shelved["state"], shelved["shelved_reason"]) == ("shelved", "ordered")
    assert [one["id"] for one in await listed(api, "?state=shelved&room=101")] == [battery["id"]]
    await api.post(f"{path}/note", {"text": "in the cellar"})
    done = (await api.post(f"{path}/resolve", {"note": "replaced"})).body
    assert [line["action"] for line in done["notes"]] == ["acknowledge", "shelve", "note", "resolve"]
    assert len(await listed(api)) == 1
    assert len(await listed(api, "?state=all")) == 2


async def test_what_cannot_be_done_is_a_problem(api: Api) -> None:
    leak, _ = await listed(api)
    path = f"{ALERTS}/{leak['id']}"
    refused = await api.post(f"{path}/shelve", {"reason": "later", "minutes": 30})
    assert (refused.status, refused.body["reasons"][0]["code"]) == (409, "kind_never_shelved")
    assert (await api.post(f"{path}/shelve", {"minutes": 30})).status == 422
    assert (await api.post(f"{path}/note", {"text": ""})).status == 422
    assert (await api.post(f"{ALERTS}/alert_nobody_knows/acknowledge")).status == 404


async def test_a_list_goes_on_where_it_was_left(api: Api) -> None:
    first = (await api.get(f"{ALERTS}?limit=1")).body
    rest = (await api.get(f"{ALERTS}?limit=1&cursor={first['next']}")).body
    assert [one["kind"] for one in first["items"] + rest["items"]] == ["leak", "low_battery"]
    assert rest["next"] is None


async def test_the_front_desk_looks_and_does_not_touch(api: Api) -> None:
    await api.sign_in("frontdesk")
    leak, _ = await listed(api)
    assert leak["actions"] == []
    assert (await api.post(f"{ALERTS}/{leak['id']}/acknowledge")).status == 403
    await api.sign_in("housekeeping")
    assert (await api.get(ALERTS)).status == 403

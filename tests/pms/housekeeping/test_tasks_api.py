"""Tasks over HTTP: who may do what, and what each reader is offered."""

from collections.abc import AsyncIterator

import pytest

from pms.kernel.database import Database
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.serving import Api, serving

TASKS = "/api/v1/housekeeping/tasks"


@pytest.fixture
async def api(database: Database, clock: TestClock) -> AsyncIterator[Api]:
    async with serving(database, HOUSE, clock) as api:
        await api.sign_in("manager")
        yield api


async def test_a_task_is_planned_given_worked_and_inspected(api: Api) -> None:
    made = await api.post(TASKS, {"room": "101", "type": "departure", "note": "flowers"})
    assert (made.status, made.body["state"], made.body["credits"]) == (201, "pending", 2)
    path = f"{TASKS}/{made.body['id']}"
    given = await api.post(f"{path}/assign", {"assignee": "housekeeping"})
    assert (given.body["state"], given.body["assignee_name"]) == ("assigned", "housekeeping")
    await api.sign_in("housekeeping")
    assert [task["id"] for task in (await api.get(f"{TASKS}?mine=true")).body["items"]] == [made.body["id"]]
    for step, state in (("start", "in_progress"), ("done", "done"), ("inspect", "inspected")):
        answer = await api.post(f"{path}/{step}")
        assert (answer.status, answer.body["state"]) == (200, state)
    assert (await api.get(f"{TASKS}?room=101")).body["items"] == []
    assert [task["state"] for task in (await api.get(f"{TASKS}?state=inspected")).body["items"]] == ["inspected"]
    assert (await api.get("/api/v1/rooms/101")).body["housekeeping"] == {"state": "inspected", "source": "manual"}


async def test_actions_say_what_is_possible_now_and_why_not(api: Api) -> None:
    task = (await api.post(TASKS, {"room": "101"})).body
    actions = {one["action"]: one for one in task["actions"]}
    assert [name for name, one in actions.items() if one["allowed"]] == ["assign", "start", "cancel"]
    assert actions["inspect"]["reasons"][0]["text"] == "the task is waiting"
    refused = await api.post(f"{TASKS}/{task['id']}/done")
    assert (refused.status, refused.body["reasons"][0]["code"]) == (409, "task_pending")


async def test_a_failed_inspection_opens_the_task_again(api: Api) -> None:
    path = f"{TASKS}/{(await api.post(TASKS, {'room': '101'})).body['id']}"
    await api.post(f"{path}/start")
    await api.post(f"{path}/done")
    again = await api.post(f"{path}/inspect", {"passed": False, "note": "dust"})
    assert (again.body["state"], again.body["reopened"], again.body["note"]) == ("reopened", 1, "dust")


async def test_each_role_does_its_own_part(api: Api) -> None:
    path = f"{TASKS}/{(await api.post(TASKS, {'room': '101'})).body['id']}"
    await api.sign_in("maintenance")
    assert (await api.get(TASKS)).status == 403
    await api.sign_in("frontdesk")
    assert (await api.post(f"{path}/start")).status == 403
    assert {one["action"] for one in (await api.get(path)).body["actions"]} == {"assign", "cancel"}
    await api.sign_in("housekeeping")
    assert (await api.post(f"{path}/assign", {"assignee": "housekeeping"})).status == 403
    assert (await api.post(f"{path}/start")).status == 200


async def test_nobody_is_given_work_who_is_not_there(api: Api) -> None:
    path = f"{TASKS}/{(await api.post(TASKS, {'room': '101'})).body['id']}"
    refused = await api.post(f"{path}/assign", {"assignee": "nobody"})
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "assignee")
    assert (await api.post(TASKS, {"room": "999"})).status == 404
    assert (await api.post(TASKS, {"room": "101"})).status == 409
    assert (await api.get(f"{TASKS}?state=sleeping")).status == 422

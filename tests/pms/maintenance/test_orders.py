"""Work orders: a fault opens one, proposes the room, and ends with it; people work on it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from pms.departments import register_reactions
from pms.kernel.database import Database
from pms.kernel.reactions import Reactions
from pms.kernel.work import Actor
from pms.link.messages import ConditionBody
from pms.maintenance.service import take_condition
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.serving import Api, serving

ORDERS = "/api/v1/work-orders"


class Workshop:
    """The house with somebody of maintenance before it; the feed is followed after every word."""

    def __init__(self, database: Database, api: Api, clock: TestClock) -> None:
        self.database, self.api, self.clock = database, api, clock
        self.reactions = Reactions(database, HOUSE, clock)
        register_reactions(self.reactions)

    async def tell(self, state: str, kind: str = "lock_jammed", room: str = "101") -> None:
        body = ConditionBody.model_validate(
            {"key": f"{kind}:{room}", "kind": kind, "state": state, "room": room, "device": "lock", "at": self.clock()}
        )
        await self.database.run(Actor.edge(HOUSE), self.clock(), lambda work: take_condition(work, body))
        await self.reactions.catch_up()

    async def do(self, order: dict[str, Any], step: str, **body: Any) -> dict[str, Any]:
        answer = await self.api.post(f"{ORDERS}/{order['id']}/{step}", body or None)
        assert answer.status == 200, answer.body
        await self.reactions.catch_up()
        found: dict[str, Any] = answer.body
        return found

    async def orders(self, state: str = "unfinished") -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.api.get(f"{ORDERS}?state={state}")).body["items"]
        return items

    async def alerts(self) -> list[str]:
        return [one["state"] for one in (await self.api.get("/api/v1/alerts")).body["items"]]

    async def sellability(self) -> str:
        state: str = (await self.api.get("/api/v1/rooms/101")).body["sellability"]
        return state


@pytest.fixture
async def shop(database: Database, clock: TestClock) -> AsyncIterator[Workshop]:
    async with serving(database, HOUSE, clock) as api:
        await api.sign_in("maintenance")
        yield Workshop(database, api, clock)


async def test_a_fault_opens_an_order_that_takes_the_room_and_gives_it_back(shop: Workshop) -> None:
    await shop.tell("raised")
    [order] = await shop.orders()
    assert (order["room"], order["kind"], order["state"], order["proposal"]) == ("101", "lock_jammed", "open", "open")
    assert order["title"] == "Lock jammed"
    assert await shop.sellability() == "sellable", "nobody takes a room away but a person"
    taken = await shop.do(order, "accept")
    assert (taken["proposal"], await shop.sellability()) == ("accepted", "out_of_service")
    begun = await shop.do(order, "start")
    assert (begun["state"], begun["worker"]) == ("in_progress", "maintenance")
    assert await shop.alerts() == ["acknowledged"], "whoever works on it has seen it"
    await shop.tell("cleared")
    assert [one["state"] for one in await shop.orders()] == ["in_progress"], "it is in somebody's hands"
    done = await shop.do(order, "done", text="new bolt")
    assert (done["state"], await shop.sellability(), await shop.alerts()) == ("done", "sellable", [])
    assert [line["action"] for line in done["notes"]] == ["accept", "start", "done"]


async def test_an_order_nobody_has_begun_ends_with_its_fault_and_comes_back_with_it(shop: Workshop) -> None:
    await shop.tell("raised")
    [order] = await shop.orders()
    await shop.do(order, "accept")
    await shop.tell("cleared")
    assert (await shop.orders(), await shop.sellability()) == ([], "sellable")
    shop.clock.forward(minutes=3)
    await shop.tell("raised")
    [again] = await shop.orders()
    assert (again["id"], again["reopened"], again["proposal"]) == (order["id"], 1, "open")


async def test_a_room_somebody_set_otherwise_is_left_alone(shop: Workshop) -> None:
    await shop.tell("raised")
    [order] = await shop.orders()
    await shop.do(order, "accept")
    change = {"state": "out_of_order", "reason": "the wall is open too"}
    assert (await shop.api.post("/api/v1/rooms/101/sellability", change)).status == 200
    await shop.do(order, "done", text="new bolt")
    assert await shop.sellability() == "out_of_order"


async def test_work_that_cannot_go_on_says_why(shop: Workshop) -> None:
    await shop.tell("raised", "low_battery")
    [order] = await shop.orders()
    assert order["proposal"] == "none"
    assert (await shop.api.post(f"{ORDERS}/{order['id']}/block", {"text": " "})).status == 422
    blocked = await shop.do(order, "block", text="battery ordered")
    assert (blocked["state"], blocked["blocked_reason"]) == ("blocked", "battery ordered")
    assert (await shop.api.post(f"{ORDERS}/{order['id']}/accept")).body["reasons"][0]["code"] == "nothing_proposed"
    assert (await shop.do(order, "start"))["blocked_reason"] is None
    await shop.do(order, "done", text="")
    assert await shop.alerts() == ["acknowledged"], "the battery still says that it is low"
    assert (await shop.do(order, "reopen", text="still low"))["state"] == "open"


async def test_an_order_is_written_by_hand(shop: Workshop) -> None:
    assert (await shop.api.post(ORDERS, {"title": " "})).status == 422
    assert (await shop.api.post(ORDERS, {"title": "Paint", "room": "999"})).status == 404
    made = await shop.api.post(ORDERS, {"title": "Paint the door", "room": "102"})
    assert (made.status, made.body["title"], made.body["created_by"]) == (201, "Paint the door", "maintenance")
    await shop.do(made.body, "done", text="green")
    assert [one["state"] for one in await shop.orders("done")] == ["done"]


async def test_what_needs_no_tools_opens_none_but_somebody_may(shop: Workshop) -> None:
    await shop.tell("raised", "door_ajar")
    assert await shop.orders() == []
    [alert] = (await shop.api.get("/api/v1/alerts")).body["items"]
    assert (await shop.api.post(ORDERS, {"alert": alert["id"]})).status == 201
    assert (await shop.api.post(ORDERS, {"alert": alert["id"]})).body["reasons"][0]["code"] == "order_exists"


async def test_resolving_the_alert_ends_its_order(shop: Workshop) -> None:
    await shop.tell("raised")
    [alert] = (await shop.api.get("/api/v1/alerts")).body["items"]
    await shop.api.post(f"/api/v1/alerts/{alert['id']}/resolve", {"note": "was a test"})
    await shop.reactions.catch_up()
    assert await shop.orders() == []


async def test_the_front_desk_looks_and_does_not_touch(shop: Workshop) -> None:
    await shop.tell("raised")
    await shop.api.sign_in("frontdesk")
    [order] = await shop.orders()
    assert order["actions"] == []
    assert (await shop.api.post(f"{ORDERS}/{order['id']}/start")).status == 403

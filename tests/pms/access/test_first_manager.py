"""The link of an empty house: once, for a while, and not beside a manager."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from pms import people
from pms.access.users import invite
from pms.kernel.database import Database
from pms.kernel.work import Actor
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.serving import Api, serving

START = Actor.system(HOUSE, "start")
BODY = {"username": "chief", "password": "correct horse"}


@pytest.fixture
async def empty(database: Database, clock: TestClock) -> AsyncIterator[Api]:
    """A house over HTTP without people."""
    async with serving(database, HOUSE, clock, peopled=False) as api:
        yield api


async def _link(database: Database, clock: TestClock) -> str:
    token = await people.first_link(database, START, clock(), clock())
    assert token is not None
    return token


async def test_of_many_at_once_one_becomes_the_manager(empty: Api, database: Database, clock: TestClock) -> None:
    token = await _link(database, clock)
    bodies = [BODY | {"token": token, "username": f"chief-{number}"} for number in range(5)]
    told = await asyncio.gather(*(empty.post("/api/v1/first-manager", body) for body in bodies))
    assert sorted(answer.status for answer in told) == [200, 404, 404, 404, 404]
    assert await people.first_link(database, START, clock(), clock()) is None


async def test_a_wrong_password_does_not_use_it_up(empty: Api, database: Database, clock: TestClock) -> None:
    token = await _link(database, clock)
    assert (await empty.post("/api/v1/first-manager", BODY | {"token": token, "password": "x"})).status == 422
    assert (await empty.post("/api/v1/first-manager", BODY | {"token": token})).status == 200


async def test_a_new_start_replaces_it(empty: Api, database: Database, clock: TestClock) -> None:
    first, second = await _link(database, clock), await _link(database, clock)
    assert (await empty.post("/api/v1/first-manager", BODY | {"token": first})).code == "invitation_unknown"
    assert (await empty.post("/api/v1/first-manager", BODY | {"token": second})).status == 200


async def test_it_grows_too_old(empty: Api, database: Database, clock: TestClock) -> None:
    token = await _link(database, clock)
    clock.forward(hours=24)
    assert (await empty.post("/api/v1/first-manager", BODY | {"token": token})).code == "invitation_unknown"


async def test_beside_a_manager_it_is_worth_nothing(api: Api, database: Database, clock: TestClock) -> None:
    token = await database.run(START, clock(), lambda work: invite(work, "manager", clock()))
    assert (await api.post("/api/v1/first-manager", BODY | {"token": token})).code == "invitation_unknown"


async def test_a_link_cannot_be_guessed_at_speed(empty: Api) -> None:
    told = [await empty.post("/api/v1/first-manager", BODY | {"token": str(number)}) for number in range(61)]
    assert told[0].status == 404
    assert told[-1].status == 429

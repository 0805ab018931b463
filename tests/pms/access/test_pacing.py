"""Guesses are slowed where they come from; nobody is locked out by somebody else's."""

import asyncio

import pytest

from pms.access import rules
from pms.access.pacing import ADDRESS, NAME, Pacing, Slowed, Source
from pms.kernel.database import Database
from tests.pms.access.codes import begin
from tests.pms.conftest import TestClock
from tests.pms.serving import PASSWORD, Api

HERE, THERE = "203.0.113.7", "198.51.100.9"


async def _guess(api: Api, name: str, place: str, password: str = "wrong") -> int:  # noqa: S107
    api.token = ""
    told = await api.post("/api/v1/session", {"username": name, "password": password}, X_Forwarded_For=place)
    return told.status


async def test_who_guesses_waits_and_the_person_elsewhere_gets_in(api: Api) -> None:
    while await _guess(api, "manager", HERE) == 401:
        pass
    assert await _guess(api, "manager", HERE, PASSWORD) == 429
    assert await _guess(api, "manager", THERE, PASSWORD) == 200


async def test_guesses_do_not_bar_the_person_for_ever(api: Api, clock: TestClock) -> None:
    for _ in range(rules.FREE_FAILURES + 4):
        await _guess(api, "manager", HERE)
        clock.forward(seconds=40)
    clock.forward(minutes=5, seconds=1)
    assert await _guess(api, "manager", HERE, PASSWORD) == 200


async def test_a_known_place_is_not_slowed_by_a_flood_from_many(api: Api) -> None:
    assert await _guess(api, "manager", HERE, PASSWORD) == 200
    flood = [await _guess(api, "manager", f"192.0.2.{number}") for number in range(1, int(NAME.burst) + 5)]
    assert 429 in flood
    assert await _guess(api, "manager", HERE, PASSWORD) == 200


async def test_many_names_from_one_address_are_slowed_together(api: Api) -> None:
    answers = [await _guess(api, f"name-{number}", HERE) for number in range(int(ADDRESS.burst) + 1)]
    assert answers[-1] == 429
    assert set(answers[:-1]) == {401}
    assert await _guess(api, "manager", THERE, PASSWORD) == 200


async def test_guesses_at_the_same_moment_all_count(api: Api) -> None:
    answers = await asyncio.gather(*(_guess(api, f"name-{number}", HERE) for number in range(int(ADDRESS.burst) + 10)))
    assert answers.count(401) == int(ADDRESS.burst)


async def test_an_attack_is_written_down_once_and_shown(api: Api, database: Database, clock: TestClock) -> None:
    for number in range(int(ADDRESS.burst) + 5):
        await _guess(api, f"name-{number}", HERE)
    async with database.read() as session:
        connection = await session.connection()
        found = (await connection.exec_driver_sql("SELECT kind FROM event")).scalars().all()
    assert found.count("sign_in.attacked") == 1
    assert api.sessions.pacing.attacked(clock().timestamp())
    clock.forward(hours=1)
    assert not api.sessions.pacing.attacked(clock().timestamp())


async def test_a_browser_is_known_by_its_cookie_wherever_it_goes(api: Api) -> None:
    form = {"username": "manager", "password": PASSWORD, "next": "/"}
    async with api.client.post(f"{api.url}/sign-in", data=form, allow_redirects=False) as response:
        device = response.cookies["innkeeper_device"].value
        assert response.cookies["innkeeper_device"]["httponly"]
    for number in range(1, int(NAME.burst) + 5):
        await _guess(api, "manager", f"192.0.2.{number}")
    assert await _guess(api, "manager", "192.0.2.250", PASSWORD) == 429
    sent = {"Cookie": f"innkeeper_device={device}", "X-Forwarded-For": "192.0.2.251"}
    async with api.client.post(f"{api.url}/sign-in", data=form, headers=sent, allow_redirects=False) as response:
        assert response.status == 303


async def test_a_forged_device_is_a_stranger(api: Api) -> None:
    asked = await begin(api, "manager", Cookie="innkeeper_device=made-up", X_Forwarded_For=THERE)
    assert asked.status == 200
    async with api.client.post(
        f"{api.url}/sign-in",
        data={"username": "manager", "password": "wrong"},
        headers={"Cookie": "innkeeper_device=other"},
    ) as response:
        assert response.status == 401


def test_what_was_taken_is_given_back_when_a_later_scope_refuses() -> None:
    pacing, now = Pacing(), 1000.0
    for number in range(int(NAME.burst)):
        pacing.enter("anna", Source(str(number), str(number), known=False), now)
    for _ in range(100):
        with pytest.raises(Slowed) as slowed:
            pacing.enter("anna", Source("far", "far", known=False), now)
        assert slowed.value.scope == "name"
    pacing.enter("ben", Source("far", "far", known=False), now)

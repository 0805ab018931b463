"""The second factor over HTTP: made at the sign-in, asked for, used once, lost and taken away."""

import asyncio

from pms.access import factors
from pms.kernel.database import Database
from tests.pms.access.codes import answer, begin, enrol, need
from tests.pms.conftest import TestClock
from tests.pms.serving import PASSWORD, Api


async def test_a_role_that_needs_one_does_not_get_in_with_the_password_alone(api: Api) -> None:
    need(api, "manager")
    asked = await begin(api, "manager")
    assert (asked.status, asked.code) == (401, "second_factor_enrolment_required")
    assert "Set-Cookie" not in asked.headers
    assert (await api.sign_in("frontdesk")).status == 200


async def test_it_is_set_up_at_the_sign_in_and_asked_for_from_then_on(api: Api, clock: TestClock) -> None:
    need(api, "manager")
    app, codes = await enrol(api, clock, "manager")
    assert len(codes) == 10
    assert (await api.get("/api/v1/users")).status == 200
    asked = await begin(api, "manager")
    assert asked.code == "second_factor_required"
    assert "secret" not in asked.body
    told = await answer(api, asked.body["challenge"], app.next())
    assert (told.status, told.body["recovery_codes"]) == (200, [])
    assert (await api.get("/api/v1/users")).status == 200


async def test_a_challenge_that_asks_does_not_tell_the_secret(api: Api, clock: TestClock) -> None:
    need(api, "manager")
    await enrol(api, clock, "manager")
    challenge = (await begin(api, "manager")).body["challenge"]
    told = await api.post("/api/v1/session/second-factor/enrolment", {"challenge": challenge})
    assert (told.status, told.code) == (401, "challenge_unknown")


async def test_a_code_is_good_for_one_sign_in(api: Api, clock: TestClock) -> None:
    need(api, "manager")
    app, _ = await enrol(api, clock, "manager")
    code = app.next()
    assert (await answer(api, (await begin(api, "manager")).body["challenge"], code)).status == 200
    again = await answer(api, (await begin(api, "manager")).body["challenge"], code)
    assert (again.status, again.code) == (401, "wrong_code")


async def test_two_at_the_same_moment_do_not_share_a_code(api: Api, clock: TestClock) -> None:
    need(api, "manager")
    app, _ = await enrol(api, clock, "manager")
    code = app.next()
    challenges = [(await begin(api, "manager")).body["challenge"] for _ in range(4)]
    path = "/api/v1/session/second-factor"
    told = await asyncio.gather(*(api.post(path, {"challenge": one, "code": code}) for one in challenges))
    assert sorted(one.status for one in told) == [200, 401, 401, 401]


async def test_a_challenge_is_used_once_and_ends(api: Api, clock: TestClock) -> None:
    need(api, "manager")
    app, _ = await enrol(api, clock, "manager")
    challenge = (await begin(api, "manager")).body["challenge"]
    assert (await answer(api, challenge, app.next())).status == 200
    assert (await answer(api, challenge, app.next())).code == "challenge_unknown"
    late = (await begin(api, "manager")).body["challenge"]
    clock.value += factors.CHALLENGE_FOR
    assert (await answer(api, late, app.code())).code == "challenge_unknown"


async def test_wrong_codes_end_the_challenge_and_then_have_to_wait(api: Api, clock: TestClock) -> None:
    need(api, "manager")
    app, _ = await enrol(api, clock, "manager")
    challenge = (await begin(api, "manager")).body["challenge"]
    clock.forward(seconds=30)
    codes = {app.code(later) for later in (-1, 0, 1)}
    wrong = next(f"{number:06}" for number in range(9) if f"{number:06}" not in codes)
    for _ in range(factors.CHALLENGE_FAILURES):
        assert (await answer(api, challenge, wrong)).code == "wrong_code"
    assert (await answer(api, challenge, app.code())).code == "challenge_unknown"
    refused = await begin(api, "manager")
    assert (refused.status, refused.code) == (429, "too_many_attempts")
    clock.forward(minutes=6)
    assert (await answer(api, (await begin(api, "manager")).body["challenge"], app.code())).status == 200


async def test_programs_send_the_code_along(api: Api, clock: TestClock) -> None:
    need(api, "manager")
    app, codes = await enrol(api, clock, "manager")
    body = {"username": "manager", "password": PASSWORD}
    api.token = ""
    assert (await api.post("/api/v1/session", body | {"code": app.next()})).status == 200
    assert (await api.post("/api/v1/session", body | {"code": codes[0].upper()})).status == 200
    assert (await api.post("/api/v1/session", body | {"code": codes[0]})).code == "wrong_code"


async def test_a_recovery_code_lets_in_once(api: Api, clock: TestClock) -> None:
    need(api, "manager")
    _, codes = await enrol(api, clock, "manager")
    assert (await answer(api, (await begin(api, "manager")).body["challenge"], codes[3])).status == 200
    assert (await answer(api, (await begin(api, "manager")).body["challenge"], codes[3])).code == "wrong_code"


async def test_sessions_of_before_are_worth_nothing_once_a_role_needs_more(api: Api) -> None:
    await api.sign_in("manager")
    assert (await api.get("/api/v1/session")).status == 200
    need(api, "manager")
    assert (await api.get("/api/v1/session")).status == 401


async def test_a_manager_takes_it_away_from_who_lost_the_phone(api: Api, clock: TestClock) -> None:
    need(api, "frontdesk")
    await enrol(api, clock, "frontdesk")
    lost, desk = api.token, (await api.get("/api/v1/session")).body["user"]
    await api.sign_in("manager")
    people = {one["username"]: one["second_factor"] for one in (await api.get("/api/v1/users")).body["items"]}
    assert people == {"manager": False, "frontdesk": True, "housekeeping": False, "maintenance": False}
    assert (await api.post(f"/api/v1/users/{desk}/second-factor/reset")).body["second_factor"] is False
    api.token = lost
    assert (await api.get("/api/v1/session")).status == 401
    assert (await begin(api, "frontdesk")).code == "second_factor_enrolment_required"


async def test_no_secret_stands_in_the_database_as_it_is(api: Api, clock: TestClock, database: Database) -> None:
    need(api, "manager")
    app, codes = await enrol(api, clock, "manager")
    await begin(api, "manager")
    async with database.read() as session:
        connection = await session.connection()
        kept = ""
        for table in ("second_factor", "recovery_code", "sign_in_challenge", "event"):
            kept += str((await connection.exec_driver_sql(f"SELECT * FROM {table}")).all())  # noqa: S608
    assert app.secret not in kept
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)

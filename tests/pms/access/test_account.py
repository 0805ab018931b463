"""One's own access: password, second factor, sessions; and links for colleagues."""

from tests.pms.access.codes import App, begin, enrol, need
from tests.pms.conftest import TestClock
from tests.pms.serving import PASSWORD, Answer, Api

NEW = "another good password"


async def _factor(api: Api, clock: TestClock) -> tuple[App, Answer]:
    made = await api.post("/api/v1/account/second-factor", {"password": PASSWORD})
    app = App(made.body["secret"], clock)
    body = {"challenge": made.body["challenge"], "code": app.code()}
    told = await api.call("PUT", "/api/v1/account/second-factor", body)
    api.token = told.body.get("token", api.token)
    return app, told


async def test_a_new_password_ends_every_session_but_this_under_a_fresh_token(api: Api) -> None:
    await api.sign_in("frontdesk")
    other = api.token
    await api.sign_in("frontdesk")
    before = api.token
    changed = await api.call("PUT", "/api/v1/account/password", {"current": PASSWORD, "new": NEW})
    assert changed.status == 200
    for token, status in ((other, 401), (before, 401), (changed.body["token"], 200)):
        api.token = token
        assert (await api.get("/api/v1/session")).status == status
    assert (await api.sign_in("frontdesk")).status == 401
    assert (await api.sign_in("frontdesk", NEW)).status == 200


async def test_the_present_password_has_to_be_shown_and_cannot_be_guessed(api: Api) -> None:
    await api.sign_in("frontdesk")
    body = {"current": "wrong", "new": NEW}
    answers = [await api.call("PUT", "/api/v1/account/password", body) for _ in range(7)]
    assert answers[0].code == "wrong_credentials"
    assert answers[-1].code == "too_many_attempts"
    assert (await api.sign_in("frontdesk")).status == 200


async def test_a_weak_password_is_refused_and_nothing_changes(api: Api) -> None:
    await api.sign_in("frontdesk")
    refused = await api.call("PUT", "/api/v1/account/password", {"current": PASSWORD, "new": "short"})
    assert refused.status == 422
    assert (await api.get("/api/v1/session")).status == 200


async def test_sessions_are_listed_and_ended(api: Api) -> None:
    await api.sign_in("frontdesk")
    other = api.token
    await api.sign_in("frontdesk")
    items = (await api.get("/api/v1/account/sessions")).body["items"]
    assert [item["current"] for item in items] == [True, False]
    assert other not in str(items)
    assert (await api.call("DELETE", f"/api/v1/account/sessions/{items[1]['id']}")).status == 204
    assert (await api.call("DELETE", f"/api/v1/account/sessions/{items[1]['id']}")).status == 404
    mine, api.token = api.token, other
    assert (await api.get("/api/v1/session")).status == 401
    await api.sign_in("frontdesk")
    third, api.token = api.token, mine
    assert (await api.call("DELETE", "/api/v1/account/sessions")).status == 204
    assert (await api.get("/api/v1/session")).status == 200
    api.token = third
    assert (await api.get("/api/v1/session")).status == 401


async def test_nobody_ends_the_sessions_of_somebody_else(api: Api) -> None:
    await api.sign_in("manager")
    theirs = (await api.get("/api/v1/account/sessions")).body["items"][0]["id"]
    manager = api.token
    await api.sign_in("frontdesk")
    for shown in (theirs, "%", "_" * 16, "a" * 16):
        assert (await api.call("DELETE", f"/api/v1/account/sessions/{shown}")).status == 404
    api.token = manager
    assert (await api.get("/api/v1/session")).status == 200


async def test_anybody_may_have_a_second_factor_and_do_without_again(api: Api, clock: TestClock) -> None:
    await api.sign_in("frontdesk")
    app, told = await _factor(api, clock)
    assert len(told.body["recovery_codes"]) == 10
    assert (await begin(api, "frontdesk")).code == "second_factor_required"
    api.token = told.body["token"]
    wrong = await api.call("DELETE", "/api/v1/account/second-factor", {"code": app.code()})
    assert wrong.code == "wrong_code"
    removed = await api.call("DELETE", "/api/v1/account/second-factor", {"code": app.next()})
    assert removed.status == 200
    assert (await api.sign_in("frontdesk")).status == 200


async def test_setting_it_up_asks_for_the_password_again(api: Api) -> None:
    await api.sign_in("frontdesk")
    refused = await api.post("/api/v1/account/second-factor", {"password": "wrong"})
    assert (refused.status, refused.code) == (401, "wrong_credentials")


async def test_somebody_elses_challenge_is_of_no_use(api: Api, clock: TestClock) -> None:
    await api.sign_in("manager")
    made = await api.post("/api/v1/account/second-factor", {"password": PASSWORD})
    body = {"challenge": made.body["challenge"], "code": App(made.body["secret"], clock).code()}
    await api.sign_in("frontdesk")
    refused = await api.call("PUT", "/api/v1/account/second-factor", body)
    assert refused.code == "challenge_unknown"


async def test_a_role_that_needs_one_cannot_do_without(api: Api, clock: TestClock) -> None:
    need(api, "frontdesk")
    app, _ = await enrol(api, clock, "frontdesk")
    refused = await api.call("DELETE", "/api/v1/account/second-factor", {"code": app.next()})
    assert (refused.status, refused.code) == (409, "second_factor_needed")


async def test_new_recovery_codes_take_the_place_of_the_old(api: Api, clock: TestClock) -> None:
    need(api, "frontdesk")
    app, old = await enrol(api, clock, "frontdesk")
    renewed = await api.post("/api/v1/account/recovery-codes", {"code": app.next()})
    new = renewed.body["recovery_codes"]
    assert set(new).isdisjoint(old)
    body = {"username": "frontdesk", "password": PASSWORD}
    api.token = ""
    assert (await api.post("/api/v1/session", body | {"code": old[0]})).status == 401
    assert (await api.post("/api/v1/session", body | {"code": new[0]})).status == 200


async def test_another_phone_takes_the_place_of_the_first(api: Api, clock: TestClock) -> None:
    await api.sign_in("frontdesk")
    first, _ = await _factor(api, clock)
    second, told = await _factor(api, clock)
    assert told.status == 200
    clock.forward(seconds=30)
    body = {"username": "frontdesk", "password": PASSWORD}
    api.token = ""
    assert (await api.post("/api/v1/session", body | {"code": first.code()})).status == 401
    assert (await api.post("/api/v1/session", body | {"code": second.code()})).status == 200


async def test_a_colleagues_link_gives_the_role_it_was_made_for_once(api: Api) -> None:
    await api.sign_in("manager")
    made = await api.post("/api/v1/users/invitations", {"role": "maintenance"})
    assert made.status == 201
    token = made.body["url"].split("token=")[1]
    api.token = ""
    body = {"token": token, "username": "fitter", "password": NEW}
    assert (await api.post("/api/v1/first-manager", body)).body["role"] == "maintenance"
    assert (await api.post("/api/v1/first-manager", body | {"username": "thief"})).code == "invitation_unknown"
    await api.sign_in("manager")
    assert (await api.post("/api/v1/users/invitations", {"role": "king"})).status == 422


async def test_a_stolen_session_of_a_manager_does_not_change_the_managers_own_access(api: Api) -> None:
    await api.sign_in("manager")
    me = (await api.get("/api/v1/session")).body["user"]
    for path, body in (("password", {"password": NEW}), ("second-factor/reset", {})):
        refused = await api.post(f"/api/v1/users/{me}/{path}", body)
        assert (refused.status, refused.code) == (409, "own_access")


async def test_a_manager_gives_a_colleague_a_new_password(api: Api) -> None:
    await api.sign_in("frontdesk")
    theirs, desk = api.token, (await api.get("/api/v1/session")).body["user"]
    await api.sign_in("manager")
    assert (await api.post(f"/api/v1/users/{desk}/password", {"password": "short"})).status == 422
    assert (await api.post(f"/api/v1/users/{desk}/password", {"password": NEW})).status == 200
    api.token = theirs
    assert (await api.get("/api/v1/session")).status == 401
    assert (await api.sign_in("frontdesk", NEW)).status == 200

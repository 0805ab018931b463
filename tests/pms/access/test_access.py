"""Who may do what: every role on every route, sign-in, waiting, the first manager."""

import re

import pytest

from pms import departments
from pms.access import rules, users
from pms.access.permissions import CATALOGUE, ROLES
from pms.kernel.database import Database
from pms.kernel.http.routes import PUBLIC, SIGNED_IN, Route
from pms.kernel.work import Actor
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.serving import PASSWORD, Api

ALL_ROUTES = [route for routes in departments.ROUTES for route in routes]


def test_every_route_names_a_permission_of_the_catalogue() -> None:
    for route in ALL_ROUTES:
        assert route.permission in CATALOGUE | {PUBLIC, SIGNED_IN}, route.name


def test_every_role_holds_permissions_of_the_catalogue_only() -> None:
    assert all(permissions <= CATALOGUE for permissions in ROLES.values())
    assert ROLES["manager"] == CATALOGUE


def test_what_is_public_is_named_here() -> None:
    assert {(route.method, route.path) for route in ALL_ROUTES if route.permission == PUBLIC} == {
        ("GET", "/healthz"),
        ("GET", "/api/openapi.json"),
        ("POST", "/api/v1/session"),
        ("POST", "/api/v1/session/second-factor"),
        ("POST", "/api/v1/session/second-factor/enrolment"),
        ("POST", "/api/v1/first-manager"),
        ("PUT", "/api/v1/session/language"),
        ("GET", "/"),
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
        ("GET", "/first-manager"),
        ("POST", "/first-manager"),
        ("GET", "/invitation"),
        ("POST", "/invitation"),
        ("GET", "/second-factor"),
        ("POST", "/second-factor"),
        ("GET", "/trust"),
        ("GET", "/trust/innkeeper-ca.crt"),
        ("POST", "/preferences"),
        ("GET", "/static/{path:.+}"),
    }


def _path(route: Route) -> str:
    return re.sub(r"\{[a-z_]+(:[^}]*)?\}", "x", route.path)


async def test_each_role_gets_what_it_may_and_nothing_else(api: Api) -> None:
    routes = [route for route in ALL_ROUTES if route.permission not in {PUBLIC, SIGNED_IN}]
    for role, permissions in ROLES.items():
        await api.sign_in(role)
        for route in routes:
            answer = await api.call(route.method, _path(route))
            refused = answer.status == 403
            assert refused == (route.permission not in permissions), f"{role} {route.method} {route.path}"
            assert answer.status < 500, f"{role} {route.method} {route.path}"


async def test_nobody_gets_nothing(api: Api) -> None:
    for route in ALL_ROUTES:
        if route.permission == PUBLIC:
            continue
        answer = await api.call(route.method, _path(route))
        assert answer.status == (303 if route.kind == "page" else 401), route.path


async def test_signing_in_and_out(api: Api) -> None:
    answer = await api.sign_in("frontdesk")
    assert answer.status == 200
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    me = (await api.get("/api/v1/session")).body
    assert (me["username"], me["role"], me["property"]) == ("frontdesk", "frontdesk", HOUSE)
    assert "stays.read" in me["permissions"]
    assert (await api.call("DELETE", "/api/v1/session")).status == 204
    assert (await api.get("/api/v1/session")).status == 401


async def test_each_sign_in_has_its_own_token_and_only_its_hash_is_kept(api: Api, database: Database) -> None:
    first = (await api.sign_in("manager")).body["token"]
    second = (await api.sign_in("manager")).body["token"]
    assert first != second
    async with database.read() as session:
        connection = await session.connection()
        rows = (await connection.exec_driver_sql("SELECT token_hash FROM session")).scalars().all()
    assert set(rows) == {users.token_hash(first), users.token_hash(second)}


async def test_a_secure_cookie_behind_a_proxy_with_https(api: Api) -> None:
    body = {"username": "manager", "password": PASSWORD}
    answer = await api.post("/api/v1/session", body, X_Forwarded_Proto="https")
    assert answer.headers["Set-Cookie"].startswith("__Host-innkeeper=")
    assert "Secure" in answer.headers["Set-Cookie"]


async def test_a_session_ends_when_nobody_uses_it(api: Api, clock: TestClock) -> None:
    await api.sign_in("manager")
    clock.forward(hours=11)
    assert (await api.get("/api/v1/session")).status == 200
    clock.forward(hours=11)
    assert (await api.get("/api/v1/session")).status == 200
    clock.forward(hours=13)
    assert (await api.get("/api/v1/session")).status == 401


async def test_a_session_ends_in_any_case(api: Api, clock: TestClock) -> None:
    await api.sign_in("manager")
    for _ in range(16):
        clock.forward(hours=10)
        assert (await api.get("/api/v1/session")).status == 200
    clock.forward(hours=9)
    assert (await api.get("/api/v1/session")).status == 401


async def test_wrong_passwords_wait_longer_and_longer_and_never_for_ever(api: Api, clock: TestClock) -> None:
    for _ in range(rules.FREE_FAILURES):
        assert (await api.sign_in("manager", "wrong")).code == "wrong_credentials"
    refused = await api.sign_in("manager")
    assert (refused.status, refused.code) == (429, "too_many_attempts")
    assert int(refused.headers["Retry-After"]) <= 2
    clock.forward(seconds=3)
    assert (await api.sign_in("manager", "wrong")).status == 401
    clock.forward(minutes=5, seconds=1)
    assert (await api.sign_in("manager")).status == 200
    assert (await api.sign_in("manager", "wrong")).status == 401


async def test_a_stranger_learns_nothing_about_names(api: Api) -> None:
    unknown = await api.sign_in("nobody", "wrong")
    known = await api.sign_in("manager", "wrong")
    assert (unknown.status, unknown.body) == (known.status, known.body)


def test_the_wait_is_never_longer_than_minutes() -> None:
    assert [rules.wait_after(count).total_seconds() for count in (0, 4, 5, 6, 7)] == [0, 0, 2, 4, 8]
    assert rules.wait_after(10_000) == rules.LONGEST_WAIT


async def test_a_disabled_person_is_out_at_once(api: Api) -> None:
    await api.sign_in("frontdesk")
    token, desk = api.token, (await api.get("/api/v1/session")).body["user"]
    await api.sign_in("manager")
    assert (await api.post(f"/api/v1/users/{desk}/disable")).body["disabled"] is True
    manager, api.token = api.token, token
    assert (await api.get("/api/v1/session")).status == 401
    assert (await api.sign_in("frontdesk")).status == 401
    api.token = manager
    assert (await api.post(f"/api/v1/users/{desk}/enable")).body["disabled"] is False
    assert (await api.sign_in("frontdesk")).status == 200


async def test_the_last_manager_stays(api: Api) -> None:
    await api.sign_in("manager")
    me = (await api.get("/api/v1/session")).body["user"]
    answer = await api.post(f"/api/v1/users/{me}/disable")
    assert (answer.status, answer.code) == (409, "last_manager")


async def test_people_are_made_with_good_passwords_only(api: Api) -> None:
    await api.sign_in("manager")
    new = {"username": "Anna", "password": "correct horse", "role": "housekeeping"}
    assert (await api.post("/api/v1/users", new)).status == 201
    assert (await api.post("/api/v1/users", new)).code == "username_taken"
    bad = await api.post("/api/v1/users", {"username": "a b", "password": "short", "role": "king"})
    assert {error["field"] for error in bad.body["errors"]} == {"username", "password", "role"}
    names = [user["username"] for user in (await api.get("/api/v1/users")).body["items"]]
    assert "anna" in names
    assert (await api.sign_in("ANNA", "correct horse")).status == 200


async def test_a_link_makes_one_manager_once(api: Api, database: Database, clock: TestClock) -> None:
    async with database.work(Actor.system(HOUSE, "test"), clock()) as work:
        token = await users.invite(work, "manager", clock(), made_by="manager")
    body = {"token": token, "username": "chief", "password": "correct horse"}
    assert (await api.post("/api/v1/first-manager", {**body, "password": "x"})).status == 422
    assert (await api.post("/api/v1/first-manager", body)).body["role"] == "manager"
    again = await api.post("/api/v1/first-manager", {**body, "username": "thief"})
    assert (again.status, again.code) == (404, "invitation_unknown")


async def test_a_link_grows_too_old(api: Api, database: Database, clock: TestClock) -> None:
    async with database.work(Actor.system(HOUSE, "test"), clock()) as work:
        token = await users.invite(work, "manager", clock())
    clock.forward(hours=25)
    body = {"token": token, "username": "chief", "password": "correct horse"}
    assert (await api.post("/api/v1/first-manager", body)).status == 404


@pytest.mark.parametrize("username", ["", " ", "a b", "a\nb", "x" * 81, "\x00"])
def test_names_that_cannot_be(username: str) -> None:
    assert rules.username_errors(username)

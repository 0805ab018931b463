"""Rows of the security table in docs/operate/security.md that have no better place; and the tables themselves."""

import re
from pathlib import Path

import pytest
import structlog

from pms import departments
from pms.access.passwords import Passwords
from pms.kernel.database import Database
from pms.kernel.http import Principal
from pms.kernel.http.routes import PUBLIC
from tests.pms.serving import PASSWORD, Api

ROOT = Path(__file__).parents[2]
TABLES = ("docs/operate/security.md", "docs/operate/broker-security.md")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
BUILT_SQL = re.compile(r"""(?:(?<![\w.])text|sa\.text|exec_driver_sql|execute)\(\s*f["']""")
ON_PURPOSE = {
    "pms/backup.py",
    "pms/kernel/engines.py",
    "pms/schema.py",
    "pms/storage.py",
    "pms/survey.py",
}
"""Names of tables and files of our own, which cannot be parameters."""


@pytest.mark.parametrize("table", TABLES)
def test_every_test_that_the_table_names_is_there(table: str) -> None:
    named = NAMED.findall((ROOT / table).read_text("utf-8"))
    assert len(named) > 12
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_no_statement_is_put_together_from_what_people_type() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "pms").rglob("*.py")
        if BUILT_SQL.search(path.read_text("utf-8"))
    }
    assert found <= ON_PURPOSE


async def test_passwords_are_kept_as_argon2id() -> None:
    passwords = Passwords()
    try:
        kept = await passwords.hash("correct horse")
    finally:
        passwords.close()
    assert kept.startswith("$argon2id$")


async def test_a_session_that_was_planted_is_not_taken_up(api: Api) -> None:
    planted = "planted-by-somebody-else"
    body = {"username": "manager", "password": PASSWORD}
    told = await api.post("/api/v1/session", body, Cookie=f"innkeeper={planted}")
    assert told.status == 200
    assert told.body["token"] != planted
    assert (await api.get("/api/v1/session", Cookie=f"innkeeper={planted}")).status == 401


async def test_an_old_session_goes_on_apart_from_a_new_sign_in(api: Api) -> None:
    first = (await api.sign_in("manager")).body["token"]
    api.token = ""
    second = await api.post(
        "/api/v1/session", {"username": "frontdesk", "password": PASSWORD}, Cookie=f"innkeeper={first}"
    )
    assert second.body["username"] == "frontdesk"
    api.token = first
    assert (await api.get("/api/v1/session")).body["username"] == "manager"


async def test_what_is_too_large_is_refused(api: Api) -> None:
    told = await api.post("/api/v1/session", {"username": "x" * 300_000, "password": "y"})
    assert (told.status, told.code) == (413, "too_large")


async def test_nothing_personal_is_kept_by_browsers_or_proxies(api: Api) -> None:
    await api.sign_in("manager")
    for routes in departments.ROUTES:
        for route in routes:
            if route.method == "GET" and "{" not in route.path and "events" not in route.path:
                told = await api.get(route.path)
                assert told.headers["Cache-Control"] in {"no-store", "no-cache", "private, no-cache"}, route.path
                personal = route.permission != PUBLIC
                assert not personal or "no-cache" not in told.headers["Cache-Control"] or told.status == 304, route.path


async def test_nobody_reads_measurements_and_the_document_is_silent_about_the_house(api: Api) -> None:
    for path in ("/metrics", "/docs", "/debug", "/.env", "/api/v1/health"):
        assert (await api.get(path)).status in {401, 404}, path
    document = str((await api.get("/api/openapi.json")).body)
    assert "Test House" not in document
    assert "manager@" not in document


async def test_a_token_leaves_the_address_at_once(api: Api) -> None:
    told = await api.get("/first-manager?token=very-secret")
    assert (told.status, told.headers["Location"]) == (303, "/first-manager")
    assert "innkeeper_invitation=very-secret" in told.headers["Set-Cookie"]
    assert "HttpOnly" in told.headers["Set-Cookie"]


async def test_no_password_or_token_is_logged(api: Api) -> None:
    with structlog.testing.capture_logs() as logs:
        await api.sign_in("manager", "a very wrong secret")
        token = (await api.sign_in("manager")).body["token"]
        await api.get("/first-manager?token=very-secret")
        await api.get("/api/v1/nowhere")
        for number in range(40):
            await api.sign_in(f"name-{number}", "a very wrong secret")
    said = str(logs)
    assert "sign_in_attacked" in said
    for secret in ("a very wrong secret", PASSWORD, token, "very-secret"):
        assert secret not in said


async def test_who_came_in_and_who_was_refused_is_written_down(api: Api, database: Database) -> None:
    await api.sign_in("manager", "wrong")
    await api.sign_in("manager")
    await api.call("DELETE", "/api/v1/session")
    async with database.read() as session:
        connection = await session.connection()
        kinds = (await connection.exec_driver_sql('SELECT kind FROM event ORDER BY "offset"')).scalars().all()
    assert [kind for kind in kinds if kind.startswith("session.")] == [
        "session.refused",
        "session.started",
        "session.ended",
    ]


@pytest.mark.parametrize("name", ["manager\r\nsession.started manager", "manager\x00", "\u202emanager", "a" * 80])
async def test_a_name_cannot_forge_a_line_of_the_log(api: Api, database: Database, name: str) -> None:
    with structlog.testing.capture_logs() as logs:
        told = await api.sign_in(name, "wrong")
    assert told.status in {401, 422}
    assert name not in str(logs)
    async with database.read() as session:
        connection = await session.connection()
        rows = (await connection.exec_driver_sql("SELECT kind, subject FROM event")).all()
    assert all(name not in str(row) for row in rows)
    assert "session.started" not in {row[0] for row in rows}


async def test_when_the_check_fails_the_door_stays_shut(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.sign_in("manager")

    async def broken(_token: str) -> Principal | None:
        raise RuntimeError("the check itself is broken")

    monkeypatch.setattr(api.context.authenticator, "authenticate", broken)
    told = await api.get("/api/v1/users")
    assert (told.status, told.code) == (500, "internal")
    assert "items" not in told.body
    assert "broken" not in str(told.body)


async def test_a_page_is_framed_by_nobody_and_runs_no_foreign_script(api: Api) -> None:
    await api.sign_in("manager")
    for path in ("/sign-in", "/account", "/people", "/rooms"):
        headers = (await api.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Server"] == "innkeeper"


async def test_a_path_that_no_database_takes_is_refused(api: Api) -> None:
    await api.sign_in("manager")
    for path in ("/api/v1/rooms/%00", "/api/v1/users/%00/disable"):
        told = await api.call("POST" if "users" in path else "GET", path)
        assert told.status == 400, path

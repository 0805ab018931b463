"""What every route has in common: sessions, refusals, versions, repeats, headers."""

import asyncio
import json

import pytest

from pms import departments
from pms.kernel.database import Database
from pms.kernel.events import head
from pms.kernel.http.openapi import document
from pms.kernel.http.routes import PUBLIC
from tests.pms.conftest import HOUSE
from tests.pms.serving import Api

DIRTY = {"state": "dirty"}
HOUSEKEEPING = "/api/v1/rooms/101/housekeeping"


async def test_an_unknown_path_is_a_problem(api: Api) -> None:
    answer = await api.get("/api/v1/nowhere")
    assert (answer.status, answer.code) == (404, "not_found")


async def test_a_wrong_method_says_which_are_right(api: Api) -> None:
    answer = await api.call("DELETE", "/api/v1/rooms")
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


async def test_without_a_session_nothing_is_said(api: Api) -> None:
    answer = await api.get("/api/v1/rooms")
    assert (answer.status, answer.code) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{not json", 400, "not_json"),
        (b"[" * 100_000, 400, "not_json"),
        (b"[1]", 422, "invalid"),
        (b'{"state": "spotless"}', 422, "invalid"),
        (b'{"state": "dirty", "colour": 1}', 422, "invalid"),
        (b" " * 300_000, 413, "too_large"),
    ],
)
async def test_what_cannot_be_read_or_taken(api: Api, content: bytes, status: int, code: str) -> None:
    await api.sign_in("manager")
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
    async with api.client.post(api.url + HOUSEKEEPING, data=content, headers=headers) as got:
        assert (got.status, (await got.json(content_type=None))["code"]) == (status, code)


async def test_invalid_fields_are_named(api: Api) -> None:
    await api.sign_in("manager")
    answer = await api.post(HOUSEKEEPING, {"state": "spotless", "colour": "blue"})
    assert {error["field"] for error in answer.body["errors"]} == {"state", "colour"}


async def test_another_content_type_is_refused(api: Api) -> None:
    await api.sign_in("manager")
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "text/plain"}
    async with api.client.post(api.url + HOUSEKEEPING, data=b"{}", headers=headers) as got:
        assert got.status == 415


async def test_every_answer_carries_the_protecting_headers(api: Api) -> None:
    for path in ("/healthz", "/api/v1/rooms", "/api/v1/nowhere", "/sign-in"):
        headers = (await api.get(path)).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


async def test_the_same_key_happens_once_and_is_answered_the_same(api: Api, database: Database) -> None:
    await api.sign_in("manager")
    first = await api.post(HOUSEKEEPING, DIRTY, Idempotency_Key="k1")
    async with database.read() as session:
        before = await head(session, HOUSE)
    again = await asyncio.gather(*(api.post(HOUSEKEEPING, DIRTY, Idempotency_Key="k1") for _ in range(5)))
    async with database.read() as session:
        assert await head(session, HOUSE) == before
    assert all((answer.status, answer.body) == (200, first.body) for answer in again)
    assert again[0].headers["Idempotency-Replayed"] == "true"
    other = await api.post(HOUSEKEEPING, {"state": "pickup"}, Idempotency_Key="k1")
    assert (other.status, other.code) == (409, "idempotency_key_reused")


async def test_many_with_one_new_key_at_once_happen_once(api: Api, database: Database) -> None:
    await api.sign_in("manager")
    async with database.read() as session:
        before = await head(session, HOUSE)
    answers = await asyncio.gather(*(api.post(HOUSEKEEPING, DIRTY, Idempotency_Key="k2") for _ in range(10)))
    assert {answer.status for answer in answers} == {200}
    assert len({json.dumps(answer.body) for answer in answers}) == 1
    async with database.read() as session:
        assert await head(session, HOUSE) == before + 1


async def test_a_refused_request_does_not_use_its_key_up(api: Api) -> None:
    await api.sign_in("manager")
    await api.post(HOUSEKEEPING, DIRTY)
    refused = await api.post(HOUSEKEEPING, {"state": "inspected"}, Idempotency_Key="k3")
    assert (refused.status, refused.code) == (409, "conflict")
    await api.post(HOUSEKEEPING, {"state": "clean"})
    assert (await api.post(HOUSEKEEPING, {"state": "inspected"}, Idempotency_Key="k3")).status == 200


async def test_a_version_that_was_not_seen_is_refused(api: Api) -> None:
    await api.sign_in("manager")
    seen = (await api.get("/api/v1/rooms/101")).headers["ETag"]
    assert (await api.post(HOUSEKEEPING, DIRTY, If_Match=seen)).status == 200
    answer = await api.post(HOUSEKEEPING, {"state": "clean"}, If_Match=seen)
    assert (answer.status, answer.code) == (412, "version_mismatch")
    assert (await api.post(HOUSEKEEPING, {"state": "clean"}, If_Match="broken")).code == "bad_if_match"
    now = (await api.get("/api/v1/rooms/101")).headers["ETag"]
    assert (await api.get("/api/v1/rooms/101", If_None_Match=now)).status == 304


async def test_a_cookie_writes_from_our_own_pages_only(api: Api) -> None:
    cookie = f"innkeeper={(await api.sign_in('manager')).body['token']}"
    api.token = ""

    async def write(**headers: str) -> int:
        return (await api.post(HOUSEKEEPING, DIRTY, Cookie=cookie, **headers)).status

    assert await write(Sec_Fetch_Site="same-origin") == 200
    assert await write(Sec_Fetch_Site="cross-site") == 403
    assert await write(Sec_Fetch_Site="same-site") == 403
    assert await write(Origin="http://evil.example") == 403
    assert await write(Origin=api.url) == 200
    assert await write() == 200  # not a browser


async def test_the_document_describes_every_route(api: Api) -> None:
    described = (await api.get("/api/openapi.json")).body
    assert described["openapi"].startswith("3.")
    declared = {
        (route.path, route.method.lower())
        for routes in departments.ROUTES
        for route in routes
        if route.path.startswith("/api/") or route.path == "/healthz"
    }
    assert {(path, method) for path, methods in described["paths"].items() for method in methods} == declared
    names = [operation["operationId"] for methods in described["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))
    text = json.dumps(described)
    references = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert references <= set(described["components"]["schemas"])


def test_the_document_says_who_may() -> None:
    described = document([route for routes in departments.ROUTES for route in routes], "0")
    for methods in described["paths"].values():
        for operation in methods.values():
            assert ("security" in operation) == (operation["x-permission"] != PUBLIC)

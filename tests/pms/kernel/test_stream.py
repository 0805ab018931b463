"""The feed as a stream: live, resumed, by role, ended with the session."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import orjson
import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer
from argon2 import PasswordHasher

from pms import departments
from pms.access.passwords import Passwords
from pms.kernel.database import Database
from pms.kernel.events import EventKind
from pms.kernel.http import stream
from pms.kernel.redaction import Redaction, redact
from pms.kernel.work import Actor
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.serving import Api

FOR_ALL = EventKind("test.for_all", "rooms.read")
FOR_DESK = EventKind("test.for_desk", "stays.read")
WAIT_S = 5


class Reader:
    """Reads one stream."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.last_id = ""

    async def next(self) -> dict[str, Any]:
        """The next event; moves of the id alone are taken in passing."""
        while True:
            line = await asyncio.wait_for(self.response.content.readline(), WAIT_S)
            if not line:
                raise EOFError
            if line.startswith(b"id: "):
                self.last_id = line[4:].strip().decode()
            if line.startswith(b"data: "):
                event: dict[str, Any] = orjson.loads(line[6:])
                return event

    async def to_the_end(self) -> None:
        """Read on; EOFError when the server ends the stream."""
        while True:
            await self.next()


@asynccontextmanager
async def reading(api: Api, **headers: str) -> AsyncIterator[Reader]:
    sent = {"Authorization": f"Bearer {api.token}"} | {name.replace("_", "-"): text for name, text in headers.items()}
    async with api.client.get(api.url + "/api/v1/events", headers=sent) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        await asyncio.wait_for(response.content.readline(), WAIT_S)
        yield Reader(response)


async def happen(database: Database, kind: EventKind, subject: str) -> None:
    async with database.work(Actor.system(HOUSE, "test"), TestClock()()) as work:
        work.record(kind, subject, {"room": subject})


async def test_what_is_committed_arrives_and_a_reader_resumes_where_it_was(api: Api, database: Database) -> None:
    await api.sign_in("manager")
    async with reading(api) as reader:
        for number in range(5):
            await happen(database, FOR_ALL, str(number))
        assert [(await reader.next())["subject"] for _ in range(3)] == ["0", "1", "2"]
        offset = reader.last_id
    async with reading(api, Last_Event_ID=offset) as reader:
        await happen(database, FOR_ALL, "5")
        assert [(await reader.next())["subject"] for _ in range(3)] == ["3", "4", "5"]


async def test_a_role_sees_only_what_it_may_and_still_moves_on(api: Api, database: Database) -> None:
    await api.sign_in("housekeeping")
    async with reading(api) as reader:
        await happen(database, FOR_ALL, "1")
        await happen(database, FOR_DESK, "2")
        await happen(database, FOR_ALL, "3")
        first, second = await reader.next(), await reader.next()
    assert [first["subject"], second["subject"]] == ["1", "3"]
    assert second["offset"] == first["offset"] + 2


async def test_events_name_nobody(api: Api, database: Database) -> None:
    await api.sign_in("manager")
    async with reading(api, Last_Event_ID="0") as reader:
        first = await reader.next()
    assert set(first) == {"offset", "kind", "subject", "actor", "at", "payload", "redacted"}
    assert first["offset"] == 1


async def test_a_broken_place_is_refused(api: Api) -> None:
    await api.sign_in("manager")
    answer = await api.get("/api/v1/events", Last_Event_ID="yesterday")
    assert (answer.status, answer.code) == (400, "bad_last_event_id")


async def test_a_disabled_person_loses_the_stream(
    api: Api, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "CHECK_S", 0.0)
    await api.sign_in("housekeeping")
    housekeeper = (await api.get("/api/v1/session")).body["user"]
    async with reading(api) as reader:
        await api.sign_in("manager")
        assert (await api.post(f"/api/v1/users/{housekeeper}/disable")).status == 200
        with pytest.raises(EOFError):
            await reader.to_the_end()


async def test_a_redacted_event_is_read_as_one(api: Api, database: Database) -> None:
    await happen(database, FOR_ALL, "101")
    now = TestClock()() + timedelta(days=9)
    redaction = Redaction("test", (FOR_ALL.name,), frozenset({"subject"}))
    await database.run(Actor.system(HOUSE, "test"), now, lambda work: redact(redaction, work, now, 9))
    await api.sign_in("manager")
    async with reading(api, Last_Event_ID="0") as reader:
        event = await reader.next()
        while event["kind"] != FOR_ALL.name:
            event = await reader.next()
        assert (event["redacted"], event["payload"], event["subject"]) == (True, {}, "")
        assert (await reader.next())["redacted"] is False


async def test_a_lost_session_loses_the_stream_before_the_next_look(api: Api) -> None:
    await api.sign_in("manager")
    manager = api.token
    await api.sign_in("housekeeping")
    housekeeper = (await api.get("/api/v1/session")).body["user"]
    async with reading(api) as reader:
        api.token = manager
        assert (await api.post(f"/api/v1/users/{housekeeper}/second-factor/reset")).status == 200
        await api.post(f"/api/v1/users/{housekeeper}/password", {"password": "another good one"})
        with pytest.raises(EOFError):
            await asyncio.wait_for(reader.to_the_end(), stream.CHECK_S - 1)


async def test_a_reader_who_leaves_before_the_first_word_is_no_failure(api: Api) -> None:
    await api.sign_in("manager")
    app = departments.application(api.context, api.sessions, Passwords(PasswordHasher()))
    left = []

    async def leave(request: web.Request, response: web.StreamResponse) -> None:
        if response.content_type == "text/event-stream" and request.transport is not None:
            request.transport.abort()
            left.append(request.path)

    app.on_response_prepare.append(leave)
    headers = {"Authorization": f"Bearer {api.token}"}
    with structlog.testing.capture_logs() as logs:
        async with TestServer(app, host="127.0.0.1") as server:
            with pytest.raises(aiohttp.ClientConnectionError):
                await api.client.get(server.make_url("/api/v1/events"), headers=headers)
    assert set(left) == {"/api/v1/events"}, "a client may ask twice"
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == []

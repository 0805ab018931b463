"""The PMS as a whole: how it starts, what it says of itself, how it stops."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from pms.app import Pms, PmsConfig
from pms.hotelfile import HotelFileError
from pms.kernel.errors import DatabaseDamaged
from pms.link.link import Link
from pms.link.messages import Message, RoomBody, SystemBody
from pms.link.transport import LinkSettings
from tests.link.stores import MemoryInbox, MemoryOutbox
from tests.pms.test_hotelfile import GOOD
from tests.servers import RealBroker
from tests.waiting import until

NO_BROKER = LinkSettings("127.0.0.1", 1)


def now() -> datetime:
    return datetime.now(UTC)


def config(tmp_path: Path, **more: Any) -> PmsConfig:
    (tmp_path / "hotel.toml").write_text(GOOD, "utf-8")
    given = {"link": NO_BROKER, "http_port": 0, **more}
    return PmsConfig(data=tmp_path / "data", hotel_file=tmp_path / "hotel.toml", **given)


@asynccontextmanager
async def running(settings: PmsConfig) -> AsyncIterator[tuple[Pms, aiohttp.ClientSession]]:
    jar = aiohttp.CookieJar(unsafe=True)
    async with Pms(settings, now) as pms, aiohttp.ClientSession(pms.url, cookie_jar=jar) as client:
        yield pms, client


async def healthz(client: aiohttp.ClientSession) -> tuple[int, list[str]]:
    async with client.get("/healthz") as got:
        return got.status, (await got.text()).splitlines()


async def sign_in(client: aiohttp.ClientSession, username: str, password: str) -> int:
    async with client.post("/api/v1/session", json={"username": username, "password": password}) as got:
        return got.status


async def test_without_a_broker_it_runs_and_says_that_it_is_not_ready(tmp_path: Path) -> None:
    async with running(config(tmp_path)) as (pms, client):
        status, lines = await healthz(client)
        assert status == 503
        assert lines[0] in {"starting", "down"}
        assert {line.split()[0] for line in lines[1:]} >= {"database", "link", "edge"}
        assert pms.health()["ready"] is False
        async with client.get("/api/openapi.json") as got:
            assert got.status == 200


async def test_a_fresh_house_has_a_link_for_its_first_manager_and_none_afterwards(tmp_path: Path) -> None:
    async with running(config(tmp_path)) as (pms, client):
        assert pms.first_manager_link is not None
        assert pms.first_manager_link.startswith(f"{pms.url}/first-manager?token=")
        async with client.get(pms.first_manager_link) as got:
            assert got.status == 200
        body = {
            "token": pms.first_manager_link.split("token=")[1],
            "username": "chief",
            "password": "correct horse",
        }
        async with client.post("/api/v1/first-manager", json=body) as got:
            assert got.status == 200
    async with running(config(tmp_path)) as (pms, client):
        assert pms.first_manager_link is None
        assert await sign_in(client, "chief", "correct horse") == 200


async def test_a_demonstration_has_its_four_people(tmp_path: Path) -> None:
    async with running(config(tmp_path, demo=True)) as (pms, client):
        assert pms.first_manager_link is None
        for role in ("manager", "frontdesk", "housekeeping", "maintenance"):
            assert await sign_in(client, role, "demo") == 200


async def test_it_stops_with_a_stream_open(tmp_path: Path) -> None:
    async with Pms(config(tmp_path, demo=True), now) as pms:
        client = aiohttp.ClientSession(pms.url, cookie_jar=aiohttp.CookieJar(unsafe=True))
        await sign_in(client, "manager", "demo")
        stream = await client.get("/api/v1/events")
        await stream.content.readline()
    assert await asyncio.wait_for(stream.content.read(), 5) is not None
    stream.close()
    await client.close()


async def test_what_is_mounted_is_served_with_our_protection(tmp_path: Path) -> None:
    panel = web.Application()

    async def press(_request: web.Request) -> web.Response:
        return web.Response(text="pressed")

    panel.router.add_post("/press", press)
    async with running(config(tmp_path, mounts=(("/demo", panel),))) as (_, client):
        async with client.post("/demo/press") as got:
            assert (got.status, await got.text()) == (200, "pressed")
            assert "Content-Security-Policy" in got.headers
        async with client.post("/demo/press", headers={"Sec-Fetch-Site": "cross-site"}) as got:
            assert got.status == 403


async def test_damaged_books_stop_the_start(tmp_path: Path) -> None:
    settings = config(tmp_path)
    settings.data.mkdir()
    (settings.data / "pms.db").write_bytes(b"these are no books")
    with pytest.raises(DatabaseDamaged, match="restore"):
        await Pms(settings, now).__aenter__()


async def test_wrong_configuration_stops_the_start(tmp_path: Path) -> None:
    settings = config(tmp_path)
    settings.hotel_file.write_text("[property]\n", "utf-8")
    with pytest.raises(HotelFileError):
        await Pms(settings, now).__aenter__()


def say(outbox: MemoryOutbox, kind: str, body: Message) -> None:
    outbox.add(kind, **body.model_dump(mode="json"))


@pytest.mark.real("mosquitto")
async def test_it_is_ready_with_the_rooms_and_degraded_by_a_line(tmp_path: Path, mosquitto: RealBroker) -> None:
    settings = LinkSettings("127.0.0.1", mosquitto.port)
    outbox = MemoryOutbox("edge-1")
    edge = Link("up", "example", settings, (outbox, MemoryInbox()), now)
    task = asyncio.create_task(edge.run())
    async with running(config(tmp_path, link=settings, demo=True)) as (_, client):
        say(outbox, "system", SystemBody(at=now(), ready=True))
        edge.wake()
        await until(_reaches(client, 200, "ok"))
        down = {"part": "line:field", "state": "down", "detail": "", "since": now(), "code": "timeout"}
        say(outbox, "system", SystemBody(at=now(), ready=True, parts=[down]))
        door = {"value": "open", "heard": now()}
        say(outbox, "room", RoomBody.model_validate({"room": "101", "version": 1, "at": now(), "door": door}))
        edge.wake()
        await until(_reaches(client, 200, "degraded"))
        await sign_in(client, "frontdesk", "demo")
        async with client.get("/api/v1/rooms/101") as got:
            assert (await got.json())["door"]["state"] == "open"
        mosquitto.kill()
        await until(_reaches(client, 503, "down"), timeout=20)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _reaches(client: aiohttp.ClientSession, status: int, state: str) -> Callable[[], bool | Awaitable[bool]]:
    async def reached() -> bool:
        got, lines = await healthz(client)
        return (got, lines[0]) == (status, state)

    return reached

"""The pages over plain HTTP: who gets what, where the door leads, what an error looks like."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import ClientSession, CookieJar
from yarl import URL

from pms.access.users import invite
from pms.kernel.work import Actor
from tests.web.house import HOUSE, PASSWORD, House

PATHS = {
    "/rooms": {"manager", "frontdesk", "housekeeping", "maintenance"},
    "/rooms/101": {"manager", "frontdesk", "housekeeping", "maintenance"},
    "/rooms/101/detail": {"manager", "frontdesk", "housekeeping", "maintenance"},
    "/housekeeping": {"manager", "frontdesk", "housekeeping"},
    "/housekeeping/list": {"manager", "frontdesk", "housekeeping"},
    "/maintenance": {"manager", "frontdesk", "maintenance"},
    "/maintenance/list": {"manager", "frontdesk", "maintenance"},
    "/system": {"manager", "frontdesk", "maintenance"},
    "/about": {"manager", "frontdesk", "housekeeping", "maintenance"},
    "/what-this-is-not": {"manager", "frontdesk", "housekeeping", "maintenance"},
    "/account": {"manager", "frontdesk", "housekeeping", "maintenance"},
    "/people": {"manager"},
}


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    """A browser without scripts."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True), headers={"Accept": "text/html"}) as session:
        yield session


async def _enter(client: ClientSession, house: House, name: str, target: str = "/") -> aiohttp.ClientResponse:
    form = {"username": name, "password": PASSWORD, "next": target}
    return await client.post(f"{house.url}/sign-in", data=form, allow_redirects=False)


@pytest.mark.parametrize("role", ["manager", "frontdesk", "housekeeping", "maintenance"])
async def test_each_role_sees_its_pages_and_no_other(house: House, client: ClientSession, role: str) -> None:
    await _enter(client, house, role)
    for path, roles in PATHS.items():
        async with client.get(house.url + path) as response:
            assert response.status == (200 if role in roles else 403), path
            assert "text/html" in response.headers["Content-Type"]


async def test_a_stranger_is_led_to_the_door_and_back(house: House, client: ClientSession) -> None:
    async with client.get(f"{house.url}/rooms?floor=2", allow_redirects=False) as response:
        door = URL(response.headers["Location"])
        assert (response.status, door.path, door.query["next"]) == (303, "/sign-in", "/rooms?floor=2")
    entered = await _enter(client, house, "manager", "/rooms?floor=2")
    assert entered.headers["Location"] == "/rooms?floor=2"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
async def test_the_door_leads_nowhere_else(house: House, client: ClientSession, target: str) -> None:
    entered = await _enter(client, house, "manager", target)
    assert entered.headers["Location"] == "/"


async def test_each_role_begins_where_its_work_is(house: House, client: ClientSession) -> None:
    homes = {"frontdesk": "/rooms", "housekeeping": "/housekeeping", "maintenance": "/maintenance"}
    for name, home in homes.items():
        client.cookie_jar.clear()
        await _enter(client, house, name)
        async with client.get(f"{house.url}/", allow_redirects=False) as response:
            assert response.headers["Location"] == home


async def test_guests_names_are_for_those_who_may_read_them(house: House, client: ClientSession) -> None:
    for role, sees in (("frontdesk", True), ("housekeeping", False), ("maintenance", False)):
        client.cookie_jar.clear()
        await _enter(client, house, role)
        async with client.get(f"{house.url}/rooms/102") as response:
            assert ("Ada Brandt" in await response.text()) is sees, role


async def test_names_are_escaped(house: House, client: ClientSession) -> None:
    await _enter(client, house, "frontdesk")
    body = {"room": "101", "departure": "2027-01-01", "guest": {"name": "<script>alert('x')</script>"}}
    async with client.post(f"{house.url}/api/v1/stays", json=body, headers={"Accept": "application/json"}) as response:
        assert response.status in {201, 422}
    async with client.get(f"{house.url}/rooms/101") as response:
        assert "<script>alert" not in await response.text()


async def test_an_unknown_room_is_a_page_that_says_so(house: House, client: ClientSession) -> None:
    await _enter(client, house, "manager")
    async with client.get(f"{house.url}/rooms/999") as response:
        text = await response.text()
        assert response.status == 404
        assert "This page does not exist" in text


async def test_static_files_are_ours_alone(house: House, client: ClientSession) -> None:
    async with client.get(f"{house.url}/static/app.css") as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-cache"
        tag = response.headers["ETag"]
    async with client.get(f"{house.url}/static/app.css", headers={"If-None-Match": tag}) as response:
        assert response.status == 304
    async with client.get(f"{house.url}/static/%2e%2e/door.py") as response:
        assert response.status == 404


async def test_some_tiles_are_drawn_alone(house: House, client: ClientSession) -> None:
    await _enter(client, house, "frontdesk")
    async with client.get(f"{house.url}/rooms/tiles?rooms=101,203") as response:
        text = await response.text()
    assert text.count('class="tile"') == 2
    assert 'id="tile-203"' in text


async def test_empty_places_say_what_they_are_for(house: House, client: ClientSession) -> None:
    await _enter(client, house, "manager")
    for path, words in (
        ("/maintenance?state=resolved", "All quiet"),
        ("/housekeeping?whose=mine", "You have no open task"),
        ("/rooms/208", "there is no evidence yet"),
    ):
        async with client.get(house.url + path) as response:
            assert words.lower() in (await response.text()).lower(), path


async def test_the_first_managers_link_works_once(house: House, client: ClientSession) -> None:
    token = await house.database.run(
        Actor.system(HOUSE, "start"), house.now(), lambda work: invite(work, "manager", house.now(), made_by="ada")
    )
    form = {"username": "ada", "password": "short", "token": token}
    async with client.post(f"{house.url}/first-manager", data=form) as response:
        assert response.status == 422
        assert "at least 8 characters" in await response.text()
    form["password"] = "a long sentence"
    async with client.post(f"{house.url}/first-manager", data=form, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/")
    form["username"] = "eve"
    async with client.post(f"{house.url}/first-manager", data=form) as response:
        assert "used already" in await response.text()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"username=\xff\xfe&password=x", "application/x-www-form-urlencoded"),
        (b"username=%ff&password=%00", "application/x-www-form-urlencoded"),
        (b"username=a", "application/x-www-form-urlencoded; charset=nonsense"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"--x\r\nbroken", "multipart/form-data"),
    ],
)
async def test_a_form_that_nobody_can_read_is_refused(
    house: House, client: ClientSession, content: bytes, kind: str
) -> None:
    async with client.post(f"{house.url}/sign-in", data=content, headers={"Content-Type": kind}) as response:
        assert response.status in {400, 401}

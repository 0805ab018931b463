"""The demo's panel over HTTP."""

from collections.abc import AsyncIterator, Awaitable, Callable
from html.parser import HTMLParser

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from simulators.forward import FIRST, FastForward
from simulators.hotel import SimulatedHotel
from simulators.panel import panel
from simulators.panel_server import panel_served
from simulators.panel_texts import TEXTS
from tests.simulators.cards import PROPERTY, content, key_card, store_key
from tests.simulators.conftest import Maker, opened
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")

ROWS = (
    ("101_door", "field", "zigbee2mqtt/contact", "zigbee2mqtt/101_door", "101"),
    ("101_leak", "field", "zigbee2mqtt/leak", "zigbee2mqtt/101_leak", "101"),
    ("101_thermostat", "floor-1", "smarttemp_smt131", 1, "101"),
    ("101_lock", "field", "zigbee2mqtt/lock", "zigbee2mqtt/101_lock", "101"),
    ("desk-1", "desk-1", "pn532", "", ""),
)
Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def hotel(maker: Maker) -> AsyncIterator[SimulatedHotel]:
    store_key(maker.folder)
    async with opened(maker.hotel(*ROWS, speed=60, property_id=PROPERTY)) as open_hotel:
        yield open_hotel


@pytest.fixture
async def client(hotel: SimulatedHotel) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_subapp("/demo/", panel(hotel, FastForward(hotel.clock, hotel.timers)))
    async with TestClient(TestServer(app, host="127.0.0.1")) as made:
        yield made


async def press(client: Client, path: str, body: object | None = None, **headers: str) -> int:
    """Push a button; the status."""
    async with client.post(f"/demo/api/{path}", json={} if body is None else body, headers=headers) as answer:
        return answer.status


async def test_a_guest_comes_and_goes(client: Client, hotel: SimulatedHotel) -> None:
    assert await press(client, "rooms/101/guest-in", {"value": None}) == 200
    await until(lambda: hotel.rooms["101"].truth.occupied and not hotel.rooms["101"].door_open)
    assert await press(client, "rooms/101/guest-out", {"value": None}) == 200
    await until(lambda: not hotel.rooms["101"].truth.occupied)


async def test_things_happen_in_a_room(client: Client, hotel: SimulatedHotel) -> None:
    for action, value, point, expected in (
        ("door", True, "door", "open"),
        ("door", False, "door", "closed"),
        ("leak", True, "leak", True),
        ("request", "dnd", "request", "dnd"),
    ):
        assert await press(client, f"rooms/101/{action}", {"value": value}) == 200
        assert hotel.rooms["101"].value(point) == expected


async def test_a_device_dies_and_its_battery_runs_down(client: Client, hotel: SimulatedHotel) -> None:
    assert await press(client, "devices/101_door/battery", {"value": 3}) == 200
    assert await press(client, "devices/101_door/alive", {"value": False}) == 200
    state = await (await client.get("/demo/api/state")).json()
    assert state["rooms"][0]["devices"][0] | {"label": ""} == {
        "id": "101_door",
        "label": "",
        "alive": False,
        "stuck": False,
        "battery": 3,
    }
    assert await press(client, "devices/101_door/alive", {"value": True}) == 200
    assert hotel.devices["101_door"].state.alive


async def test_a_line_is_cut_and_restored(client: Client, hotel: SimulatedHotel) -> None:
    assert await press(client, "lines/floor-1/cut") == 200
    assert not hotel.lines["floor-1"].up
    assert await press(client, "lines/floor-1/restore") == 200
    assert hotel.lines["floor-1"].up


async def test_a_hand_moves_cards(client: Client, hotel: SimulatedHotel) -> None:
    encoder = hotel.encoders["desk-1"]

    def kind_of_card() -> str | None:
        return encoder.card.kind if encoder.card else None

    assert kind_of_card() == "ntag213", "a blank card lies ready"
    for kind in ("mifare_classic", "foreign", "ultralight"):
        assert await press(client, "encoders/desk-1/place", {"value": kind}) == 200
    assert kind_of_card() == "ultralight"
    for _ in range(2):
        assert await press(client, "encoders/desk-1/take") == 200
    assert kind_of_card() is None
    for trouble, silent in (("silent", True), ("well", False)):
        assert await press(client, "encoders/desk-1/fault", {"value": trouble}) == 200
        assert encoder.faults.silent is silent


async def test_a_card_that_is_carried_opens_and_comes_back_to_the_desk(client: Client, hotel: SimulatedHotel) -> None:
    hotel.cards.keep(card := key_card(content(now=hotel.clock.now())))
    state = await (await client.get("/demo/api/state")).json()
    shown = {"uid": card.uid.hex(), "kind": "ntag213", "room": "101", "credential": 17}
    assert state["cards"] == [shown]
    async with client.post("/demo/api/rooms/101/locks/card", json={"value": card.uid.hex()}) as answer:
        assert await answer.json() == {**shown, "opens": True}
    assert await press(client, "encoders/desk-1/bring", {"value": card.uid.hex()}) == 200
    state = await (await client.get("/demo/api/state")).json()
    assert (state["cards"], state["encoders"][0]["card"]) == ([], shown)


async def test_a_panel_of_its_own(hotel: SimulatedHotel) -> None:
    async with panel_served(hotel, 0) as address, ClientSession() as session:
        for path in ("", "static/cards.js", "../static/app.css"):
            assert (await session.get(address + path)).status == 200


async def test_hours_pass(client: Client, hotel: SimulatedHotel) -> None:
    assert await press(client, "clock", {"speed": 20}) == 200
    assert await press(client, "forward", {"hours": 0.1}) == 200
    state = await (await client.get("/demo/api/state")).json()
    assert state["forward"]["active"] is True
    assert state["speed"] >= FIRST
    await until(lambda: hotel.clock.speed == 20)
    assert await press(client, "forward", {"hours": 24}) == 200
    assert await press(client, "forward/stop") == 200
    assert hotel.clock.speed == 20


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("rooms/999/door", {"value": True}, 404),
        ("rooms/101/nonsense", {}, 404),
        ("rooms/101/door", {"value": "yes"}, 400),
        ("rooms/101/request", {"value": "party"}, 400),
        ("devices/101_door/battery", {"value": 400}, 400),
        ("devices/nobody/alive", {"value": True}, 404),
        ("lines/nowhere/cut", {}, 404),
        ("encoders/nowhere/take", {}, 404),
        ("encoders/desk-1/eat", {}, 404),
        ("encoders/desk-1/place", {"value": "a library card"}, 400),
        ("encoders/desk-1/bring", {"value": "not hex"}, 400),
        ("encoders/desk-1/bring", {"value": "04112233445566"}, 400),
        ("encoders/desk-1/fault", {"value": "hungry"}, 400),
        ("rooms/101/locks/card", {"value": "04112233445566"}, 400),
        ("rooms/999/locks/card", {"value": ""}, 404),
        ("clock", {"speed": 100_000}, 400),
        ("forward", {"hours": "many"}, 400),
        ("forward", [1], 400),
    ],
)
async def test_wrong_input_is_refused(client: Client, path: str, body: object, status: int) -> None:
    assert await press(client, path, body) == status


async def test_another_sites_page_cannot_push_a_button(client: Client, hotel: SimulatedHotel) -> None:
    body = {"value": True}
    assert await press(client, "rooms/101/door", body, Origin="https://elsewhere.example") == 403
    assert await press(client, "rooms/101/door", body, **{"Sec-Fetch-Site": "cross-site"}) == 403
    async with client.post("/demo/api/rooms/101/door", data={"value": "true"}) as form:
        assert form.status == 403
    assert await press(client, "rooms/101/door", body, Host="elsewhere.example") == 403
    assert not hotel.rooms["101"].door_open


async def test_who_may_is_asked(hotel: SimulatedHotel) -> None:
    async def nobody(_request: web.Request) -> bool:
        return False

    async with TestClient(
        TestServer(panel(hotel, FastForward(hotel.clock, hotel.timers), authorise=nobody), host="127.0.0.1")
    ) as client:
        assert (await client.get("/")).status == 403


class Scripts(HTMLParser):
    """What a strict content security policy would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.language: str | None = None
        self.offences: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.language = names.get("lang") if tag == "html" else self.language
        if tag == "style" or (tag == "script" and "src" not in names) or "style" in names:
            self.offences.append(tag)
        self.offences += [name for name in names if name.startswith("on")]


@pytest.mark.parametrize(("language", "title"), [("en", TEXTS["title"][0]), ("zh-CN", TEXTS["title"][1])])
async def test_the_page_in_both_languages(client: Client, language: str, title: str) -> None:
    answer = await client.get(f"/demo/?lang={language}")
    html = await answer.text()
    parser = Scripts()
    parser.feed(html)
    assert (answer.status, parser.language, parser.offences) == (200, language, [])
    assert title in html
    assert "script" not in answer.headers["Content-Security-Policy"] or "unsafe" not in html
    again = await (await client.get("/demo/")).text()
    assert title in again
    assert (await client.get("/demo/static/panel.js")).status == 200


def test_every_word_is_in_both_languages() -> None:
    assert [key for key, words in TEXTS.items() if not all(words) or len(words) != 2] == []


async def test_what_is_wrong_is_said_in_words_also_inside_another_server(hotel: SimulatedHotel) -> None:
    @web.middleware
    async def plain(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            return web.Response(status=error.status, text=error.reason)

    app = web.Application(middlewares=[plain])
    app.add_subapp("/demo/", panel(hotel, FastForward(hotel.clock, hotel.timers)))
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        async with client.post("/demo/api/encoders/desk-1/fault", json={"value": "sad"}) as answer:
            assert (answer.status, await answer.text()) == (400, "silent, garbled or well")
        async with client.post("/demo/api/rooms/999/door", json={"value": True}) as answer:
            assert (answer.status, await answer.text()) == (404, "no such room or action")

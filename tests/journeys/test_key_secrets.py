"""Nothing secret leaves its place: every database, log, message, answer, page and backup is searched for key bytes."""

import asyncio
import base64
import contextlib
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import aiomqtt
import pytest

from devices.encoders.payload import CardKeys
from simulators.encoder.card import Card
from simulators.encoder.classic import ClassicCard
from simulators.encoder.content import stored_on
from simulators.encoder.deck import Deck
from tests.journeys.desk import Desk, front_desk
from tests.journeys.house import PASSWORD
from tests.waiting import until

pytestmark = [pytest.mark.real("mosquitto"), pytest.mark.timeout(180)]

SECRETS = "secrets"


def forms(secret: bytes) -> set[bytes]:
    """How these bytes may be written: raw, hex, base64, as a list of numbers or a Python literal."""
    said = {secret, secret.hex().encode(), secret.hex().upper().encode(), secret.hex(" ").encode()}
    said |= {base64.b64encode(secret).rstrip(b"="), base64.urlsafe_b64encode(secret).rstrip(b"=")}
    said |= {", ".join(map(str, secret)).encode(), ",".join(map(str, secret)).encode(), repr(secret)[2:-1].encode()}
    return said


def needles(keys: CardKeys, cards: list[Card]) -> dict[str, set[bytes]]:
    """All that nobody may find, by what it is."""
    found = {"master key": forms(keys.master)}
    for card in cards:
        content = stored_on(card) or b""
        found[f"own key of {card.uid.hex()}"] = forms(keys.of_card(card.uid))
        found[f"MAC of {card.uid.hex()}"] = forms(content[40:48]) if any(content[40:48]) else set()
        found[f"UID {card.uid.hex()}"] = forms(card.uid)
    return found


def hits(where: str, content: bytes, wanted: dict[str, set[bytes]]) -> list[str]:
    """What of the wanted is in there."""
    return [f"{name} in {where}" for name, said in wanted.items() if any(form in content for form in said)]


def members(archive: Path) -> list[tuple[str, bytes]]:
    """An archive's members, unpacked."""
    with tarfile.open(archive) as tar:
        read = [(member.name, tar.extractfile(member)) for member in tar.getmembers()]
        return [(f"{archive.name}:{name}", file.read()) for name, file in read if file is not None]


@contextlib.asynccontextmanager
async def overheard(desk: Desk) -> AsyncIterator[list[tuple[str, bytes]]]:
    """Every message on the broker, as the service itself could hear it."""
    heard: list[tuple[str, bytes]] = []
    password = (desk.place.data / SECRETS / "broker_innkeeper").read_text()
    async with aiomqtt.Client("127.0.0.1", desk.place.mqtt, username="innkeeper", password=password) as client:
        await client.subscribe("#", qos=1)

        async def listen() -> None:
            async for message in client.messages:
                heard.append((str(message.topic), bytes(message.payload or b"")))  # noqa: PERF401 - read while it grows

        task = asyncio.create_task(listen())
        try:
            yield heard
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def everything_that_happens_to_cards(desk: Desk) -> list[Card]:
    """Made, refused, broken off, garbled, foreign, read, erased, shown to doors."""
    stay, encoder = await desk.check_in("101", "Ada Brandt"), desk.encoder()
    good, second = await desk.card(stay), await desk.card(stay, "duplicate", "desk-2")
    assert desk.opens("101", good)
    desk.opens("102", good)
    deck = Deck(9)
    cards = [good, second, deck.blank(ClassicCard.kind), deck.foreign(), deck.blank()]
    for card in cards[2:4]:
        encoder.place(card)
        assert (await desk.becomes(await desk.ask(stay, "duplicate")))["state"] == "failed"
        encoder.take()
    encoder.place(cards[4])
    encoder.field.after_writes(4, lambda: setattr(encoder.faults, "garbled", True))
    await desk.becomes(await desk.ask(stay, "duplicate"), timeout=60)
    encoder.faults.garbled = False
    encoder.take()
    await desk.ready()
    for task in ("read", "erase"):
        desk.encoder("desk-2").place(second)
        job = await desk.place.api("POST", f"encoders/desk-2/{task}")
        await until_ended(desk, job["id"])
        desk.encoder("desk-2").take()
    await desk.place.api("POST", f"stays/{stay}/check-out")
    return cards


async def until_ended(desk: Desk, job: str) -> None:
    async def ended() -> bool:
        return bool((await desk.place.api("GET", f"encoders/jobs/{job}"))["ended_at"])

    await until(ended, 30)


def filled(path: str) -> str:
    """A path of the API's description, for a room and an encoder of the story."""
    return path.replace("{number}", "101").replace("{id}", "desk-1")


def files_of(folder: Path, but: Path) -> list[Path]:
    """Every file below, but one."""
    return [path for path in folder.rglob("*") if path.is_file() and path != but]


async def answers(desk: Desk) -> list[tuple[str, bytes]]:
    """Every GET of the API and every page, asked by the manager."""
    place, found = desk.place, []
    url = f"http://127.0.0.1:{place.http}"
    paths = await place.api("GET", "../openapi.json")
    read = [filled(path) for path, methods in paths["paths"].items() if "get" in methods and "events" not in path]
    read += ["/rooms/101", "/keys", "/system", "/maintenance", "/housekeeping", "/about"]
    read += [f"/api/v1/keys/{key['id']}" for key in await desk.ledger()]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        form = {"username": "boss", "password": PASSWORD, "next": "/"}
        await (await session.post(f"{url}/sign-in", data=form, headers={"Origin": url})).read()
        for path in read:
            async with session.get(url + path) as response:
                found.append((path, await response.read()))
    return found


async def test_no_key_is_found_anywhere_but_in_its_own_file(tmp_path: Path) -> None:
    async with front_desk(tmp_path) as desk:
        place = desk.place
        async with overheard(desk) as heard:
            cards = await everything_that_happens_to_cards(desk)
            shown = await answers(desk)
        code, _, errors = await place.call("backup", str(tmp_path / "saved"))
        assert code == 0, errors
        code, _, errors = await place.call("support-bundle", str(tmp_path / "saved"))
        assert code == 0, errors
        key_file = place.data / SECRETS / "card_key"
        keys = CardKeys("example", bytes.fromhex(key_file.read_text().strip()))
        wanted = needles(keys, cards)
        files = files_of(tmp_path, key_file)
        archives = [part for path in files if tarfile.is_tarfile(path) for part in members(path)]
        searched = [(str(path), path.read_bytes()) for path in files] + archives + shown + heard
        assert len(heard) > 50
        assert len(archives) > 4
        assert {path.suffix for path in files} >= {".db", ".log", ".tar"}
        assert hits("its own file", key_file.read_bytes(), wanted) == ["master key in its own file"]
        assert [hit for where, content in searched for hit in hits(where, content, wanted)] == []

"""Make the pictures under docs/images/ from a running demonstration: phone and desktop, both languages.

    python docs/screenshots.py                              starts a demonstration of its own
    python docs/screenshots.py --url http://127.0.0.1:8080  takes one that runs already

Needs Chromium and fonts with Chinese characters (Debian: chromium fonts-noto-cjk).
"""

import argparse
import asyncio
import contextlib
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import aiohttp
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

IMAGES = Path(__file__).parent / "images"
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
PASSWORD = "demo"  # noqa: S105 - the demonstration announces it itself
LOOKS, LOOK_S = 120, 2.0
"""How often, and how many seconds apart, it is asked whether there is something to see."""

Scheme = Literal["light", "dark"]


@dataclass(frozen=True)
class Picture:
    """One picture: what of whom is shown, on what. `press` is clicked first, one after the other."""

    name: str
    path: str
    person: str
    size: ViewportSize
    language: str = "en"
    scheme: Scheme = "light"
    press: tuple[str, ...] = ()


PICTURES = (
    Picture("rooms-desktop-en", "/rooms", "frontdesk", DESKTOP),
    Picture("rooms-desktop-zh-CN", "/rooms", "frontdesk", DESKTOP, "zh-CN", "dark"),
    Picture("rooms-phone-en", "/rooms", "frontdesk", PHONE),
    Picture("room-desktop-en", "/rooms", "manager", DESKTOP, press=('.tile[data-in="occupied"]',)),
    Picture("room-phone-zh-CN", "/rooms", "manager", PHONE, "zh-CN", press=('.tile[data-in="occupied"]',)),
    Picture(
        "check-in-desktop-en", "/rooms", "frontdesk", DESKTOP, press=('.tile[data-tone="ready"]', "#open-check-in")
    ),
    Picture("key-desktop-en", "/rooms", "frontdesk", DESKTOP, press=('.tile[data-in="occupied"]', "#open-key")),
    Picture("key-phone-zh-CN", "/rooms", "frontdesk", PHONE, "zh-CN", press=('.tile[data-in="occupied"]', "#open-key")),
    Picture("move-desktop-en", "/rooms", "frontdesk", DESKTOP, press=('.tile[data-in="occupied"]', "#open-move")),
    Picture("keys-desktop-en", "/keys", "frontdesk", DESKTOP),
    Picture("account-phone-en", "/account", "frontdesk", PHONE),
    Picture("people-desktop-en", "/people", "manager", DESKTOP),
    Picture("about-desktop-en", "/about", "manager", DESKTOP),
    Picture("limits-phone-zh-CN", "/what-this-is-not", "frontdesk", PHONE, "zh-CN"),
    Picture("housekeeping-phone-en", "/housekeeping?whose=all", "housekeeping", PHONE),
    Picture("housekeeping-phone-zh-CN", "/housekeeping?whose=all", "housekeeping", PHONE, "zh-CN", "dark"),
    Picture("housekeeping-desktop-zh-CN", "/housekeeping?whose=all", "manager", DESKTOP, "zh-CN"),
    Picture("maintenance-desktop-en", "/maintenance", "maintenance", DESKTOP),
    Picture("maintenance-phone-zh-CN", "/maintenance", "maintenance", PHONE, "zh-CN"),
    Picture("energy-desktop-en", "/energy", "manager", DESKTOP),
    Picture("energy-phone-zh-CN", "/energy", "manager", PHONE, "zh-CN"),
    Picture("timeline-phone-en", "/rooms/104/timeline", "frontdesk", PHONE),
    Picture("system-desktop-en", "/system", "manager", DESKTOP, scheme="dark"),
    Picture("system-desktop-zh-CN", "/system", "manager", DESKTOP, "zh-CN"),
    Picture("sign-in-phone-zh-CN", "/sign-in", "", PHONE, "zh-CN"),
    Picture("demo-desktop-en", "/demo/", "manager", DESKTOP),
)


async def main() -> None:
    """Make every picture."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        url = options.url or await stack.enter_async_context(_demonstration(options.speed))
        await _until_there_is_something_to_see(url)
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=_chromium(), args=_flags())
        for picture in PICTURES:
            print(await _take(browser, url, picture, options.out))
        await browser.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="", help="of a demonstration that runs already")
    parser.add_argument("--speed", type=float, default=1.0, help="of the demonstration that is started")
    parser.add_argument("--out", type=Path, default=IMAGES)
    return parser.parse_args()


@contextlib.asynccontextmanager
async def _demonstration(speed: float) -> AsyncIterator[str]:
    """`innkeeper demo` as a child of ours."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    program = Path(sys.executable).parent / "innkeeper"
    command = (str(program), "demo", "--port", str(port), "--speed", str(speed))
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        await child.wait()


async def _until_there_is_something_to_see(url: str) -> None:
    """Wait for guests in, a task and an alert; after a while whatever there is will do."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        for _ in range(LOOKS):
            if await _is_lively(session, url):
                return
            await asyncio.sleep(LOOK_S)


async def _is_lively(session: aiohttp.ClientSession, url: str) -> bool:
    with contextlib.suppress(aiohttp.ClientError, KeyError):
        await session.post(f"{url}/api/v1/session", json={"username": "manager", "password": PASSWORD})
        rooms = await _items(session, f"{url}/api/v1/rooms")
        tasks = await _items(session, f"{url}/api/v1/housekeeping/tasks")
        alerts = await _items(session, f"{url}/api/v1/alerts")
        return bool(alerts) and len(tasks) > 1 and _lives(rooms)
    return False


def _lives(rooms: list[dict[str, object]]) -> bool:
    displays = {room["display"] for room in rooms}
    return len(displays & {"OC", "OD"}) > 0 and len(displays & {"VC", "VI"}) > 0


async def _items(session: aiohttp.ClientSession, url: str) -> list[dict[str, object]]:
    async with session.get(url) as response:
        items: list[dict[str, object]] = (await response.json())["items"]
        return items


async def _take(browser: Browser, url: str, picture: Picture, folder: Path) -> Path:
    phone = picture.size is PHONE
    context = await browser.new_context(
        viewport=picture.size,
        locale=picture.language,
        color_scheme=picture.scheme,
        device_scale_factor=2 if phone else 1,
        is_mobile=phone,
        has_touch=phone,
    )
    await context.add_cookies([{"name": "innkeeper_language", "value": picture.language, "url": url}])
    page = await context.new_page()
    if picture.person:
        await _sign_in(page, url, picture.person)
    await page.goto(url + picture.path)
    await page.wait_for_load_state("load")
    if picture.person and "/demo" not in picture.path:
        await page.wait_for_selector("#link-state.ok")
    for selector in picture.press:
        if selector.startswith("#open-"):
            await page.wait_for_selector("#link-state.ok")  # on the page that the click before led to
        await page.locator(selector).first.click()
        if selector.startswith("#open-"):
            await page.wait_for_selector("dialog[open]")
    if picture.press:
        await page.wait_for_selector("article.room")
    await page.evaluate("document.fonts.ready")
    path = folder / f"{picture.name}.png"
    await page.screenshot(path=path, animations="disabled")
    await context.close()
    return path


async def _sign_in(page: Page, url: str, person: str) -> None:
    await page.goto(f"{url}/sign-in")
    await page.fill("#username", person)
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_selector("#link-state.ok")


def _chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise SystemExit("Chromium is not installed: apt-get install chromium fonts-noto-cjk")
    return found


def _flags() -> list[str]:
    return ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]


if __name__ == "__main__":
    asyncio.run(main())

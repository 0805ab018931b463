"""Every page at both sizes, in both languages, light and dark: accessible, within its width, without a complaint."""

from collections.abc import Sequence

import pytest
from playwright.async_api import Browser, ViewportSize

from tests.web.browser import DESKTOP, PHONE, Visitor, visitor
from tests.web.house import House

pytestmark = [pytest.mark.real("chromium"), pytest.mark.timeout(240)]

PAGES = (
    *("/rooms", "/rooms/101", "/rooms/106", "/rooms/203", "/housekeeping?whose=all", "/maintenance", "/system"),
    *("/keys", "/about", "/what-this-is-not"),
)
SIZES = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
LANGUAGES = pytest.mark.parametrize("language", ["en", "zh-CN"])


DOORS = ("/sign-in", "/first-manager?token=none", "/no-such-page")


@SIZES
@LANGUAGES
async def test_pages_are_accessible(house: House, browser: Browser, size: ViewportSize, language: str) -> None:
    at = await visitor(browser, house.url, size, language, measured=True)
    await _check_all(at, DOORS, language)
    await at.sign_in("manager")
    await _check_all(at, PAGES, language)
    assert house.translator.missing == set()


@LANGUAGES
async def test_pages_cause_no_error_and_ask_nobody_else(house: House, browser: Browser, language: str) -> None:
    at = await visitor(browser, house.url, DESKTOP, language)
    await at.sign_in("manager")
    for path in PAGES:
        await at.open(path)
        await at.page.wait_for_selector("#link-state.ok")
    await at.page.goto(f"{house.url}/rooms")
    await at.page.click("#tile-106")
    await at.page.click("#open-check-out")
    await at.page.keyboard.press("Escape")
    assert at.troubles == []


async def test_dialogs_are_accessible(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url, DESKTOP, measured=True)
    await at.sign_in("manager")
    for number, names in (
        ("101", ("check-in", "sellability", "occupancy", "control-1", "control-2", "control-3")),
        ("106", ("check-out", "extend", "move")),
    ):
        for name in names:
            await at.open(f"/rooms/{number}")
            await at.page.click(f"#open-{name}")
            assert await at.violations() == [], name


async def _check_all(at: Visitor, paths: Sequence[str], language: str) -> None:
    for path in paths:
        await at.open(path)
        for scheme in ("light", "dark"):
            await at.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            await _check(at, f"{path} {scheme}", language)


async def _check(at: Visitor, where: str, language: str) -> None:
    assert await at.page.get_attribute("html", "lang") == language
    assert await at.violations() == [], where
    assert await at.overflow() <= 0, f"{where} is wider than its window"


@LANGUAGES
async def test_nothing_scrolls_sideways_at_320_pixels(house: House, browser: Browser, language: str) -> None:
    at = await visitor(browser, house.url, {"width": 320, "height": 640}, language)
    await at.sign_in("manager")
    for path in PAGES:
        await at.open(path)
        assert await at.overflow() <= 0, path


async def test_targets_on_the_phone_are_big_enough_for_a_wet_hand(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url, PHONE)
    await at.sign_in("housekeeping")
    assert await at.page.locator(".task").count() > 0
    for target in await at.page.locator("main button:visible, main a:visible, main select:visible").all():
        box = await target.bounding_box()
        assert box is not None
        assert box["height"] >= 44, await target.inner_text()
        assert box["width"] >= 44, await target.inner_text()


async def test_the_appearance_can_be_chosen_and_is_kept(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("manager")
    light = await at.page.evaluate("getComputedStyle(document.body).backgroundColor")
    await at.page.click(".menu > summary")
    await at.page.click("button[name=theme][value=dark]")
    await at.page.wait_for_selector("html[data-theme=dark]")
    dark = await at.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != light
    await at.open("/system")
    assert await at.page.get_attribute("html", "data-theme") == "dark"


async def test_the_language_follows_the_person_to_another_browser(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("frontdesk")
    await at.page.click(".menu > summary")
    await at.page.click("button[name=language][value=zh-CN]")
    await at.page.wait_for_selector("html[lang=zh-CN]")
    assert "空净" in await at.text("#tile-101")
    elsewhere = await visitor(browser, house.url)
    await elsewhere.sign_in("frontdesk")
    assert await elsewhere.page.get_attribute("html", "lang") == "zh-CN"


async def test_the_keyboard_reaches_everything_and_sees_where_it_is(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("manager")
    await at.open("/rooms")
    await at.page.keyboard.press("Tab")
    assert await at.page.evaluate("document.activeElement.className") == "skip"
    await at.page.keyboard.press("Enter")
    await at.page.keyboard.press("Tab")
    seen = []
    for _ in range(14):
        await at.page.keyboard.press("Tab")
        seen.append(await at.page.evaluate(FOCUS))
    assert any(where.startswith("tile") for where, _, _ in seen)
    assert all(outline >= 2 for _, outline, _ in seen), seen
    assert all(visible for _, _, visible in seen), seen


FOCUS = """() => {
  const node = document.activeElement;
  const box = node.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, 12));
  const visible = node === top || node.contains(top) || (top && top.contains(node));
  return [node.className || node.id, parseFloat(getComputedStyle(node).outlineWidth), visible];
}"""

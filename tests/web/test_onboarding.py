"""New devices in a real browser: placed in two clicks or all at once, moved, replaced, removed, ignored, taken back."""

import pytest
from playwright.async_api import Browser, ViewportSize, expect

from tests.web import newcomers
from tests.web.browser import DESKTOP, PHONE, Visitor, visitor
from tests.web.house import House

pytestmark = [pytest.mark.real("chromium"), pytest.mark.timeout(240)]


async def _at(house: House, browser: Browser, path: str = "/devices", person: str = "maintenance") -> Visitor:
    at = await visitor(browser, house.url)
    await at.sign_in(person)
    await at.open(path)
    await at.page.wait_for_selector("#link-state.ok")
    return at


def _of(address: str) -> str:
    return f'.candidate[data-address="{address}"]'


async def test_a_device_with_a_name_is_placed_in_two_clicks_and_seen_to_its_end(house: House, browser: Browser) -> None:
    await newcomers.hear(house)
    at = await _at(house, browser)
    await expect(at.page.locator(_of(newcomers.DOOR))).to_contain_text("zigbee2mqtt/contact")
    await at.page.click(f"{_of(newcomers.DOOR)} [data-open=place]")
    await at.page.click("#place button[type=submit]")
    change = await newcomers.asked(house)
    assert (change.device, change.room, change.profile) == ("103_door", "103", "zigbee2mqtt/contact")
    await expect(at.page.locator(f"#change-{change.id}")).to_contain_text("Under way")
    await newcomers.answer(house)
    await newcomers.hear(house, newcomers.DOOR)
    await expect(at.page.locator(f"#change-{change.id}")).to_contain_text("Done")
    await expect(at.page.locator(_of(newcomers.DOOR))).to_have_count(0)
    assert at.troubles == []


async def test_one_without_a_name_is_asked_for_its_room(house: House, browser: Browser) -> None:
    await newcomers.hear(house)
    at = await _at(house, browser)
    await at.page.click(f"{_of(newcomers.MOTION)} [data-open=place]")
    await at.page.click("#place button[type=submit]")
    await expect(at.page.locator("#place .problem")).to_be_visible()
    await at.page.select_option("#place-room", "104")
    await at.page.fill("#place-device", "104_motion")
    await at.page.click("#place button[type=submit]")
    change = await newcomers.asked(house)
    assert (change.device, change.room, change.profile) == ("104_motion", "104", "zigbee2mqtt/motion")
    await newcomers.answer(house)
    await at.page.focus(f"{_of(newcomers.DOOR)} [data-open=place]")  # by keyboard alone, as a spare
    await at.page.keyboard.press("Enter")
    await at.page.select_option("#place-room", "-")
    await at.page.focus("#place-device")
    await at.page.keyboard.press("Enter")
    assert (await newcomers.asked(house)).room is None


async def test_all_that_the_rules_know_are_placed_at_once_and_a_refusal_says_why(
    house: House, browser: Browser
) -> None:
    await newcomers.hear(house)
    at = await _at(house, browser)
    await expect(at.page.locator("#place-all")).to_contain_text("1")
    await at.page.click("#place-all")
    change = await newcomers.answer(house, "failed", reason="bad_file", detail="devices.toml, line 7: unknown key")
    row = at.page.locator(f"#change-{change.id}")
    await expect(row).to_contain_text("devices.toml cannot be used as it is")
    await expect(row).to_contain_text("line 7: unknown key")


async def test_an_ignored_one_is_shown_again_and_the_change_taken_back(house: House, browser: Browser) -> None:
    await newcomers.hear(house)
    at = await _at(house, browser)
    await at.page.click(f"{_of(newcomers.STRANGE)} form button")
    change = await newcomers.answer(house)
    await newcomers.hear(house, newcomers.STRANGE)
    await expect(at.page.locator(_of(newcomers.STRANGE))).to_have_count(0)
    await expect(at.page.locator("#left-out")).to_contain_text("Ignored (1)")
    await at.page.click(f"#undo-{change.id}")
    assert (await newcomers.answer(house)).action == "unignore"
    await newcomers.hear(house)
    await expect(at.page.locator(_of(newcomers.STRANGE))).to_be_visible()
    await expect(at.page.locator("#left-out")).to_have_count(0)


async def test_a_broken_device_is_replaced_by_one_that_is_heard(house: House, browser: Browser) -> None:
    await newcomers.hear(house)
    at = await _at(house, browser)
    old = (await at.page.locator("[data-device]").first.get_attribute("data-device")) or ""
    await at.page.click(f'[id="replace-{old}"]')
    await expect(at.page.locator("#replacing")).to_contain_text(old)
    await at.page.wait_for_selector("#link-state.ok")
    await at.page.click(f"{_of(newcomers.DOOR)} .button.main")
    change = await newcomers.asked(house)
    assert (change.action, change.device, change.address, change.profile) == ("replace", old, newcomers.DOOR, None)
    await at.page.wait_for_url("**/devices")


async def test_a_device_is_moved_and_removed_with_a_word_of_what_follows(house: House, browser: Browser) -> None:
    at = await _at(house, browser, "/devices?room=102")
    old = (await at.page.locator("[data-device]").first.get_attribute("data-device")) or ""
    await at.page.click(f'[id="move-{old}"]')
    await at.page.select_option("#move-room", "104")
    await at.page.click("#move button[type=submit]")
    change = await newcomers.answer(house)
    assert (change.action, change.device, change.room, change.room_before) == ("move", old, "104", "102")
    await at.page.click(f'[id="remove-{old}"]')
    await expect(at.page.locator("#remove .consequence")).to_be_visible()
    await at.page.click("#remove button[type=submit]")
    assert (await newcomers.answer(house)).action == "remove"


async def test_who_may_only_look_sees_no_button(house: House, browser: Browser) -> None:
    await newcomers.hear(house)
    at = await _at(house, browser, person="frontdesk")
    assert await at.page.locator(".candidate").count() == 3
    assert await at.page.locator("main form[data-api], main [data-open]").count() == 0
    assert await at.page.locator('.nav a[href="/devices"]').count() == 0


@pytest.mark.parametrize(("size", "language"), [(PHONE, "zh-CN"), (DESKTOP, "en")], ids=["phone", "desktop"])
async def test_the_page_is_accessible_full_and_with_a_dialog(
    house: House, browser: Browser, size: ViewportSize, language: str
) -> None:
    await newcomers.hear(house, newcomers.STRANGE)
    at = await visitor(browser, house.url, size, language, measured=True)
    await at.sign_in("manager")
    await at.open("/devices")
    assert await at.violations() == []
    assert await at.overflow() <= 0
    await at.page.click(f"{_of(newcomers.DOOR)} [data-open=place]")
    assert await at.violations() == []
    assert house.translator.missing == set()


async def test_a_room_goes_into_maintenance_and_comes_back(house: House, browser: Browser) -> None:
    at = await _at(house, browser, "/rooms/102")
    await at.page.click("#open-maintenance")
    await at.page.fill("#maintenance-reason", "new carpet")
    await at.page.click("#maintenance button[type=submit]")
    await expect(at.page.locator("#room-102 .split")).to_contain_text("nothing is raised in this room")
    await at.open("/rooms")
    await expect(at.page.locator("#tile-102")).to_contain_text("In maintenance")
    await at.open("/rooms/102")
    await at.page.click("#open-maintenance")
    await at.page.click("#maintenance button[type=submit]")
    await expect(at.page.locator("#room-102 .split")).to_have_count(0)
    assert at.troubles == []

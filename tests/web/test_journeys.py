"""What people do all day, done in a real browser: sign in, check in, check out, clean, acknowledge."""

import pytest
from playwright.async_api import Browser, expect

from tests.waiting import until
from tests.web.browser import PHONE, Visitor, visitor
from tests.web.house import House

pytestmark = pytest.mark.real("chromium")


async def test_a_wrong_password_says_what_to_do_and_keeps_the_name(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.open("/maintenance?priority=high")
    assert "/sign-in?next=" in at.page.url
    await at.page.fill("#username", "manager")
    await at.page.fill("#password", "wrong")
    await at.page.press("#password", "Enter")
    await expect(at.page.locator("#problem")).to_contain_text("do not match")
    assert await at.page.input_value("#username") == "manager"
    assert await at.page.get_attribute("#password", "autocomplete") == "current-password"
    await at.page.fill("#password", "demo")
    await at.page.press("#password", "Enter")
    await at.page.wait_for_selector(".bar")
    assert at.page.url.endswith("/maintenance?priority=high")


async def test_a_walk_in_is_checked_in_by_keyboard_alone_and_taken_back(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("frontdesk")
    await at.page.focus("#find")
    await at.page.keyboard.type("101")
    await at.page.keyboard.press("Enter")
    await at.page.wait_for_selector("#drawer #open-check-in")
    await at.page.keyboard.press("Tab")
    await at.page.keyboard.press("Tab")
    assert await _focused(at) == "open-check-in"
    await at.page.keyboard.press("Enter")
    assert await _focused(at) == "guest-name"
    await at.page.keyboard.type("Zoë 𠮷田 O'Neil")
    await at.page.keyboard.press("Enter")
    await expect(at.page.locator("#drawer")).to_contain_text("Zoë 𠮷田 O'Neil")
    await expect(at.page.locator("#tile-101 .code")).to_have_text("OC")
    await at.page.click(".toast button")
    await expect(at.page.locator("#tile-101 .code")).to_have_text("VC")
    assert at.troubles == []


async def test_a_double_enter_makes_one_stay(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("frontdesk")
    await at.open("/rooms/101")
    sent: list[str] = []
    at.page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    await at.page.click("#open-check-in")
    await at.page.fill("#guest-name", "Double Enter")
    await at.page.evaluate("for (let i = 0; i < 3; i++) document.querySelector('#check-in form').requestSubmit()")
    await expect(at.page.locator("#room-101 .guest")).to_contain_text("Double Enter")
    assert len(sent) == 1


async def test_a_form_that_lacks_something_says_so_and_stays(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("frontdesk")
    await at.open("/rooms/101")
    await at.page.click("#open-sellability")
    await at.page.check("#sellability input[value=out_of_order]")
    await at.page.click("#sellability button[type=submit]")
    await expect(at.page.locator("#sellability .problem")).to_be_visible()
    assert await at.page.get_attribute("#block-reason", "aria-invalid") == "true"
    await at.page.fill("#block-reason", "broken window")
    await at.page.click("#sellability button[type=submit]")
    await expect(at.page.locator("#room-101 .title .code")).to_contain_text("OOO")


async def test_check_out_shows_its_consequence_and_makes_a_task(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("frontdesk")
    await at.open("/rooms/105")
    await at.page.click("#open-check-out")
    consequence = at.page.locator("#check-out .consequence")
    await expect(consequence).to_contain_text("The sensors see somebody in the room (93% sure).")
    await expect(consequence).to_contain_text("the remaining nights become free")
    await at.page.keyboard.press("Escape")
    assert await _focused(at) == "open-check-out"
    await at.page.keyboard.press("Enter")
    await at.page.click("#check-out button[type=submit]")
    await expect(at.page.locator("#room-105 .title .code")).to_contain_text("VD")
    await expect(at.page.locator("#room-105")).to_contain_text("departure · waiting")


async def test_a_room_that_is_not_ready_asks_why_it_is_let(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("frontdesk")
    await at.open("/rooms/202")
    await at.page.click("#open-check-in")
    await at.page.fill("#guest-name", "In A Hurry")
    await at.page.click("#check-in button[type=submit]")
    await expect(at.page.locator("#override")).to_be_focused()
    await at.page.fill("#override", "guest wants to leave the luggage")
    await at.page.click("#check-in button[type=submit]")
    await expect(at.page.locator("#room-202 .title .code")).to_contain_text("OD")


async def test_who_is_in_is_corrected_by_hand_and_the_sensors_stay_visible(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("frontdesk")
    await at.open("/rooms/101")
    await at.page.click("#open-occupancy")
    await at.page.click("#occupancy button[type=submit]")
    await expect(at.page.locator("#room-101")).to_contain_text("The sensors say: nobody in")
    await expect(at.page.locator("#room-101 .axes")).to_contain_text("by hand")


async def test_an_attendant_starts_and_finishes_and_takes_it_back(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url, PHONE)
    await at.sign_in("housekeeping")
    assert at.page.url.endswith("/housekeeping")
    task = at.page.locator(".task", has_text="102")
    await task.get_by_role("button", name="Start").tap()
    await expect(task).to_have_attribute("data-state", "in_progress")
    await task.get_by_role("button", name="Done").tap()
    await expect(task).to_have_attribute("data-state", "done")
    await at.page.locator(".toast button").tap()
    await expect(task).to_have_attribute("data-state", "reopened")
    assert at.troubles == []


async def test_a_manager_gives_a_task_to_somebody(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("manager")
    await at.open("/housekeeping?whose=all")
    task = at.page.locator(".task", has_text="103")
    await task.get_by_role("button", name="Assign").click()
    await at.page.select_option("#assignee", "housekeeping")
    await at.page.click("#assign button[type=submit]")
    await expect(task).to_have_attribute("data-state", "assigned")
    await expect(task).to_contain_text("housekeeping")


async def test_an_alert_is_acknowledged_shelved_noted_and_resolved(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("maintenance")
    assert at.page.url.endswith("/maintenance")
    await expect(at.page.locator("#alarm .banner")).to_contain_text("104 Water leak")
    leak = at.page.locator(".alert", has_text="Water leak")
    assert await leak.get_by_role("button", name="Put aside").count() == 0
    await leak.get_by_role("button", name="Acknowledge").click()
    await expect(leak).to_have_attribute("data-state", "acknowledged")
    await expect(at.page.locator("#alarm .banner")).to_have_count(0)
    battery = at.page.locator(".alert", has_text="Low battery")
    await battery.get_by_role("button", name="Put aside").click()
    await at.page.fill("#shelve-reason", "batteries come on Monday")
    await at.page.click("#shelve button[type=submit]")
    await expect(battery).to_contain_text("batteries come on Monday")
    await leak.get_by_role("button", name="Note").click()
    await at.page.fill("#note-text", "valve closed")
    await at.page.click("#note button[type=submit]")
    await expect(leak).to_contain_text("valve closed")
    await leak.get_by_role("button", name="Resolved").click()
    await expect(at.page.locator("#resolve .consequence")).to_be_visible()
    await at.page.click("#resolve button[type=submit]")
    await expect(leak).to_have_count(0)
    await at.page.select_option("#state", "resolved")
    await expect(at.page.locator(".alert", has_text="Water leak")).to_have_count(1)
    assert at.troubles == []


async def test_the_board_finds_and_filters(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("frontdesk")
    shown = at.page.locator(".tile:visible")
    await expect(shown).to_have_count(16)
    await at.page.click("[data-status=attention]")
    await expect(shown).to_have_count(3)
    await at.page.click("[data-status=attention]")
    await at.page.fill("#find", "20")
    await expect(shown).to_have_count(8)
    await at.page.fill("#find", "9")
    await expect(at.page.locator("#none-shown")).to_be_visible()
    await at.page.fill("#find", "")
    await at.page.select_option("#floor", "2")
    await expect(shown).to_have_count(8)
    await at.page.reload()
    await expect(shown).to_have_count(8)


async def test_the_drawer_closes_by_escape_and_gives_the_focus_back(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("frontdesk")
    await at.page.click("#tile-103")
    await expect(at.page.locator("#drawer #room-103")).to_be_visible()
    await at.page.keyboard.press("Escape")
    await expect(at.page.locator("#drawer")).to_be_hidden()
    assert await _focused(at) == "tile-103"


async def test_the_navigation_shows_what_the_role_may_see(house: House, browser: Browser) -> None:
    maintenance = ["Rooms", "Maintenance", "Devices", "Energy", "System"]
    places = {"housekeeping": ["Rooms", "Housekeeping"], "maintenance": maintenance}
    for name, expected in places.items():
        at = await visitor(browser, house.url)
        await at.sign_in(name)
        assert await at.page.locator(".nav span:not(.count)").all_inner_texts() == expected
        await at.page.context.close()


async def test_signing_out_ends_the_session(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("manager")
    await at.page.click(".menu > summary")
    await at.page.get_by_role("button", name="Sign out").click()
    await at.page.wait_for_selector("#username")
    await at.open("/rooms")
    await until(lambda: "/sign-in" in at.page.url)


async def _focused(at: Visitor) -> str:
    found: str = await at.page.evaluate("document.activeElement.id")
    return found

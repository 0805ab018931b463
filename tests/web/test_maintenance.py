"""Work orders, who is told and the load of alerts, in a real browser."""

import pytest
from playwright.async_api import Browser, ViewportSize, expect

from tests.web.browser import DESKTOP, PHONE, Visitor, visitor
from tests.web.house import House

pytestmark = [pytest.mark.real("chromium"), pytest.mark.timeout(240)]

SIZES = pytest.mark.parametrize(("size", "language"), [(PHONE, "zh-CN"), (DESKTOP, "en")], ids=["phone-zh", "desktop"])
LOCK = {"key": "lock_jammed:104", "kind": "lock_jammed", "room": "104", "device": "104_lock", "priority": "high"}


async def _good(at: Visitor, where: str) -> None:
    assert await at.violations() == [], where
    assert await at.overflow() <= 0, f"{where} is wider than its window"


async def test_a_fault_is_repaired_from_the_alert_to_the_room_that_is_back(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url, PHONE, measured=True)
    await at.sign_in("maintenance")
    await at.open("/maintenance/orders")
    await house.tell("condition", state="raised", at=house.now(), **LOCK)
    order = at.page.locator(".task", has_text="Lock jammed")
    await expect(order).to_contain_text("should be out of service")
    await _good(at, "orders")
    await order.get_by_role("button", name="Take the room out").click()
    await expect(order).to_contain_text("room out of service")
    await order.get_by_role("button", name="Start").click()
    await expect(order).to_contain_text("In progress")
    await order.get_by_role("button", name="Blocked").click()
    await at.page.fill("#text-block", "waits for a bolt")
    await at.page.click("#block button[type=submit]")
    await expect(order).to_contain_text("waits for a bolt")
    await order.get_by_role("button", name="Done").click()
    await at.page.fill("#text-done", "new bolt")
    await at.page.click("#done button[type=submit]")
    await expect(order).to_have_count(0)
    await at.open("/maintenance/orders?state=done")
    await expect(at.page.locator(".task", has_text="new bolt")).to_have_count(1)


async def test_an_alert_is_taken_out_of_service_and_brought_back(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url, DESKTOP, measured=True)
    await at.sign_in("maintenance")
    await house.tell("condition", state="raised", at=house.now(), **LOCK)
    await at.open("/maintenance?state=new")
    alert = at.page.locator(".alert", has_text="Lock jammed")
    await alert.get_by_role("button", name="Out of service").click()
    await at.page.fill("#take-out-reason", "on the bench")
    await _good(at, "dialog")
    await at.page.click("#out-of-service button[type=submit]")
    await expect(alert).to_have_count(0)
    await at.open("/maintenance?state=out_of_service")
    await expect(alert).to_contain_text("on the bench")
    await expect(alert.locator("a[href^='/maintenance/orders']")).to_have_count(1)
    await _good(at, "out of service")
    await alert.get_by_role("button", name="Back in service").click()
    await expect(alert).to_have_count(0)


@SIZES
async def test_a_manager_says_who_is_told(house: House, browser: Browser, size: ViewportSize, language: str) -> None:
    at = await visitor(browser, house.url, size, language, measured=True)
    await at.sign_in("manager")
    await at.open("/maintenance/notifications")
    await at.page.fill("#name", "Ann")
    await at.page.fill("#address", "ann@hotel.example")
    await at.page.click("form[action$='/contacts'] button")
    await expect(at.page.locator("section[aria-labelledby=contacts]")).to_contain_text("ann@hotel.example")
    await at.open("/maintenance/notifications")
    await at.page.click("form[action$='/roster'] button")
    await expect(at.page.locator("section[aria-labelledby=roster]")).to_contain_text("07:00–19:00")
    await at.page.fill("#minutes", "20")
    await at.page.click("form[action$='/escalation'] button")
    await expect(at.page.locator("section[aria-labelledby=escalation]")).to_contain_text("20")
    await at.page.click("form[action$='/test'] button")
    await expect(at.page.locator("section[aria-labelledby=messages] li")).to_have_count(1)
    await _good(at, "notifications")
    await at.page.click("section[aria-labelledby=escalation] form button")
    await expect(at.page.locator("section[aria-labelledby=escalation] li")).to_have_count(0)
    assert house.translator.missing == set()


async def test_only_managers_see_who_is_told(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("maintenance")
    await at.open("/maintenance/load")
    await expect(at.page.locator("#load-raised")).not_to_have_text("0")
    await expect(at.page.locator("#bad-actors li").first).to_be_visible()
    assert await at.page.locator("a[href='/maintenance/notifications']").count() == 0


async def test_a_new_alert_of_high_priority_sounds_once(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("maintenance")
    await at.open("/maintenance")
    urgent = at.page.locator(".alert[data-priority=critical] form[action$='/acknowledge'] button")
    while await urgent.count():
        left = await urgent.count()
        await urgent.first.click()
        await expect(urgent).to_have_count(left - 1)
    await at.page.click("#sound")
    await at.open("/rooms")
    await at.page.wait_for_selector("#link-state.ok")
    await house.tell("condition", state="raised", at=house.now(), **LOCK)
    await expect(at.page.locator("html")).to_have_attribute("data-called", "1")
    await at.open("/system")
    await at.page.wait_for_selector("#link-state.ok")
    assert await at.page.get_attribute("html", "data-called") is None, "it was heard"
    assert at.troubles == []

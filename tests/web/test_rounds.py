"""What an executive housekeeper and a clerk do with what the rooms found."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, expect

from pms.housekeeping.visits_api import DAY_HOURS
from tests.web.browser import DESKTOP, PHONE, visitor
from tests.web.house import House
from tests.web.rounds import rounds

ZONE = ZoneInfo("Europe/Berlin")
pytestmark = [pytest.mark.real("chromium"), pytest.mark.timeout(240)]


async def test_a_proposed_cleaning_is_confirmed_with_a_thumb(house: House, browser: Browser) -> None:
    await rounds(house)
    at = await visitor(browser, house.url, PHONE)
    await at.sign_in("housekeeping")
    await at.open("/housekeeping?whose=all")
    await expect(at.page.locator("#count-to_confirm")).to_have_text("1")
    await at.page.click('form[action$="/confirm"] button')
    await expect(at.page.locator("#count-to_confirm")).to_have_text("0")
    await expect(at.page.locator("#count-to_inspect")).not_to_have_text("0")


async def test_a_clerk_deals_with_a_case_and_it_leaves_every_page(house: House, browser: Browser) -> None:
    await rounds(house)
    at = await visitor(browser, house.url, DESKTOP)
    await at.sign_in("frontdesk")
    await at.open("/rooms")
    await expect(at.page.locator("#tile-204")).to_contain_text("sleep")
    await at.open("/cases")
    case = at.page.locator(".case", has_text="204")
    await case.locator("input").fill("the painter")
    await case.locator("button").click()
    await expect(at.page.locator(".case", has_text="204")).to_have_count(0)
    await at.open("/rooms")
    await expect(at.page.locator("#tile-204")).not_to_contain_text("sleep")


def staff_day(house: House, minutes_ago: float) -> date:
    """The day that began at four; a test that runs soon after that sees two of them."""
    return (house.ago(minutes=minutes_ago) - timedelta(hours=DAY_HOURS)).astimezone(ZONE).date()


async def test_the_minutes_of_the_day_and_whose_card_it_is(house: House, browser: Browser) -> None:
    await rounds(house)
    at = await visitor(browser, house.url, DESKTOP)
    await at.sign_in("manager")
    await at.open(f"/housekeeping/minutes?day={staff_day(house, minutes_ago=120)}")
    rosa = at.page.locator("section", has=at.page.get_by_role("heading", name="housekeeping", exact=False)).first
    await expect(rosa).to_contain_text("31 min")
    await at.open(f"/housekeeping/minutes?day={staff_day(house, minutes_ago=50)}")
    await at.page.fill("#credential", "900")
    await at.page.select_option("#department", "inspection")
    await at.page.click('form[action$="/staff-cards"] button')
    await expect(at.page.locator("section", has_text="Card 900")).to_contain_text("inspection")
    assert at.troubles == []

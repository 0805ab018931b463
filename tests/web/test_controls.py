"""A room's controls in the browser: what can be ordered, how far it is, and what went wrong, as it happens."""

import pytest
from playwright.async_api import Browser, ViewportSize
from sqlalchemy import select

from pms.room_feed.model import CommandJob
from tests.web.browser import DESKTOP, PHONE, Visitor, visitor
from tests.web.house import House

pytestmark = [pytest.mark.real("chromium"), pytest.mark.timeout(120)]

LOCK, SETPOINT, MODE, FAN, RELAY = (f"#control-{n}" for n in range(1, 6))
"""The points of room 101, in the order of its devices."""


async def last_order(house: House) -> CommandJob:
    async with house.database.read() as session:
        return (await session.scalars(select(CommandJob).order_by(CommandJob.id.desc()))).all()[0]


async def tell(house: House, state: str, reason: str | None = None) -> None:
    """The edge says how the last order fares."""
    job = await last_order(house)
    await house.tell("command_result", id=job.id, state=state, at=house.now(), reason=reason)


async def step(at: Visitor, row: str) -> str:
    """The step that an open order is at."""
    return (await at.text(f"{row}-row [aria-current=step]")).strip()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_a_temperature_is_ordered_and_seen_to_its_end(house: House, browser: Browser, size: ViewportSize) -> None:
    at = await visitor(browser, house.url, size)
    await at.sign_in("frontdesk")
    await at.open("/rooms/101")
    await at.page.click(f"#open-{SETPOINT[1:]}")
    await at.page.fill(f"{SETPOINT}-value", "31")
    await at.page.click("dialog[open] button[type=submit]")
    await at.page.wait_for_selector("dialog[open] .problem:not([hidden])")
    await at.page.fill(f"{SETPOINT}-value", "21")
    await at.page.click("dialog[open] button[type=submit]")
    await at.page.wait_for_selector(f"{SETPOINT}-row [aria-current=step]")
    assert await step(at, SETPOINT) == "sent"
    await tell(house, "sent")
    await at.page.wait_for_selector(f"{SETPOINT}-row .order[data-state=sent]")
    assert await step(at, SETPOINT) == "taken"
    await tell(house, "acknowledged")
    await at.page.wait_for_selector(f"{SETPOINT}-row .order[data-state=acknowledged]")
    assert await step(at, SETPOINT) == "confirmed"
    await tell(house, "done")
    await at.page.wait_for_selector(f"{SETPOINT}-row .order[data-state=done]")
    assert "done" in await at.text(f"{SETPOINT}-row [role=status]")
    assert (await last_order(house)).value == 21
    assert await at.overflow() <= 0
    assert at.troubles == []


async def test_an_unlock_is_confirmed_and_an_unknown_outcome_says_what_to_do(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url, DESKTOP, "zh-CN")
    await at.sign_in("manager")
    await at.open("/rooms/101")
    await at.page.click(f"#open-{LOCK[1:]}")
    await at.page.click("dialog[open] [data-close]")
    async with house.database.read() as session:
        assert (await session.scalars(select(CommandJob))).all() == [], "nothing was ordered yet"
    await at.page.click(f"#open-{LOCK[1:]}")
    await at.page.click("dialog[open] button[type=submit]")
    await at.page.wait_for_selector(f"{LOCK}-row [aria-current=step]")
    assert (await last_order(house)).value == "unlocked"
    await tell(house, "unknown", "restarted")
    await at.page.wait_for_selector(f"{LOCK}-row .order[data-state=unknown]")
    assert "请先查看房间" in await at.text(f"{LOCK}-row .order")


async def test_only_what_a_room_has_and_a_person_may_is_offered(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("frontdesk")
    await at.open("/rooms/101")
    assert await at.page.locator(f"#open-{LOCK[1:]}").count() == 0
    assert "your role does not allow it" in await at.text(f"{LOCK}-row")
    assert await at.page.locator(f"{RELAY}-on").count() == 1
    assert await at.page.locator(".controls-list > li").count() == 5
    await at.open("/rooms/104")
    assert await at.page.locator(".controls").count() == 0


async def test_switches_and_choices_are_ordered(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url, PHONE)
    await at.sign_in("manager")
    await at.open("/rooms/101")
    await at.page.click(f"{RELAY}-off")
    await at.page.wait_for_selector(f"{RELAY}-row [aria-current=step]")
    assert (await last_order(house)).value is False
    for row, value in ((MODE, "cool"), (FAN, "low")):
        await at.page.click(f"#open-{row[1:]}")
        await at.page.check(f"dialog[open] input[value={value}]")
        await at.page.click("dialog[open] button[type=submit]")
        await at.page.wait_for_selector(f"{row}-row [aria-current=step]")
        assert (await last_order(house)).value == value
    assert at.troubles == []

"""What happens in the house shows by itself; and when the house does not answer, the page says so."""

import pytest
from playwright.async_api import Browser, expect

from tests.web.browser import visitor
from tests.web.house import House, evidence, heard

pytestmark = pytest.mark.real("chromium")


async def _somebody_comes(house: House, number: str) -> None:
    at = house.now()
    await house.say(
        number,
        occupancy={
            "value": "occupied",
            "confidence": 0.8,
            "since": at,
            "heard": at,
            "evidence": evidence(("guest_entered", at)),
        },
        door=heard("open", at),
    )


async def test_a_room_that_changes_is_drawn_anew(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("frontdesk")
    await expect(at.page.locator("#tile-101")).to_contain_text("nobody in")
    await _somebody_comes(house, "101")
    await expect(at.page.locator("#tile-101")).to_contain_text("guest in", timeout=3000)
    await expect(at.page.locator("#tile-101")).to_contain_text("door open")
    assert at.troubles == []


async def test_many_changes_make_few_requests_and_the_last_word_counts(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("frontdesk")
    asked: list[str] = []
    at.page.on("request", lambda request: asked.append(request.url) if "/rooms/tiles" in request.url else None)
    for door in ("open", "closed") * 10:
        await house.say("202", door=heard(door, house.now()), lock=heard("locked", house.now()))
    await house.say("202", request=heard("mur", house.now()))
    await expect(at.page.locator("#tile-202")).to_contain_text("make up room")
    assert len(asked) < 12


async def test_nothing_is_drawn_away_under_an_open_dialog(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("frontdesk")
    await at.open("/rooms/101")
    await at.page.wait_for_selector("#link-state.ok")
    await at.page.click("#open-check-in")
    await at.page.fill("#guest-name", "Half typed")
    await _somebody_comes(house, "101")
    await at.page.wait_for_event("requestfinished", lambda request: "/pulse" in request.url)
    assert await at.page.input_value("#guest-name") == "Half typed"
    await at.page.keyboard.press("Escape")
    await expect(at.page.locator("#room-101 .axes")).to_contain_text("guest in")


async def test_a_new_critical_alert_rings_on_every_page(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("manager")
    await expect(at.page.locator("#alarm-count")).to_have_text("4")
    condition = {"kind": "sos", "state": "raised", "priority": "critical", "at": house.now()}
    await house.tell("condition", key="sos:205", room="205", device="205_button", evidence=[], **condition)
    await expect(at.page.locator("#alarm .banner")).to_contain_text("205 Call for help", timeout=5000)
    await expect(at.page.locator("#alarm-count")).to_have_text("5")
    assert (await at.page.title()).startswith("⚠")


async def test_a_detected_cleaning_reaches_the_attendants_list(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("housekeeping")
    task = at.page.locator(".task", has_text="107")
    await expect(task).to_have_attribute("data-state", "in_progress")
    ended = {"spell": "spell-1", "phase": "ended", "by": "118", "started": house.ago(minutes=30), "outcome": "cleaned"}
    await house.tell("cleaning", room="107", at=house.now(), **ended)
    await expect(task).to_have_attribute("data-state", "done", timeout=5000)


async def test_ages_count_up_by_themselves(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("frontdesk")
    age = at.page.locator("#tile-105 .age .text")
    before = await age.inner_text()
    await expect(age).not_to_have_text(before, timeout=4000)


async def test_a_house_that_does_not_answer_is_said_within_ten_seconds_and_catches_up(
    house: House, browser: Browser
) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("frontdesk")
    await house.stop()
    await expect(at.page.locator("#connection-banner")).to_be_visible(timeout=10_000)
    await expect(at.page.locator("#connection-banner")).to_contain_text("No answer from the house")
    await _somebody_comes(house, "201")
    await house.start()
    await expect(at.page.locator("#connection-banner")).to_be_hidden(timeout=10_000)
    await expect(at.page.locator("#tile-201")).to_contain_text("guest in")
    await expect(at.page.locator("#link-state")).to_contain_text("Live")


async def test_a_change_that_cannot_be_sent_says_so_and_keeps_what_was_typed(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("frontdesk")
    await at.open("/rooms/101")
    await at.page.click("#open-check-in")
    await at.page.fill("#guest-name", "Patient Guest")
    await house.stop()
    await at.page.click("#check-in button[type=submit]")
    await expect(at.page.locator("#check-in .problem")).to_contain_text("does not answer")
    assert await at.page.input_value("#guest-name") == "Patient Guest"
    await house.start()
    await at.page.click("#check-in button[type=submit]")
    await expect(at.page.locator("#room-101 .guest")).to_contain_text("Patient Guest")


async def test_health_follows_the_edges_account(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("maintenance")
    await at.open("/system")
    await expect(at.page.locator(".part", has_text="Line floor-1")).to_contain_text("refuses the connection")
    await expect(at.page.locator("main")).to_contain_text('{"contact": tru')
    await expect(at.page.locator(".verdict")).to_contain_text("needs a look")

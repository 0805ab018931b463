"""Key cards at the desk, in a real browser: issued in two clicks, followed step by step, read, ended, looked up."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import select

from pms.keys.model import CardJob, KeyCard
from tests.web import desk
from tests.web.browser import DESKTOP, PHONE, Visitor, visitor
from tests.web.house import HOUSE, House

pytestmark = [pytest.mark.real("chromium"), pytest.mark.timeout(120)]

LEAD = "#job .lead"


async def at_the_desk(house: House, browser: Browser, **more: Any) -> Visitor:
    """A clerk who has signed in."""
    at = await visitor(browser, house.url, **more)
    await at.sign_in("frontdesk")
    return at


async def made(house: House, at: Visitor, room: str, kind: str = "") -> str:
    """A key made from the room's page; the id of the key. Its dialog stays open."""
    await at.open(f"/rooms/{room}")
    await at.page.click("#open-issue-key")
    if kind:
        await at.page.check(f"#issue-key input[value={kind}]")
    await at.page.click("#issue-key button.main")
    job = await desk.asked(house)
    await desk.say(house, job, *desk.GOOD)
    return job


async def the_key(house: House, job: str) -> KeyCard:
    async with house.database.read() as session:
        return (await session.scalars(select(KeyCard).where(KeyCard.property_id == HOUSE, KeyCard.id == job))).one()


async def test_a_key_is_issued_from_the_room_in_two_clicks_and_told_step_by_step(
    house: House, browser: Browser
) -> None:
    at = await at_the_desk(house, browser)
    await at.open("/rooms/102")
    await at.page.click("#open-issue-key")
    assert await at.page.is_checked("#issue-key input[value=new]")
    assert await at.page.is_checked("#issue-key input[value=desk-1]")
    assert await at.page.is_disabled("#issue-key input[value=desk-2]")
    await at.page.click("#issue-key button.main")
    job = await desk.asked(house)
    for state, lead in (
        ("waiting", "Place the card on the encoder"),
        ("writing", "Writing"),
        ("checking", "Checking"),
        ("confirmed", "Done: the key opens room 102"),
    ):
        await desk.say(house, job, state)
        await expect(at.page.locator(LEAD)).to_contain_text(lead)
        await expect(at.page.locator("#job-says")).to_contain_text(lead)
    await at.page.click("#job-close")
    await expect(at.page.locator(f"#key-{job}")).to_contain_text("opens")
    assert at.troubles == []


async def test_a_check_in_leads_on_to_the_key_by_itself(house: House, browser: Browser) -> None:
    at = await at_the_desk(house, browser)
    await at.open("/rooms/101")
    await at.page.click("#open-check-in")
    await at.page.fill("#guest-name", "Ines Vogel")
    await at.page.keyboard.press("Enter")
    await expect(at.page.locator("#issue-key[open]")).to_contain_text("Ines Vogel")
    await at.page.keyboard.press("Enter")
    job = await desk.asked(house)
    await desk.say(house, job, *desk.GOOD)
    await expect(at.page.locator(LEAD)).to_contain_text("Done: the key opens room 101")


async def test_a_second_guest_gets_another_card_from_the_end_of_the_first(house: House, browser: Browser) -> None:
    at = await at_the_desk(house, browser)
    first = await made(house, at, "106")
    await at.page.click("#job-another")
    job = await desk.asked(house)
    await desk.say(house, job, *desk.GOOD)
    await expect(at.page.locator(LEAD)).to_contain_text("this card opens room 106 too")
    assert (await the_key(house, job)).sequence == (await the_key(house, first)).sequence


async def test_a_job_is_given_up_and_says_that_nothing_was_written(house: House, browser: Browser) -> None:
    at = await at_the_desk(house, browser)
    await at.open("/rooms/102")
    await at.page.click("#open-issue-key")
    await at.page.click("#issue-key button.main")
    job = await desk.asked(house)
    await desk.say(house, job, "waiting")
    await at.page.click("#job-cancel")
    await expect(at.page.locator("#job-cancel")).to_be_enabled()
    await desk.say(house, job, "failed", reason="cancelled")
    await expect(at.page.locator(LEAD)).to_contain_text("No key was made")
    await expect(at.page.locator("#job")).to_contain_text("given up before anything was written")


async def test_a_card_taken_away_says_what_to_do_and_offers_the_same_again(house: House, browser: Browser) -> None:
    at = await at_the_desk(house, browser)
    await at.open("/rooms/102")
    await at.page.click("#open-issue-key")
    await at.page.click("#issue-key button.main")
    job = await desk.asked(house)
    await desk.say(house, job, "waiting", "writing", "failed", reason="card_removed")
    await expect(at.page.locator("#job")).to_contain_text("leave the card on the encoder until it is done")
    await at.page.click("#job-again")
    again = await desk.asked(house)
    assert again != job
    assert (await the_key(house, again)).type == "new"


async def test_nobody_knows_leads_to_reading_the_card_and_never_to_a_new_key_by_itself(
    house: House, browser: Browser
) -> None:
    at = await at_the_desk(house, browser)
    await at.open("/rooms/102")
    await at.page.click("#open-issue-key")
    await at.page.click("#issue-key button.main")
    job = await desk.asked(house)
    await desk.say(house, job, "waiting", "writing", "unknown", reason="encoder_silent")
    await expect(at.page.locator(LEAD)).to_contain_text("not known whether a key was made")
    await at.page.click("#job-read")
    reading = await desk.asked(house, CardJob)
    key = await the_key(house, job)
    card = desk.card_of("102", key.credential, key.sequence, valid_until=key.valid_until)
    await desk.say(house, reading, "waiting", "confirmed", card=card)
    await expect(at.page.locator(LEAD)).to_contain_text("This card opens room 102")
    await expect(at.page.locator("#job .facts-list")).to_contain_text("Ada Brandt")
    await at.page.click("#job-close")
    await at.page.click("#open-issue-key")
    await expect(at.page.locator("#issue-key input[name=acknowledge_unknown]")).to_have_count(0)


async def test_a_new_key_after_an_unknown_one_needs_a_word_of_the_clerk(house: House, browser: Browser) -> None:
    at = await at_the_desk(house, browser)
    await at.open("/rooms/102")
    await at.page.click("#open-issue-key")
    await at.page.click("#issue-key button.main")
    job = await desk.asked(house)
    await desk.say(house, job, "waiting", "writing", "unknown", reason="encoder_silent")
    await expect(at.page.locator(LEAD)).to_contain_text("not known whether a key was made")
    await at.page.click("#job-close")
    await at.page.click("#open-issue-key")
    await expect(at.page.locator("#issue-key")).to_contain_text("Nobody knows whether the last card")
    await at.page.check("#issue-key input[value=new]")
    await at.page.click("#issue-key button.main")
    await expect(at.page.locator("#issue-key .problem")).to_contain_text("read it first")
    await at.page.check("#issue-key input[name=acknowledge_unknown]")
    await at.page.click("#issue-key button.main")
    assert (await the_key(house, await desk.asked(house))).type == "new"


async def test_a_card_that_no_longer_opens_says_why(house: House, browser: Browser) -> None:
    at = await at_the_desk(house, browser)
    key = await the_key(house, await made(house, at, "102"))
    await at.page.click("#job-close")
    await made(house, at, "102", "replace")
    await at.page.click("#job-close")
    await at.open("/keys")
    await at.page.click("#read-desk-1")
    reading = await desk.asked(house, CardJob)
    card = desk.card_of("102", key.credential, key.sequence, valid_until=key.valid_until)
    await desk.say(house, reading, "waiting", "confirmed", card=card)
    await expect(at.page.locator(LEAD)).to_contain_text("does not open room 102")
    await expect(at.page.locator("#job")).to_contain_text("a later key took its place")
    await at.page.click("#job details.sure > summary")
    await at.page.click("#job-erase")
    erasing = await desk.asked(house, CardJob)
    await desk.say(house, erasing, "waiting", "writing", "checking", "confirmed", card=card | {"content": None})
    await expect(at.page.locator(LEAD)).to_contain_text("The card is empty now")


async def test_a_lost_card_is_ended_by_hand_and_the_ledger_says_so(house: House, browser: Browser) -> None:
    at = await at_the_desk(house, browser)
    job = await made(house, at, "102")
    await at.page.click("#job-close")
    await at.page.click(f"#end-{job}")
    await at.page.check("#end-key input[value=lost]")
    await at.page.click("#end-key button.danger")
    await expect(at.page.locator(f"#key-{job}")).to_contain_text("it was lost")
    await at.open("/keys?room=102&life=ended")
    await expect(at.page.locator("#ledger tbody tr")).to_have_count(1)
    await expect(at.page.locator("#ledger")).to_contain_text("Ada Brandt")
    await at.page.select_option("#ledger-state", "pending")
    await expect(at.page.locator("#ledger")).to_contain_text("No key fits")


async def test_a_guest_moves_and_the_next_step_is_the_key_of_the_new_room(house: House, browser: Browser) -> None:
    at = await at_the_desk(house, browser)
    job = await made(house, at, "102")
    await at.page.click("#job-close")
    await at.page.click("#open-move")
    await at.page.fill("#move-find", "201")
    await at.page.fill("#move-reason", "quieter side")
    await at.page.click("#move button.main")
    await at.page.wait_for_url("**/rooms/201")
    await expect(at.page.locator("#issue-key[open]")).to_contain_text("Ada Brandt")
    key = await the_key(house, job)
    assert (key.life, key.life_reason) == ("ended", "moved")


async def test_the_encoders_say_what_is_wrong_and_what_to_do(house: House, browser: Browser) -> None:
    at = await at_the_desk(house, browser)
    await at.open("/keys")
    await expect(at.page.locator("#encoders [data-state=down]")).to_contain_text("power and cable")
    await expect(at.page.locator("#encoders [data-state=up]")).to_contain_text("PN532 1.6")
    assert await at.page.locator("#read-desk-2").count() == 0


async def test_a_job_is_found_again_after_a_reload_and_its_end_is_seen(house: House, browser: Browser) -> None:
    at = await at_the_desk(house, browser)
    await at.open("/rooms/102")
    await at.page.click("#open-issue-key")
    await at.page.click("#issue-key button.main")
    job = await desk.asked(house)
    await desk.say(house, job, "waiting")
    await at.page.reload()
    await expect(at.page.locator(LEAD)).to_contain_text("Place the card")
    await desk.say(house, job, "expired", reason="no_card")
    await expect(at.page.locator(LEAD)).to_contain_text("Nobody placed a card in time")


@pytest.mark.parametrize(("size", "language"), [(PHONE, "zh-CN"), (DESKTOP, "en")], ids=["phone", "desktop"])
async def test_every_state_of_a_job_is_accessible(
    house: House, browser: Browser, size: dict[str, int], language: str
) -> None:
    at = await at_the_desk(house, browser, size=size, language=language, measured=True)
    await at.open("/rooms/102")
    await at.page.click("#open-issue-key")
    assert await at.violations() == [], "issue"
    await at.page.click("#issue-key button.main")
    job = await desk.asked(house)
    for state in ("waiting", "writing", "unknown"):
        await desk.say(house, job, state, reason="encoder_silent" if state == "unknown" else None)
        await at.page.wait_for_selector(f"#job .scene[data-state={state}]")
        assert await at.violations() == [], state
        assert await at.overflow() <= 0, state
    await at.page.click("#job-read")
    reading = await desk.asked(house, CardJob)
    card = desk.card_of("102", 999, 7, valid_until=house.now() + timedelta(days=1))
    await desk.say(house, reading, "waiting", "confirmed", card=card)
    await at.page.wait_for_selector("#job .facts-list")
    assert await at.violations() == [], "read"
    assert house.translator.missing == set()


async def test_housekeeping_sees_no_keys_and_issues_none(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("housekeeping")
    await at.open("/rooms/102")
    assert await at.page.locator("#open-issue-key").count() == 0
    assert await at.page.locator("nav a[href='/keys']").count() == 0

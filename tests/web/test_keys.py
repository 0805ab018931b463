"""Key cards in a real browser: issued in two clicks, followed live, failed safely, read, found again in the ledger."""

from datetime import timedelta

import pytest
from playwright.async_api import Browser, Route, ViewportSize, expect

from pms.keys.model import CardJob
from tests.waiting import until
from tests.web import desk
from tests.web.browser import DESKTOP, PHONE, Visitor, visitor
from tests.web.house import House

pytestmark = [pytest.mark.real("chromium"), pytest.mark.timeout(240)]

SIZES = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
LANGUAGES = pytest.mark.parametrize("language", ["en", "zh-CN"])


@pytest.fixture(autouse=True)
async def _encoders(house: House) -> None:
    """Two encoders, of which one answers."""
    await desk.equip(house)


async def _at(house: House, browser: Browser, path: str, person: str = "frontdesk") -> Visitor:
    at = await visitor(browser, house.url)
    await at.sign_in(person)
    await at.open(path)
    await at.page.wait_for_selector("#link-state.ok")
    return at


async def _lead(at: Visitor, words: str) -> None:
    await expect(at.page.locator("#job .lead")).to_contain_text(words)


async def _issue(at: Visitor, house: House) -> str:
    await at.page.click("#open-key")
    await at.page.click("#key button[type=submit]")
    return await desk.asked(house)


async def test_a_key_is_issued_in_two_clicks_and_seen_live(house: House, browser: Browser) -> None:
    at = await _at(house, browser, "/rooms/105")
    job = await _issue(at, house)
    for state, words in (("waiting", "Place the card"), ("writing", "leave the card"), ("checking", "Checking")):
        await desk.say(house, job, state)
        await _lead(at, words)
    assert await at.page.locator("#job-cancel").count() == 0
    await desk.say(house, job, "confirmed")
    await _lead(at, "Done: the key opens room 105")
    await at.page.click("#job-close")
    await expect(at.page.locator(f"#key-{job}")).to_contain_text("opens")
    assert at.troubles == []


async def test_check_in_goes_on_to_the_key(house: House, browser: Browser) -> None:
    at = await _at(house, browser, "/rooms/101")
    await at.page.click("#open-check-in")
    await at.page.fill("#guest-name", "Ines Costa")
    await at.page.click("#check-in button[type=submit]")
    await at.page.wait_for_selector("#key[open]")
    await at.page.click("#key button[type=submit]")
    await desk.say(house, await desk.asked(house), *desk.GOOD)
    await _lead(at, "Done: the key opens room 101")


async def test_a_key_is_issued_and_given_up_by_keyboard_alone(house: House, browser: Browser) -> None:
    at = await _at(house, browser, "/rooms/105")
    await at.page.focus("#open-key")
    await at.page.keyboard.press("Enter")
    await at.page.wait_for_selector("#key[open]")
    await at.page.keyboard.press("Enter")
    job = await desk.asked(house)
    await desk.say(house, job, "waiting")
    await _lead(at, "Place the card")
    await at.page.focus("#job-cancel")
    await at.page.keyboard.press("Enter")
    await desk.say(house, job, "failed", reason="cancelled")
    await expect(at.page.locator("#job")).to_contain_text("given up before anything was written")
    await at.page.keyboard.press("Escape")
    await expect(at.page.locator("#job")).to_be_hidden()
    await expect(at.page.locator("#open-key")).to_be_focused()


async def test_a_job_is_found_again_after_a_reload(house: House, browser: Browser) -> None:
    at = await _at(house, browser, "/rooms/105")
    await desk.say(house, await _issue(at, house), "waiting")
    await _lead(at, "Place the card")
    await at.page.reload()
    await _lead(at, "Place the card")


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        ("failed", "card_removed", "leave the card on the encoder"),
        ("failed", "unsafe_card", "hotel's own stock"),
        ("expired", "no_card", "put a card on the encoder"),
    ],
)
async def test_a_failure_says_what_to_do_and_repeats_only_by_hand(
    house: House, browser: Browser, state: str, reason: str, words: str
) -> None:
    at = await _at(house, browser, "/rooms/105")
    await desk.say(house, await _issue(at, house), "waiting", state, reason=reason)
    await expect(at.page.locator("#job .end-of-job")).to_contain_text(words)
    assert await desk.count(house) == 1
    await at.page.click("#job-again")
    await desk.say(house, await desk.asked(house), *desk.GOOD)
    await _lead(at, "Done")
    assert await desk.count(house) == 2


async def test_a_dialog_that_is_redrawn_while_another_try_is_asked_for_goes_on_to_it(
    house: House, browser: Browser
) -> None:
    at = await _at(house, browser, "/rooms/105")
    await desk.say(house, await _issue(at, house), "waiting", "failed", reason="card_removed")

    async def redraw_first(route: Route) -> None:
        button = await at.page.wait_for_selector("#job-again")
        await at.page.evaluate("document.dispatchEvent(new CustomEvent('hotel:resync'))")
        await at.page.wait_for_function("button => !button.isConnected", arg=button)
        await route.continue_()

    await at.page.route("**/api/v1/keys", redraw_first)
    await at.page.click("#job-again")
    await desk.say(house, await desk.asked(house), *desk.GOOD)
    await _lead(at, "Done")


async def test_what_speaks_against_another_try_is_said_in_the_dialog(house: House, browser: Browser) -> None:
    at = await _at(house, browser, "/rooms/105")
    await desk.say(house, await _issue(at, house), "waiting", "failed", reason="encoder_silent")
    await _lead(at, "No key was made")
    await desk.equip(house, working=False)
    await at.page.click("#job-again")
    await expect(at.page.locator("#job > .problem")).to_contain_text("the encoder desk-1 does not work")
    assert await desk.count(house) == 1


async def test_an_unknown_end_has_reading_as_its_next_step(house: House, browser: Browser) -> None:
    at = await _at(house, browser, "/rooms/105")
    await desk.say(house, await _issue(at, house), "waiting", "writing", "unknown", reason="restarted")
    await _lead(at, "not known")
    assert "main" in (await at.page.get_attribute("#job-read", "class") or "")
    await at.page.click("#job-close")
    await expect(at.page.locator("#key input[name=acknowledge_unknown]")).to_be_attached()  # the page was drawn anew
    await at.page.click("#open-key")
    await at.page.check("#key input[value=new]")
    await at.page.click("#key button[type=submit]")
    await expect(at.page.locator("#key .problem")).to_contain_text("read it first")
    assert await desk.count(house) == 1
    await at.page.check("#key input[name=acknowledge_unknown]")
    await at.page.click("#key button[type=submit]")
    await desk.say(house, await desk.asked(house), *desk.GOOD)
    await _lead(at, "Done")


async def test_a_card_is_read_and_says_whose_and_why_it_will_not_open(house: House, browser: Browser) -> None:
    at = await _at(house, browser, "/rooms/105")
    await desk.say(house, await _issue(at, house), *desk.GOOD)
    await _lead(at, "Done")
    await at.page.click("#job-close")
    key = await desk.newest(house)
    found = desk.card_of("105", key.credential, key.sequence, valid_until=key.valid_until)
    await at.open("/keys")
    await at.page.click("#read-desk-1")
    await desk.say(house, await desk.asked(house, CardJob), "waiting", "confirmed", card=found)
    await _lead(at, "This card opens room 105")
    await expect(at.page.locator("#job")).to_contain_text("Nils O'Hara")
    await at.open("/rooms/105")
    await at.page.click(f"#end-{key.id}")
    await at.page.check("#end-key input[value=lost]")
    await at.page.click("#end-key button[type=submit]")
    await expect(at.page.locator(f"#key-{key.id}")).to_contain_text("it was lost")
    await at.open("/keys")
    await at.page.click("#read-desk-1")
    await desk.say(house, await desk.asked(house, CardJob), "waiting", "confirmed", card=found)
    await _lead(at, "This card does not open room 105")
    await expect(at.page.locator("#job .reasons")).not_to_be_empty()
    await at.page.click("#job .sure summary")
    await at.page.click("#job-erase")
    await desk.say(house, await desk.asked(house, CardJob), "waiting", "writing", "checking", "confirmed", card=found)
    await _lead(at, "The card is empty now")


async def test_the_ledger_filters_pages_and_says_when_it_is_empty(house: House, browser: Browser) -> None:
    await desk.make_keys(house, "105", 55)
    at = await _at(house, browser, "/keys")
    assert await at.page.locator("#ledger tbody tr").count() == 50
    await at.page.click(".pager a:has-text('Older')")
    await expect(at.page.locator("#ledger tbody tr")).to_have_count(5)
    await at.page.wait_for_selector("#link-state.ok")
    await at.page.select_option("#ledger-room", "101")
    await expect(at.page.locator("#ledger .empty")).to_contain_text("No key fits")
    await at.page.wait_for_selector("#link-state.ok")
    await at.page.select_option("#ledger-room", "105")
    await at.page.wait_for_url("**room=105*")
    await at.page.wait_for_selector("#link-state.ok")
    await at.page.select_option("#ledger-state", "active")
    await expect(at.page.locator("#ledger tbody tr")).to_have_count(1)
    await at.page.click("#ledger tbody td a[href*=stay]")
    await expect(at.page.locator("#ledger")).to_contain_text("Keys of one stay: Nils O'Hara")


async def test_an_encoder_that_is_down_says_why_and_is_not_offered(house: House, browser: Browser) -> None:
    at = await _at(house, browser, "/keys")
    await expect(at.page.locator(".encoders [data-state=down]")).to_contain_text("power and cable")
    assert await at.page.locator("#read-desk-2").count() == 0
    await at.open("/rooms/105")
    await at.page.click("#open-key")
    assert await at.page.is_disabled("#key input[value=desk-2]")
    assert await at.page.is_checked("#key input[value=desk-1]")


async def test_a_guest_moves_and_gets_the_key_of_the_new_room(house: House, browser: Browser) -> None:
    at = await _at(house, browser, "/rooms/105")
    await desk.say(house, await _issue(at, house), *desk.GOOD)
    await _lead(at, "Done")
    await at.page.click("#job-close")
    old = (await desk.newest(house)).id
    await at.page.click("#open-move")
    await at.page.fill("#move-find", "201")
    await at.page.check("#move input[value='201']")
    await at.page.fill("#move-reason", "noisy")
    await at.page.click("#move button[type=submit]")
    await at.page.wait_for_url("**/rooms/201*")
    await at.page.wait_for_selector("#key[open]")

    async def ended() -> bool:
        return (await desk.key(house, old)).life == "ended"

    await until(ended)


@SIZES
@LANGUAGES
async def test_pages_and_dialogs_are_accessible(
    house: House, browser: Browser, size: ViewportSize, language: str
) -> None:
    at = await visitor(browser, house.url, size, language, measured=True)
    await at.page.emulate_media(reduced_motion="reduce")
    await at.sign_in("manager")
    await at.open("/rooms/105")
    job = await _issue(at, house)
    await _sound(at, "accepted")
    for state in ("waiting", "writing", "checking", "unknown"):
        await desk.say(house, job, state, reason="restarted" if state == "unknown" else None)
        await at.page.wait_for_selector(f"#job .scene[data-state={state}]")
        await _sound(at, state)
    await at.page.click("#job-close")
    for name in ("key", "move"):
        await at.page.click(f"#open-{name}")
        await _sound(at, name)
        await at.page.keyboard.press("Escape")
    await at.page.click(f"#end-{job}")
    await _sound(at, "end-key")
    await at.open("/keys")
    await _sound(at, "keys")
    await at.page.click("#read-desk-1")
    read = await desk.asked(house, CardJob)
    made = await desk.newest(house)
    card = desk.card_of("105", made.credential, made.sequence, valid_until=house.now() + timedelta(days=1))
    await desk.say(house, read, "waiting", "confirmed", card=card)
    await at.page.wait_for_selector("#job .facts-list")
    await _sound(at, "card")
    assert house.translator.missing == set()


async def _sound(at: Visitor, where: str) -> None:
    assert await at.violations() == [], where
    assert await at.overflow() <= 0, f"{where} is wider than its window"

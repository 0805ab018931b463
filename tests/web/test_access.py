"""The second factor, one's own account, people and trust in a real browser, in both languages, on both sizes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, ViewportSize, expect

from pms.access import totp
from pms.app import Pms
from pms.kernel.http.context import TrustAnchor
from pms.listening import Listening
from pms.tls import create
from tests.pms.test_app import config, now
from tests.web.browser import DESKTOP, PHONE, Visitor, visitor
from tests.web.house import PASSWORD, House

pytestmark = [pytest.mark.real("chromium"), pytest.mark.timeout(240)]

ANCHOR = TrustAnchor(
    b"-----BEGIN CERTIFICATE-----\n", ":".join(["A7"] * 32), "Innkeeper Harbour House 12ab34", datetime.now(UTC)
)
SIZES = pytest.mark.parametrize(("size", "language"), [(PHONE, "zh-CN"), (DESKTOP, "en")], ids=["phone-zh", "desktop"])


@pytest.fixture
async def strict(house: House) -> AsyncIterator[House]:
    """A house whose managers need a second factor, with an authority of its own."""
    house.sessions.second_factor = frozenset({"manager"})
    house.context.trust = ANCHOR
    yield house
    assert house.translator.missing == set()


async def _password(at: Visitor, name: str, target: str = "/rooms") -> None:
    await at.open(f"/sign-in?next={target}")
    await at.page.fill("#username", name)
    await at.page.fill("#password", PASSWORD)
    await at.page.press("#password", "Enter")


async def _enrol(at: Visitor) -> str:
    """Set the second factor up at the sign-in; its secret."""
    await _password(at, "manager")
    await at.page.wait_for_selector("svg.qr")
    secret = (await at.text(".spelled")).replace(" ", "")
    await _show(at, secret)
    await at.page.wait_for_selector(".recovery")
    return secret


async def _show(at: Visitor, secret: str, later: int = 0) -> None:
    await at.page.fill("#code", totp.code_at(secret, totp.step_at(now().timestamp()) + later))
    await at.page.press("#code", "Enter")


async def _good(at: Visitor, where: str) -> None:
    assert await at.violations() == [], where
    assert await at.overflow() <= 0, f"{where} is wider than its window"


@SIZES
async def test_from_the_password_to_the_board(
    strict: House, browser: Browser, size: ViewportSize, language: str
) -> None:
    at = await visitor(browser, strict.url, size, language, measured=True)
    await _password(at, "manager")
    await at.page.wait_for_selector("svg.qr")
    assert (await at.page.get_attribute("a[href^='otpauth:']", "href") or "").startswith("otpauth://totp/")
    await _good(at, "enrol")
    await _show(at, totp.new_secret())
    await at.page.wait_for_selector("#problem")
    await _good(at, "enrol with a wrong code")
    await _show(at, (await at.text(".spelled")).replace(" ", ""))
    await at.page.wait_for_selector(".recovery")
    assert await at.page.locator(".recovery code").count() == 10
    await _good(at, "recovery codes")
    recovery = await at.page.locator(".recovery code").first.inner_text()
    await at.page.click("a.main")
    await at.page.wait_for_selector("#link-state.ok")
    assert at.page.url.endswith("/rooms")
    await at.page.context.clear_cookies(name="innkeeper")
    await _password(at, "manager")
    await at.page.wait_for_selector("#code-hint")
    await _good(at, "code")
    await at.page.fill("#code", recovery)
    await at.page.press("#code", "Enter")
    await at.page.wait_for_selector("#link-state.ok")
    for path in ("/account", "/people", "/system"):
        await at.open(path)
        await _good(at, path)
    await at.open("/trust")
    await at.page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    await _good(at, "/trust")


async def test_a_code_that_was_used_says_so_and_the_next_one_lets_in(strict: House, browser: Browser) -> None:
    at = await visitor(browser, strict.url)
    secret = await _enrol(at)
    await at.page.context.clear_cookies(name="innkeeper")
    await _password(at, "manager", "/system")
    await _show(at, secret)
    await expect(at.page.locator("#problem")).to_contain_text("used already")
    await _show(at, secret, later=1)
    await at.page.wait_for_selector("#link-state.ok")
    assert at.page.url.endswith("/system")
    assert [trouble for trouble in at.troubles if "401" not in trouble] == []


async def test_a_password_is_changed_and_other_sessions_end(house: House, browser: Browser) -> None:
    other, at = await visitor(browser, house.url), await visitor(browser, house.url)
    await other.sign_in("frontdesk")
    await at.sign_in("frontdesk")
    await at.open("/account")
    await expect(at.page.locator("#sessions li")).to_have_count(2)
    await at.page.fill("#current", "wrong")
    await at.page.fill("#new", "a long new password")
    await at.page.press("#new", "Enter")
    await expect(at.page.locator("#password-problem")).to_contain_text("wrong")
    await at.page.fill("#current", PASSWORD)
    await at.page.fill("#new", "a long new password")
    await at.page.press("#new", "Enter")
    await expect(at.page.locator(".done")).to_contain_text("changed")
    await expect(at.page.locator("#sessions li")).to_have_count(1)
    await other.open("/rooms")
    assert "/sign-in" in other.page.url


async def test_somebody_sets_a_second_factor_up_and_does_without_again(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("frontdesk")
    await at.open("/account")
    await at.page.fill("#factor-password", PASSWORD)
    await at.page.press("#factor-password", "Enter")
    secret = (await at.text(".spelled")).replace(" ", "")
    await _show(at, secret)
    await at.page.click("a.main")
    await expect(at.page.locator("#factor")).to_contain_text("10")
    await at.page.fill("#code", totp.code_at(secret, totp.step_at(now().timestamp()) + 1))
    await at.page.click("#factor .danger")
    await expect(at.page.locator(".done")).to_contain_text("taken away")
    assert at.troubles == []


async def test_a_manager_invites_bars_and_helps(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url)
    await at.sign_in("manager")
    await at.open("/people")
    await at.page.select_option("#invite-role", "maintenance")
    await at.page.click("form[action='/people/invite'] button")
    link = await at.text(".spelled")
    guest = await visitor(browser, house.url)
    await guest.page.goto(link)
    assert "token" not in guest.page.url
    await expect(guest.page.locator("form").first).to_contain_text("Maintenance")
    await guest.page.fill("#username", "fitter")
    await guest.page.fill("#password", "a long new password")
    await guest.page.press("#password", "Enter")
    await guest.page.wait_for_selector("#link-state.ok")
    await at.open("/people")
    row = at.page.locator(".people > li", has_text="fitter")
    await row.locator("summary").click()
    await row.locator("form[action$='/disable'] button").click()
    await expect(at.page.locator(".done")).to_contain_text("Barred")
    await guest.open("/account")
    assert "/sign-in" in guest.page.url
    assert at.troubles == []


async def test_a_browser_comes_in_over_https_and_reads_about_trust(tmp_path: Path, browser: Browser) -> None:
    files = create(tmp_path / "data", "Test House", (), now())
    async with Pms(config(tmp_path, listening=Listening(tls=files), demo=True), now) as pms:
        context = await browser.new_context(ignore_https_errors=True)
        page = await context.new_page()
        await page.goto(f"{pms.url}/sign-in")
        await page.click("a[href='/trust']")
        await page.wait_for_selector(".fingerprint")
        await page.goto(f"{pms.url}/sign-in")
        await page.fill("#username", "manager")
        await page.fill("#password", "demo")
        await page.press("#password", "Enter")
        await page.wait_for_selector("#link-state.ok")
        cookies = {one["name"]: one for one in await context.cookies()}
        assert cookies["__Host-innkeeper"]["secure"]
        assert cookies["__Host-innkeeper"]["httpOnly"]
        await context.close()

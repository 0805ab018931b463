"""What the house says of itself: what it is not, reachable from where it matters; what is kept how long, as set."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser

from pms.kernel.work import UnitOfWork
from pms.link.retention import CLASSES
from pms.maintenance.catalog import ADVISORY, KINDS
from pms.retention.model import RetentionRun
from pms.web.about import LIMITS
from pms.web.notices import third_party
from tests.web.browser import DESKTOP, PHONE, visitor
from tests.web.house import PASSWORD, House
from tests.web.life import by_hand
from tests.web.test_catalogues import TRANSLATOR


@pytest.fixture
async def client(house: House) -> AsyncIterator[aiohttp.ClientSession]:
    """The manager, without scripts."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        form = {"username": "manager", "password": PASSWORD, "next": "/"}
        await session.post(f"{house.url}/sign-in", data=form, allow_redirects=False)
        yield session


async def text(client: aiohttp.ClientSession, house: House, path: str) -> str:
    async with client.get(house.url + path, headers={"Accept": "text/html"}) as got:
        assert got.status == 200
        return await got.text()


def test_the_reasons_on_the_page_are_those_of_the_settings() -> None:
    for one in CLASSES.values():
        assert TRANSLATOR.text("en", f"why_kept.{one.name}") == one.reason


def test_every_limit_is_said_and_every_advisory_alert_leads_to_one() -> None:
    for name in LIMITS:
        for part in ("title", "text", "instead"):
            assert TRANSLATOR.has("en", f"limit.{name}_{part}")
    assert set(ADVISORY) <= set(KINDS)
    assert set(ADVISORY.values()) <= set(LIMITS)


def test_the_packages_this_stands_on_are_named_with_their_licences() -> None:
    packages = {package.name: package for package in third_party()}
    assert {"aiohttp", "sqlalchemy", "cryptography"} <= set(packages)
    assert "pytest" not in packages
    assert all(package.version and package.licence for package in packages.values())


async def test_periods_are_shown_as_they_are_and_what_the_edge_has_not_told_is_unknown(
    house: House, client: aiohttp.ClientSession
) -> None:
    page = await text(client, house, "/about")
    assert "730 days" in _row(page, "alerts")
    assert "not told yet" in _row(page, "edge_presence")
    told = {"days": {"edge_presence": 2.5}, "removed": {"edge_presence": 1234}, "swept": None}
    await house.tell("system", at=house.now(), ready=True, retention=told)
    row = _row(await text(client, house, "/about"), "edge_presence")
    assert "2.5 days" in row
    assert "1,234" in row


def _row(page: str, name: str) -> str:
    return page.partition(f'<tr id="kept-{name}">')[2].partition("</tr>")[0]


async def test_the_health_page_tells_of_the_last_run(house: House, client: aiohttp.ClientSession) -> None:
    at = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)

    async def ran(work: UnitOfWork) -> None:
        counts: dict[str, Any] = {"removing": {}, "removed": {"access": 12}, "trouble": "time_to_come"}
        work.session.add(RetentionRun(property_id=work.property_id, due_at=at, finished_at=at, **counts))

    assert "Removal of old data" not in await text(client, house, "/system/health")
    await by_hand(house, ran)
    page = await text(client, house, "/system/health")
    assert "Removed: Door openings" in page
    assert TRANSLATOR.text("en", "line_cause.time_to_come") in page


@pytest.mark.real("chromium")
async def test_the_way_from_an_alert_and_from_the_menu(house: House, browser: Browser) -> None:
    await house.tell("condition", key="smoke:1", kind="smoke", state="raised", room="101", at=house.now())
    at = await visitor(browser, house.url, PHONE)
    await at.sign_in("maintenance")
    await at.open("/maintenance")
    await at.page.click('.alert a[href="/what-this-is-not#fire"]')
    await at.page.wait_for_selector("#fire")
    assert "fire alarm" in await at.text("#fire")
    await at.page.click(".menu > summary")
    await at.page.click('.menu a[href="/about"]')
    await at.page.wait_for_selector("#kept")
    await at.page.click(".menu > summary")
    await at.page.click('.menu a[href="/what-this-is-not"]')
    await at.page.wait_for_selector("#staff")
    assert at.troubles == []


@pytest.mark.real("chromium")
async def test_it_prints_without_the_frame(house: House, browser: Browser) -> None:
    at = await visitor(browser, house.url, DESKTOP)
    await at.sign_in("manager")
    await at.open("/what-this-is-not")
    await at.page.evaluate("window.print = () => document.body.setAttribute('data-printed', 'yes')")
    await at.page.click("[data-print]")
    assert await at.page.get_attribute("body", "data-printed") == "yes"
    await at.page.emulate_media(media="print")
    assert not await at.page.is_visible(".bar")
    assert not await at.page.is_visible("[data-print]")
    assert await at.page.is_visible("#guests")

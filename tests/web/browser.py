"""A real Chromium that notes whatever a page should not do: errors, violations, requests beyond its origin."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from tests import parts
from tests.web.house import PASSWORD

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]


@dataclass
class Visitor:
    """One person at one browser. `troubles` is what no page may cause."""

    page: Page
    origin: str
    troubles: list[str] = field(default_factory=list)

    async def open(self, path: str) -> None:
        """Go to a page and wait until its scripts have begun."""
        await self.page.goto(self.origin + path)
        await self.page.wait_for_load_state("load")

    async def sign_in(self, name: str) -> None:
        """Come in through the door."""
        await self.open("/sign-in")
        await self.page.fill("#username", name)
        await self.page.fill("#password", PASSWORD)
        await self.page.press("#password", "Enter")
        await self.page.wait_for_selector("#link-state.ok")

    async def violations(self) -> list[str]:
        """What axe finds against WCAG 2.2 AA, a line a node. For a visitor who is `measured`."""
        await self.page.evaluate(AXE.read_text("utf-8"))
        found: dict[str, Any] = await self.page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS
        )
        return [
            f"{rule['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]

    async def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        wider: int = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wider

    async def text(self, selector: str) -> str:
        """What stands in the first element of `selector`."""
        return await self.page.inner_text(selector)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The browser of this machine."""
    flags = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=parts.find("chromium"), args=flags)
        try:
            yield browser
        finally:
            await browser.close()


async def visitor(
    browser: Browser, origin: str, size: ViewportSize = DESKTOP, language: str = "en", *, measured: bool = False
) -> Visitor:
    """Somebody with a fresh browser profile. Axe styles inline, which our own policy forbids: `measured` lifts it."""
    phone = size["width"] < 600
    context = await browser.new_context(
        viewport=size, locale=language, has_touch=phone, is_mobile=phone, bypass_csp=measured
    )
    context.set_default_timeout(15_000)
    made = Visitor(await context.new_page(), origin)

    def said(kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            made.troubles.append(f"{kind}: {text}")

    def asked(url: str) -> None:
        if not url.startswith((origin, "data:")):
            made.troubles.append(f"beyond the origin: {url}")

    made.page.on("console", lambda message: said(message.type, message.text))
    made.page.on("pageerror", lambda error: made.troubles.append(f"exception: {error}"))
    made.page.on("request", lambda request: asked(request.url))
    return made

"""A house with life in it and a browser before it, for each test anew."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.web.browser import chromium
from tests.web.house import House
from tests.web.life import live


@pytest.fixture
async def house(tmp_path: Path, free_port: int) -> AsyncIterator[House]:
    """A running house on a morning."""
    async with House(tmp_path, free_port) as running:
        await live(running)
        yield running


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium."""
    async with chromium() as running:
        yield running

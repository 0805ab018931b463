"""What the tests of alerts and of who is told share."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from pms.kernel.database import Database
from pms.maintenance.notify.channels import channels
from pms.maintenance.notify.settings import MailServer, NotificationSettings
from tests.pms.conftest import TestClock
from tests.pms.maintenance.post import MailBox, mail_box
from tests.pms.maintenance.told import Post


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as running:
        yield running


@pytest.fixture
async def box(stack: AsyncExitStack) -> MailBox:
    return await stack.enter_async_context(mail_box())


@pytest.fixture
def post(database: Database, clock: TestClock, box: MailBox) -> Post:
    server = MailServer("127.0.0.1", box.port, "off", "", "", "innkeeper@hotel.example")
    return Post(database, clock, channels(NotificationSettings(mail=server)))

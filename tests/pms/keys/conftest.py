"""A front desk with one encoder."""

import pytest

from pms.kernel.database import Database
from tests.pms.conftest import TestClock
from tests.pms.keys.desk import Desk
from tests.pms.serving import Api


@pytest.fixture
async def desk(api: Api, database: Database, clock: TestClock) -> Desk:
    """The front desk is signed in, the encoder desk-1 on line line-desk-1 is up."""
    desk = Desk(api, database, clock)
    await desk.open("desk-1")
    return desk

"""The tests' own ground: real parts start, and what is absent is named."""

import asyncpg
import pytest

from tests import parts
from tests.servers import RealBroker


@pytest.mark.real("mosquitto")
def test_a_real_broker_starts_and_comes_back_after_a_kill(mosquitto: RealBroker) -> None:
    mosquitto.kill()
    mosquitto.start()
    assert mosquitto.process is not None


@pytest.mark.real("postgresql")
async def test_a_real_postgresql_answers(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()


def test_an_absent_part_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(parts.FINDERS, "mosquitto", lambda: None)
    with pytest.raises(LookupError, match="apt-get install mosquitto"):
        parts.find("mosquitto")

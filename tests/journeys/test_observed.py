"""The service is watched from outside: figures for Prometheus, and a log that says trouble once and recovery once."""

import json
from collections import Counter
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.journeys.house import House, house, kill_9
from tests.journeys.test_durability import say
from tests.servers import a_free_port
from tests.waiting import until

pytestmark = [pytest.mark.real("mosquitto"), pytest.mark.timeout(120)]

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def scraped(place: House, port: int, token: str) -> tuple[int, str]:
    """The answer of /metrics."""
    headers = {"Authorization": f"Bearer {token}"}
    async with place.session.get(f"http://127.0.0.1:{port}/metrics", headers=headers) as answer:
        return answer.status, await answer.text()


def samples(text: str) -> Samples:
    """By name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def part(name: str, state: str, metric: str = "innkeeper_part_state") -> tuple[str, tuple[tuple[str, str], ...]]:
    """The key of a part's state."""
    return metric, (("part", name), ("state", state))


async def test_the_hotels_own_prometheus_sees_every_part_and_no_room(tmp_path: Path) -> None:
    async with house(tmp_path) as place:
        port = a_free_port()
        with (place.config / "service.toml").open("a") as file:
            file.write(f'\n[metrics]\nenabled = true\nport = {port}\n\n[log]\nformat = "json"\n')
        await place.start("run")
        await place.healthy()
        await place.manager()
        await say(place, "101_door", contact=False)
        await place.door("101", "open")
        token = (place.data / "secrets" / "metrics_token").read_text()
        assert (await scraped(place, port, "guess"))[0] == 401
        status, text = await scraped(place, port, token)
        assert status == 200
        found = samples(text)
        assert found[part("broker", "ok")] == found[part("database", "ok", "innkeeper_pms_part_state")] == 1
        assert found[part("line:floor-1", "down")] == 1  # nobody simulates it
        assert found["innkeeper_messages_total", ()] >= 1
        assert found["innkeeper_commit_seconds_count", ()] >= 1
        assert found["innkeeper_receive_to_commit_seconds_count", ()] >= 1
        route = (("method", "GET"), ("route", "/api/v1/rooms/{number}"), ("status", "2xx"))
        assert found["innkeeper_http_request_seconds_count", route] >= 1
        assert found["innkeeper_conditions", (("kind", "line_down"), ("priority", "high"))] >= 1
        assert any(name == "process_resident_memory_bytes" for name, _ in found)
        labels = {value for _, pairs in found for _, value in pairs}
        assert not labels & {"101", "102", "101_door", "boss"}

        kill_9(place.broker_pid())
        await until(lambda: "broker.started_again" in place.log("run"), 20)
        await place.healthy()
        await say(place, "101_door", contact=True)
        await place.door("101", "closed")
        assert samples((await scraped(place, port, token))[1])["innkeeper_broker_restarts_total", ()] == 1
        assert await place.stop("run") == 0
        said = Counter(_essence(line) for line in place.log("run").splitlines() if line.startswith("{"))
        assert said["line down", "field"] == 1
        assert said["link.down", ""] == 2  # edge and PMS in one process
        assert said["line up", "field"] == 2
        assert said["broker.died", ""] == said["broker.started_again", ""] == 1


def _essence(line: str) -> tuple[str, str]:
    entry = json.loads(line)
    return entry["event"], entry.get("line") or entry.get("part") or ""

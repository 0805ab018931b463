"""`service.toml`: defaults, refusals that name the place, the environment, the reference."""

from pathlib import Path

import pytest

from devices.inventory import inventory_schema
from devices.problems import ConfigurationError
from edge.configuration import load_configuration, over_own_broker
from edge.pages import listening
from edge.settings import Settings, configuration_reference, load_settings, service_schema
from edge.url import BrokerUrl
from pms.hotelfile import hotel_schema
from pms.link.retention import DEFAULTS

EXAMPLE = Path(__file__).parents[2] / "config" / "example"


def load(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> Settings:
    (tmp_path / "service.toml").write_text(text)
    return load_settings(tmp_path / "service.toml", environment or {})


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "absent.toml", {})
    assert (settings.http.port, settings.broker.mode, settings.database.url) == (8080, "auto", "sqlite")
    assert settings.http.host == settings.broker.host == "127.0.0.1"


def test_the_example_is_right() -> None:
    configuration = load_configuration(EXAMPLE)
    assert configuration.hotel.rooms == {"101", "102", "103", "104"}
    assert over_own_broker(configuration.inventory) == {"field"}


@pytest.mark.parametrize(
    ("text", "table", "key", "line"),
    [
        ("[http]\nhost = '127.0.0.1'\nprot = 80\n", "[http]", "prot", 3),
        ("[http]\nport = 'many'\n", "[http]", "port", 2),
        ("[brocker]\nport = 1\n", "", "brocker", 1),
        ("[broker]\nmode = 'best'\n", "[broker]", "mode", 2),
        ("[broker]\nurl = 'http://x'\n", "[broker]", "url", 2),
        ("[rooms]\nsearch_minuets = 5\n", "[rooms]", "search_minuets", 2),
        ("[http]\npublic_url = 'hotel.example'\n", "[http]", "public_url", 2),
        ("[http]\npublic_url = 'https://hotel.example/pms'\n", "[http]", "public_url", 2),
        ("[http]\ntrusted_proxies = ['proxy']\n", "[http]", "trusted_proxies", 2),
        ("[http]\nnames = ['http://x']\n", "[http]", "names", 2),
        ("[http]\ntls = 'maybe'\n", "[http]", "tls", 2),
        ("[security]\nsign_ins_per_minute = -1\n", "[security]", "sign_ins_per_minute", 2),
        ("[security]\nsecond_factor = ['cook']\n", "[security]", "second_factor.0", 1),
    ],
)
def test_what_is_wrong_names_table_key_and_line(tmp_path: Path, text: str, table: str, key: str, line: int) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, text)
    problem = raised.value.problems[0]
    assert (problem.file, problem.table, problem.key, problem.line) == ("service.toml", table, key, line)


def test_every_problem_is_found_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, "[http]\na = 1\nb = 2\n[link]\nc = 3\n")
    assert [problem.key for problem in raised.value.problems] == ["a", "b", "c"]


def test_the_problems_of_all_files_are_found_at_once(tmp_path: Path) -> None:
    for name in ("hotel.toml", "devices.toml", "service.toml"):
        text = (EXAMPLE / name).read_text() + "\n[nonsense]\nx = 1\n"
        (tmp_path / name).write_text(text)
    with pytest.raises(ConfigurationError) as raised:
        load_configuration(tmp_path)
    assert {problem.file for problem in raised.value.problems} == {"hotel.toml", "devices.toml", "service.toml"}


def test_the_environment_overrides_addresses(tmp_path: Path) -> None:
    environment = {"INNKEEPER_BROKER_URL": "mqtt://me:word@broker:1885"}
    settings = load(tmp_path, "[broker]\nmode = 'url'\n", environment)
    assert BrokerUrl.parse(settings.broker.url) == BrokerUrl("broker", 1885, "me", "word", tls=False)


def test_limits_of_the_rooms_are_those_that_were_set(tmp_path: Path) -> None:
    assert load(tmp_path, "[rooms]\nsearch_minutes = 7\n").timers == {"search_minutes": 7}


def test_the_reference_has_every_table_and_key() -> None:
    schemas = {"hotel": hotel_schema(), "devices": inventory_schema(), "service": service_schema()}
    text = configuration_reference(schemas)
    for table, model in service_schema()["properties"].items():
        assert f"### `[{table}]`" in text
        for key in model.get("properties", {}):
            assert f"| `{key}` |" in text
    assert "| `search_minutes` |" in text


@pytest.mark.parametrize(
    ("text", "port", "tls"), [("mqtt://host", 1883, False), ("mqtts://host", 8883, True), ("mqtt://host:1", 1, False)]
)
def test_addresses_of_brokers(text: str, port: int, tls: bool) -> None:
    assert BrokerUrl.parse(text) == BrokerUrl("host", port, None, None, tls)


def test_periods_are_the_defaults_and_those_that_were_set(tmp_path: Path) -> None:
    periods = load(tmp_path, "[retention]\nedge_presence = 3\naccess = 0\n").periods
    assert periods == {**DEFAULTS, "edge_presence": 3, "access": 0}


@pytest.mark.parametrize("wrong", ["-1", "0.5", "4000", "'long'", "inf", "nan"])
def test_a_period_that_cannot_be_is_refused_with_its_reason(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, f"[retention]\nkeys = 30\naccess = {wrong}\n")
    [problem] = raised.value.problems
    assert (problem.table, problem.key, problem.line) == ("[retention]", "access", 3)


@pytest.mark.parametrize(
    "text", ["[http]\ntls = 'files'\n", "[http]\ncertificate = 'x'\n", "[http]\nredirect_port = 80\n"]
)
def test_what_belongs_together_is_asked_for(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError):
        load(tmp_path, text)


def test_the_pages_are_reached_as_it_is_written(tmp_path: Path) -> None:
    text = "[http]\ntls = 'files'\ncertificate = 'c.pem'\nkey = '/etc/k.pem'\npublic_url = 'https://h.example/'\n"
    text += "names = ['PMS.example.']\ntrusted_proxies = ['10.0.0.2']\n[security]\nsign_ins_per_minute = 7\n"
    told = listening(load(tmp_path, text), Path("/data"))
    assert told.tls is not None
    assert (told.tls.certificate, told.tls.key, told.tls.root) == (Path("/data/c.pem"), Path("/etc/k.pem"), None)
    assert (told.reach.public_url, told.reach.names) == ("https://h.example", frozenset({"pms.example"}))
    assert told.reach.trusts("10.0.0.2")
    assert not told.reach.trusts("127.0.0.1")
    assert told.limits.sign_ins_per_minute == 7
    assert listening(load(tmp_path, ""), Path("/data")).tls is None

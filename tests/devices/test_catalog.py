"""Profiles: all that the hotel needs are there, and a wrong file is explained."""

import re
from pathlib import Path

import pytest

from devices.catalog import Catalog
from devices.errors import UnknownProfile
from devices.model import Power
from devices.problems import ConfigurationError
from tests.devices.codec import catalog

NEEDED = {
    "zigbee2mqtt": ("contact", "motion", "presence", "climate", "leak", "smoke", "lock", "plug", "button"),
    "tasmota": ("switch_contact", "motion", "presence", "climate", "switch_leak", "switch_smoke", "switch_keycard"),
    "shelly": ("switch", "input", "climate", "flood", "presence", "smoke", "keycard", "light", "meter", "strike"),
    "shelly_gen1": ("contact", "motion", "climate", "flood", "smoke", "keycard", "relay", "light", "meter", "strike"),
    "esphome": ("contact", "motion", "presence", "climate", "leak", "smoke", "keycard", "relay", "meter", "lock"),
    "homie": ("contact", "motion", "presence", "climate", "leak", "smoke", "keycard", "relay", "meter", "lock"),
    "mapped": ("climate_json",),
}
UNITS = {"smarttemp_smt131", "siemens_rdf302", "beca_bac_002aln", "eastron_sdm120", "wirenboard_msw", "pn532"}


def test_every_needed_profile_is_built_in() -> None:
    named = {f"{dialect}/{name}" for dialect, names in NEEDED.items() for name in names}
    assert named | UNITS <= set(catalog().ids())


def test_the_page_of_devices_names_profiles_that_there_are() -> None:
    page = (Path(__file__).parents[2] / "docs" / "devices.md").read_text()
    table = page.split("## What there is for each kind of device")[1].split("A `strike`")[0]
    dialects = ("zigbee2mqtt", "tasmota", "shelly", "shelly_gen1", "esphome", "homie")
    rows = [line.strip("| ").split("|")[1:] for line in table.splitlines() if line.startswith("|") and "`" in line]
    named = {
        f"{dialect}/{name}"
        for cells in rows
        for dialect, cell in zip(dialects, cells, strict=True)
        for name in re.findall(r"`(\w+)`", cell)
    }
    assert len(rows) == 13
    assert named <= set(catalog().ids())


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(UnknownProfile, match="acme/toaster"):
        catalog().get("acme/toaster")


def test_a_battery_device_has_a_critical_limit_and_a_silence_limit() -> None:
    for profile in map(catalog().get, catalog().ids()):
        if profile.power is Power.BATTERY:
            assert profile.battery_critical == 10
            assert profile.offline_after_s is not None
            assert "battery" in profile.points


def test_a_number_has_plausible_limits_and_a_unit() -> None:
    for profile in map(catalog().get, catalog().ids()):
        for spec in profile.points.values():
            if spec.wire["kind"] == "number":
                assert spec.minimum is not None, (profile.id, spec.name)
                assert spec.maximum is not None, (profile.id, spec.name)


def test_a_read_only_thermostat_takes_no_writes() -> None:
    assert not any(spec.writable for spec in catalog().get("siemens_rdf302").points.values())


def test_motion_tells_how_long_its_level_is_held() -> None:
    assert catalog().get("zigbee2mqtt/motion").points["motion"].wire["hold_s"] == 90


def test_a_profile_in_a_folder_wins_over_a_built_in_one(tmp_path: Path) -> None:
    text = 'id = "zigbee2mqtt/contact"\ndialect = "zigbee2mqtt"\nlabel = "Ours"\noffline_after_s = 60\n'
    (tmp_path / "ours.toml").write_text(text)
    assert Catalog.load([tmp_path]).get("zigbee2mqtt/contact").label == "Ours"


HEAD = 'id = "a/b"\ndialect = "mapped"\nlabel = "x"\n'
MODBUS = 'id = "a"\ndialect = "modbus"\nlabel = "x"\n'

WRONG: list[tuple[str, list[tuple[str, str, int | None]]]] = [
    ("id = ", [("", "", 1)]),
    ('dialect = "mapped"\nlabel = "x"\n', [("", "id", None)]),
    (HEAD + "colour = 1\n", [("", "colour", 4)]),
    (HEAD + '[points.glow]\nwire = { path = "a" }\n', [("[points.glow]", "kind", 4)]),
    (HEAD + '[points.door]\nwire = { path = "a" }\n', [("[points.door]", "wire.values", 5)]),
    (HEAD + '[points.door]\nwire = { path = "a", values = { x = "ajar" } }\n', [("[points.door]", "wire.values", 5)]),
    (HEAD + '[points.leak]\nwire = { path = "a", pth = "b" }\n', [("[points.leak]", "wire.pth", 5)]),
    (
        HEAD + '[points.leak]\nwire = { }\n[points.smoke]\nwritable = "yes"\nwire = { path = "" }\n',
        [("", "points.smoke.writable", None)],
    ),
    (
        HEAD + "[points.leak]\nwire = { }\n[points.smoke]\nwire = { }\n",
        [("[points.leak]", "wire.path", 5), ("[points.smoke]", "wire.path", 7)],
    ),
    (MODBUS + '[points.leak]\nwire = { register = 3, type = "int24" }\n', [("[points.leak]", "wire.type", 5)]),
    (
        MODBUS + "[points.leak]\nwire = { register = 3 }\n[wire]\nbase = 40001\n",
        [("[points.leak]", "wire.register", 5)],
    ),
    (MODBUS + '[points.leak]\nwire = { register = 3, table = "coil" }\n', [("[points.leak]", "wire", 5)]),
    (HEAD.replace("mapped", "pigeon"), [("", "dialect", 2)]),
    (HEAD + "[wire]\nusers = { chef = [1, 2] }\n", [("[wire]", "users.chef.[key]", 5)]),
]


@pytest.mark.parametrize(("text", "expected"), WRONG)
def test_a_wrong_profile_is_explained(tmp_path: Path, text: str, expected: list[tuple[str, str, int | None]]) -> None:
    (tmp_path / "wrong.toml").write_text(text)
    with pytest.raises(ConfigurationError) as refusal:
        Catalog.load([tmp_path])
    problems = refusal.value.problems
    assert [(problem.table, problem.key, problem.line) for problem in problems] == expected
    assert {problem.file for problem in problems} == {"wrong.toml"}


def test_the_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("x = 1")
    (tmp_path / "b.toml").write_text("= 1")
    with pytest.raises(ConfigurationError) as refusal:
        Catalog.load([tmp_path])
    assert {problem.file for problem in refusal.value.problems} == {"a.toml", "b.toml"}

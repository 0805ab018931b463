"""Registers: types, orders, sentinels, bit fields, plans, writes and what a read-back shows."""

from pathlib import Path
from typing import Any

import pytest

from devices.catalog import Catalog
from devices.errors import NotSupported
from devices.modbus.numbers import pack, unpack
from devices.modbus.plan import Block, identity, plan
from devices.modbus.registers import Write, decode, encode, expected
from devices.model import Decoded, Device, PointSpec, Profile, Quality, Reading
from tests.devices.codec import NOON, catalog, reasons, values

UNIT = Device("101_thermostat", "floor-1", "smarttemp_smt131", "3", "101")


def profile(tmp_path: Path, points: str, wire: str = "") -> Profile:
    """A profile of its own with these points."""
    text = f'id = "own"\ndialect = "modbus"\nlabel = "own"\n{points}\n[wire]\n{wire}\n'
    (tmp_path / "own.toml").write_text(text)
    return Catalog.load([tmp_path]).get("own")


def point(name: str, wire: str, extra: str = "") -> str:
    return f"[points.{name}]\n{extra}\nwire = {{ {wire} }}\n"


def read(of: Profile, words: list[int]) -> Decoded:
    (block,) = plan(of)
    return decode(block, words, UNIT, of, NOON, 1)


ORDERS = [
    ("big", "big", (0x4366, 0x3334)),
    ("big", "little", (0x3334, 0x4366)),
    ("little", "big", (0x6643, 0x3433)),
    ("little", "little", (0x3433, 0x6643)),
]


@pytest.mark.parametrize(("byte_order", "word_order", "words"), ORDERS)
def test_a_float_in_every_order(byte_order: str, word_order: str, words: tuple[int, ...]) -> None:
    assert unpack(words, "float32", byte_order, word_order) == pytest.approx(230.2, abs=1e-4)
    assert pack(unpack(words, "float32", byte_order, word_order), "float32", byte_order, word_order) == words


NUMBERS: list[tuple[str, tuple[int, ...], int]] = [
    ("uint16", (0xFFFF,), 65_535),
    ("int16", (0xFFFF,), -1),
    ("int16", (0x8000,), -32_768),
    ("uint32", (0xFFFF, 0xFFFE), 4_294_967_294),
    ("int32", (0xFFFF, 0xFFFE), -2),
]


@pytest.mark.parametrize(("kind", "words", "number"), NUMBERS)
def test_a_number_of_each_type(kind: str, words: tuple[int, ...], number: int) -> None:
    assert unpack(words, kind, "big", "big") == number
    assert pack(number, kind, "big", "big") == words


@pytest.mark.parametrize(
    ("kind", "number"), [("uint16", -1), ("uint16", 65_536), ("int16", 40_000), ("float32", 1e300)]
)
def test_what_a_type_cannot_hold_is_refused(kind: str, number: float) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        pack(number, kind, "big", "big")


DECODED: list[tuple[str, str, list[int], Any]] = [
    ("temperature", 'register = 0, type = "int16", scale = 0.1', [0xFFF6], -1.0),
    ("temperature", 'register = 0, type = "int16", scale = 0.1, not_available = [32767]', [0x7FFF], None),
    ("temperature", "register = 0, scale = 0.5, offset = -10", [64], 22.0),
    ("power", 'register = 0, type = "float32"', [0x7FC0, 0], None),
    ("energy", 'register = 0, type = "int32", word_order = "little", scale = 0.1', [0x86A0, 1], 10_000.0),
    ("relay", "register = 0, bit = 3", [0b1000], True),
    ("relay", "register = 0, bit = 3", [0b0111], False),
    ("battery", "register = 0, mask = 0x7F0", [0x2A1], 42),
    ("relay", 'register = 0, table = "coil", type = "bool"', [1], True),
    ("door", 'register = 0, table = "discrete", type = "bool", values = { 0 = "open", 1 = "closed" }', [1], "closed"),
    ("motion", "register = 0, threshold = 50", [49], False),
    ("motion", "register = 0, threshold = 50", [2_000], True),
    ("request", 'register = 0, values = { 0 = "none", 1 = "mur", 2 = "dnd" }', [2], "dnd"),
]


@pytest.mark.parametrize(("name", "wire", "words", "value"), DECODED)
def test_registers_say(tmp_path: Path, name: str, wire: str, words: list[int], value: Any) -> None:
    decoded = read(profile(tmp_path, point(name, wire)), words)
    assert values(decoded) == {name: value}
    assert not decoded.rejected
    (reading,) = decoded.facts
    assert isinstance(reading, Reading)
    assert reading.quality is (Quality.BAD if value is None else Quality.GOOD)


WRONG: list[tuple[str, str, list[int], str]] = [
    ("temperature", 'register = 0, type = "int16", scale = 0.1', [30_000], "absurd_value"),
    ("power", 'register = 0, type = "float32"', [0x7F80, 0], "absurd_value"),
    ("relay", 'register = 0, type = "bool"', [7], "unknown_value"),
    ("request", 'register = 0, values = { 0 = "none" }', [9], "unknown_value"),
]


@pytest.mark.parametrize(("name", "wire", "words", "reason"), WRONG)
def test_what_is_not_believed_is_a_bad_reading(
    tmp_path: Path, name: str, wire: str, words: list[int], reason: str
) -> None:
    decoded = read(profile(tmp_path, point(name, wire)), words)
    (reading,) = decoded.facts
    assert isinstance(reading, Reading)
    assert reading.quality is Quality.BAD
    assert reasons(decoded) == [reason]
    assert decoded.rejected[0].source.startswith("unit 3 holding 0")


@pytest.mark.parametrize("words", [[], [1], [1, 2, 3], [1, 65_536], [1, -1]])
def test_an_answer_of_another_length_or_width_is_a_bad_frame(tmp_path: Path, words: list[int]) -> None:
    decoded = read(profile(tmp_path, point("power", 'register = 0, type = "float32"')), words)
    assert reasons(decoded) == ["bad_frame"]
    assert not decoded.facts


def blocks(of: Profile) -> list[tuple[int, int, int]]:
    return [(block.function, block.address, block.count) for block in plan(of)]


def test_a_plan_fills_small_holes_and_not_large_ones(tmp_path: Path) -> None:
    points = point("temperature", "register = 0") + point("humidity", "register = 9") + point("co2", "register = 19")
    assert blocks(profile(tmp_path, points)) == [(3, 0, 10), (3, 19, 1)]
    assert blocks(profile(tmp_path, points, "max_gap = 0")) == [(3, 0, 1), (3, 9, 1), (3, 19, 1)]
    assert blocks(profile(tmp_path, points, "max_gap = 20")) == [(3, 0, 20)]


def test_a_plan_never_asks_for_more_than_a_unit_can_answer(tmp_path: Path) -> None:
    points = "".join(
        point(f"p{number}", f'register = {number * 2}, type = "uint32"', 'kind = "number"') for number in range(100)
    )
    assert blocks(profile(tmp_path, points)) == [(3, 0, 124), (3, 124, 76)]
    assert max(count for _, _, count in blocks(profile(tmp_path, points, "max_words = 10"))) == 10


def test_a_plan_keeps_the_tables_apart(tmp_path: Path) -> None:
    points = (
        point("relay", 'register = 0, table = "coil", type = "bool"')
        + point("door", 'register = 0, table = "discrete", type = "bool", values = { 0 = "open", 1 = "closed" }')
        + point("temperature", "register = 0")
        + point("humidity", 'register = 0, table = "input"')
    )
    assert blocks(profile(tmp_path, points)) == [(1, 0, 1), (2, 0, 1), (3, 0, 1), (4, 0, 1)]


def test_two_points_may_share_a_register(tmp_path: Path) -> None:
    points = point("relay", "register = 5, bit = 0") + point("valve", "register = 5, bit = 1")
    assert values(read(profile(tmp_path, points), [0b10])) == {"relay": False, "valve": True}


PLANS = {
    "smarttemp_smt131": [(3, 1, 9), (3, 23, 18), (3, 67, 1)],
    "siemens_rdf302": [(3, 0, 1), (3, 3, 1), (3, 108, 1), (4, 1000, 7), (4, 1009, 1)],
    "beca_bac_002aln": [(3, 0, 11)],
    "eastron_sdm120": [(4, 0, 38), (4, 70, 10), (4, 342, 4)],
    "wirenboard_msw": [(4, 3, 9), (4, 280, 4)],
    "wirenboard_m1w2_di": [(4, 277, 2), (2, 0, 2), (4, 104, 2)],
    "haier_ycj_a002": [(1, 0, 1), (3, 0, 4), (4, 0, 3)],
}


@pytest.mark.parametrize("name", PLANS)
def test_the_plan_of_a_known_unit(name: str) -> None:
    assert blocks(catalog().get(name)) == PLANS[name]


def test_a_thermostat_is_read() -> None:
    of = catalog().get("smarttemp_smt131")
    told = {"occupancy_input", "request", "mode", "fan", "setpoint", "temperature", "temperature_remote"}
    first, second = plan(of, told)
    assert (first.address, first.count, second.address) == (3, 6, 32)
    state = decode(first, [1, 0, 2, 4, 3, 215], UNIT, of, NOON, 1)
    assert values(state) == {
        "occupancy_input": True,
        "doorbell": False,
        "request": "dnd",
        "mode": "auto",
        "fan": "auto",
        "setpoint": 21.5,
    }
    assert values(decode(second, [228, 0xFFCE], UNIT, of, NOON, 1)) == {"temperature": 22.8, "temperature_remote": -5.0}


def test_a_unit_is_recognised_by_its_identity_register() -> None:
    check = identity(catalog().get("smarttemp_smt131"))
    assert check is not None
    assert check.block == Block(3, 0, 1, ())
    assert check.matches([131])
    assert not check.matches([130])
    assert not check.matches([])
    assert identity(catalog().get("beca_bac_002aln")) is None


WRITES: list[tuple[str, Any, Write, Any]] = [
    ("setpoint", 21.5, Write(6, 8, (215,)), 21.5),
    ("setpoint", 21.3, Write(6, 8, (215,)), 21.5),
    ("setpoint", 5, Write(6, 8, (50,)), 5.0),
    ("request", "dnd", Write(6, 5, (2,)), "dnd"),
    ("mode", "vent", Write(6, 6, (1,)), "vent"),
    ("fan", "auto", Write(6, 7, (3,)), "auto"),
]


@pytest.mark.parametrize(("name", "value", "write", "shown"), WRITES)
def test_a_value_is_written_and_read_back(name: str, value: Any, write: Write, shown: Any) -> None:
    spec = catalog().get("smarttemp_smt131").points[name]
    assert encode(spec, value) == write
    assert expected(spec, value) == shown


NOT_WRITTEN: list[tuple[str, Any, str]] = [
    ("setpoint", 36, "range"),
    ("setpoint", float("nan"), "value"),
    ("setpoint", True, "value"),
    ("setpoint", None, "value"),
    ("mode", "heat", "value"),
    ("temperature", 20, "read_only"),
    ("occupancy_input", False, "read_only"),
]


@pytest.mark.parametrize(("name", "value", "reason"), NOT_WRITTEN)
def test_what_the_unit_cannot_take_is_refused(name: str, value: Any, reason: str) -> None:
    with pytest.raises(NotSupported) as refusal:
        encode(catalog().get("smarttemp_smt131").points[name], value)
    assert refusal.value.reason == reason


OTHER_WRITES: list[tuple[str, str, Any, Write]] = [
    ("relay", 'register = 7, table = "coil", type = "bool"', True, Write(5, 7, (1,))),
    ("relay", 'register = 7, type = "bool"', False, Write(6, 7, (0,))),
    ("setpoint", 'register = 7, type = "float32", word_order = "little"', 21.5, Write(16, 7, (0, 0x41AC))),
    ("setpoint", "register = 7, write_function = 16", 21, Write(16, 7, (21,))),
    (
        "mode",
        'register = 7, values = { 0 = "off", 1 = "heat" }, write_values = { off = 90, heat = 91 }',
        "heat",
        Write(6, 7, (91,)),
    ),
]


@pytest.mark.parametrize(("name", "wire", "value", "write"), OTHER_WRITES)
def test_a_write_of_each_kind(tmp_path: Path, name: str, wire: str, value: Any, write: Write) -> None:
    spec: PointSpec = profile(tmp_path, point(name, wire, "writable = true")).points[name]
    assert encode(spec, value) == write


def test_a_bit_of_a_shared_register_is_not_written_blindly(tmp_path: Path) -> None:
    spec = profile(tmp_path, point("relay", "register = 7, bit = 2", "writable = true")).points["relay"]
    with pytest.raises(NotSupported, match="read_only"):
        encode(spec, value=True)

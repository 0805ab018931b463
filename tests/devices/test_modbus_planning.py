"""Blocks around what a unit refused, deadlines by point, contacts between two reads, numbers of 64 bits, parts."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.catalog import Catalog
from devices.errors import NotSupported
from devices.modbus.decodings import as_bits, as_decimals, as_text, decodings, scales_for
from devices.modbus.edges import Edges
from devices.modbus.numbers import BYTE_ORDERS, WIDTHS, WORD_ORDERS, pack, unpack
from devices.modbus.pace import paces
from devices.modbus.plan import Block, Lessons, halves, plan
from devices.modbus.registers import Write, decode, encode, expected
from devices.model import Decoded, Device, Quality, Reading
from devices.problems import ConfigurationError
from tests.devices.codec import NOON, catalog, values
from tests.devices.test_modbus import blocks, point, profile, read

EIGHT = bytes.fromhex("0123456789abcdef")
LONG_ORDERS = [
    ("big", "big", "0123 4567 89ab cdef"),
    ("big", "little", "cdef 89ab 4567 0123"),
    ("big", "pairs", "4567 0123 cdef 89ab"),
    ("little", "big", "2301 6745 ab89 efcd"),
    ("little", "little", "efcd ab89 6745 2301"),
    ("little", "pairs", "6745 2301 efcd ab89"),
]


@pytest.mark.parametrize(("byte_order", "word_order", "sent"), LONG_ORDERS)
def test_a_number_of_64_bits_in_its_six_orders(byte_order: str, word_order: str, sent: str) -> None:
    words = tuple(int(word, 16) for word in sent.split())
    assert unpack(words, "uint64", byte_order, word_order) == int.from_bytes(EIGHT)
    assert pack(int.from_bytes(EIGHT), "uint64", byte_order, word_order) == words


@given(
    kind=st.sampled_from(sorted(WIDTHS)),
    byte_order=st.sampled_from(BYTE_ORDERS),
    word_order=st.sampled_from(WORD_ORDERS),
    number=st.integers(0, 32_767),
)
def test_every_number_comes_back_in_every_order(kind: str, byte_order: str, word_order: str, number: int) -> None:
    words = pack(number, kind, byte_order, word_order)
    assert len(words) == WIDTHS[kind]
    assert unpack(words, kind, byte_order, word_order) == number


def numbered(count: int, step: int = 1) -> str:
    return "".join(
        point(f"p{n}", f"register = {n * step}", 'kind = "number"\nminimum = 0\nmaximum = 9') for n in range(count)
    )


def test_a_point_that_is_not_there_is_not_read_across(tmp_path: Path) -> None:
    of = profile(tmp_path, numbered(10))
    lessons = Lessons({"p4": of.points["p4"]})
    assert [(b.address, b.count) for b in plan(of, None, lessons)] == [(0, 4), (5, 5)]


def test_a_hole_that_is_refused_stays_a_hole(tmp_path: Path) -> None:
    of = profile(tmp_path, point("temperature", "register = 0") + point("humidity", "register = 4"))
    assert blocks(of) == [(3, 0, 5)]
    assert [(b.address, b.count) for b in plan(of, None, Lessons(walls={(3, 4)}))] == [(0, 1), (4, 1)]
    assert [(b.address, b.count) for b in plan(of, None, Lessons(walls={(4, 4)}))] == [(0, 5)], "of another table"


def test_what_lies_in_a_block_is_told_with_it(tmp_path: Path) -> None:
    of = profile(tmp_path, numbered(5))
    (block,) = plan(of, {"p1", "p3"})
    assert (block.address, block.count, [p.name for p in block.points]) == (1, 3, ["p1", "p2", "p3"])


def test_halves_cover_the_whole(tmp_path: Path) -> None:
    of = profile(tmp_path, numbered(5, step=3))
    (block,) = plan(of)
    first, second = halves(block)
    assert [p.name for p in (*first.points, *second.points)] == ["p0", "p1", "p2", "p3", "p4"]
    assert (first.address, first.count, second.address, second.count) == (0, 4, 6, 7)


def test_alarms_are_read_often_and_meters_seldom() -> None:
    thermostat, meter = paces(catalog().get("smarttemp_smt131")), paces(catalog().get("eastron_sdm630"))
    assert (thermostat["request"], thermostat["temperature"], thermostat["firmware"]) == (2.0, 5.0, 600.0)
    assert (meter["power"], meter["energy"]) == (10.0, 60.0)
    contacts = paces(catalog().get("wirenboard_m1w2_di"))
    assert contacts["door"] == contacts["door_edges"] == 2.0


def test_a_line_may_have_a_pace_of_its_own(tmp_path: Path) -> None:
    of = profile(tmp_path, point("leak", 'register = 0, type = "bool"') + point("energy", "register = 1"))
    assert paces(of) == {"leak": 1.0, "energy": 60.0}
    of.wire["line_poll_s"] = 30.0
    assert paces(of) == {"leak": 30.0, "energy": 60.0}


def test_no_point_is_stale_between_two_reads() -> None:
    for of in (catalog().get(name) for name in catalog().ids()):
        if of.dialect == "modbus":
            for name, seconds in paces(of).items():
                fresh = of.points[name].freshness_s
                assert fresh is None or seconds * 2 < fresh, (of.id, name)


CONTACTS = Device("101_contacts", "floor-1", "wirenboard_m1w2_di", "5", "101")


def doors(polls: list[tuple[int, int]]) -> list[Any]:
    """What is told of the door when its counter and its input read so, poll by poll."""
    of = catalog().get("wirenboard_m1w2_di")
    edges, told = Edges(CONTACTS, of), []
    counters, levels = plan(of)[:2]
    assert (counters.function, levels.function) == (4, 2), "the counter is read first"
    for count, level in polls:
        for block, words in ((counters, [count, 0]), (levels, [level, 1])):
            facts = edges.fold(decode(block, words, CONTACTS, of, NOON, 1)).facts
            told += [fact.value for fact in facts if isinstance(fact, Reading) and fact.point == "door"]
    return told


OPEN, CLOSED = 0, 1


def test_a_door_that_opened_and_closed_between_two_reads_is_told() -> None:
    assert doors([(7, CLOSED), (9, CLOSED)]) == ["closed", "open", "closed"]
    assert doors([(7, OPEN), (8, OPEN)]) == ["open", "closed", "open"], "of a unit that counts one of two edges"


def test_a_door_that_was_seen_to_open_is_not_told_twice() -> None:
    assert doors([(7, CLOSED), (8, OPEN), (8, OPEN), (9, CLOSED)]) == ["closed", "open", "open", "closed"]
    assert doors([(7, CLOSED), (7, OPEN), (8, OPEN)]) == ["closed", "open", "open"], (
        "counted a moment after it was seen"
    )


def test_a_counter_begins_again() -> None:
    assert doors([(65_535, CLOSED), (1, CLOSED)]) == ["closed", "open", "closed"]


def test_a_unit_that_was_away_tells_nothing_of_meanwhile() -> None:
    edges = Edges(CONTACTS, catalog().get("wirenboard_m1w2_di"))
    edges.fold(said("door_edges", 7))
    edges.fold(said("door", "closed"))
    edges.forget()
    edges.fold(said("door_edges", 90))
    assert len(edges.fold(said("door", "closed")).facts) == 1


def said(name: str, value: Any) -> Decoded:
    return Decoded((Reading(CONTACTS.id, "101", name, value, Quality.GOOD, None, NOON, 1),))


def test_a_counter_that_is_not_in_the_profile_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="counted_by"):
        profile(tmp_path, point("leak", 'register = 0, type = "bool", counted_by = "nothing"'))


PRESENCE = "register = 23, mask = 0x7, write_enable = 15, values = { 1 = 'auto', 2 = 'eco', 4 = 'off' }"


def test_a_part_of_a_register_is_written_with_its_enabling_bit(tmp_path: Path) -> None:
    spec = profile(tmp_path, point("mode", PRESENCE, "writable = true")).points["mode"]
    assert encode(spec, "eco") == Write(6, 23, (0x8002,))
    assert expected(spec, "eco") == "eco"
    bit = profile(tmp_path, point("relay", "register = 3, bit = 2, write_enable = 8", "writable = true"))
    assert encode(bit.points["relay"], value=True) == Write(6, 3, (0x0104,))


def test_what_does_not_fit_its_mask_is_refused(tmp_path: Path) -> None:
    extra = 'kind = "number"\nminimum = 0\nmaximum = 99\nwritable = true'
    spec = profile(tmp_path, point("level", "register = 1, mask = 0x70, write_enable = 15", extra)).points["level"]
    assert encode(spec, 7).words == (0x8070,)
    with pytest.raises(NotSupported, match="range"):
        encode(spec, 8)


@pytest.mark.parametrize("wire", ["register = 1, write_enable = 15", "register = 1, bit = 3, write_enable = 3"])
def test_an_enabling_bit_needs_a_part_beside_it(tmp_path: Path, wire: str) -> None:
    with pytest.raises(ConfigurationError, match="write_enable"):
        profile(tmp_path, point("relay", wire))


def test_every_plausible_reading_is_offered() -> None:
    words = list(pack(230.2, "float32", "big", "little"))
    found = {(one.type, one.order): one for one in decodings(words)}
    right = found["float32", "CDAB"]
    assert right.value == pytest.approx(230.2, abs=1e-4)
    assert right.wire == 'type = "float32", word_order = "little"'
    assert all(abs(one.value) <= 1e12 for one in found.values())
    assert scales_for(2_302, 230.2) == (0.1,)


@given(words=st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=4))
def test_any_words_have_readings_that_say_how_to_get_them(words: list[int]) -> None:
    offered = decodings(words)
    assert offered
    for one in offered:
        assert pack(one.value, one.type, one.byte_order, one.word_order) == tuple(words[: one.words])


def test_flags_letters_and_digits() -> None:
    assert as_bits(0b1000_0000_0000_0101) == "0 2 15"
    assert as_text([0x4558, 0x3331]) == "EX31"
    assert as_text([1, 2]) is None
    assert as_decimals(0x2150) == 2150
    assert as_decimals(0x215A) is None


def test_limits_of_a_unit_hold_for_bits_too(tmp_path: Path) -> None:
    bits = "".join(
        point(f"b{n}", f'register = {n}, table = "coil", type = "bool"', 'kind = "boolean"') for n in range(40)
    )
    assert [(b.address, b.count) for b in plan(profile(tmp_path, bits, "max_bits = 16"))] == [
        (0, 16),
        (16, 16),
        (32, 8),
    ]


def test_a_long_meter_reading(tmp_path: Path) -> None:
    of = profile(tmp_path, point("energy", 'register = 0, type = "uint64", word_order = "pairs", scale = 0.001'))
    words = list(pack(1_234_567, "uint64", "big", "pairs"))
    assert values(read(of, words)) == {"energy": 1234.567}


def test_all_profiles_can_be_planned_within_their_limits() -> None:
    found: list[Block] = []
    for of in map(Catalog.load().get, catalog().ids()):
        if of.dialect == "modbus":
            assert {p.name for block in plan(of) for p in block.points} == set(of.points)
            found += plan(of)
    assert max(block.count for block in found if block.function > 2) <= 125

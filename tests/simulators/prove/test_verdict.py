"""The verdict finds each kind of fault in records made by hand, and none where there is none."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulators.prove.records import Answered, Held, Ordered, Records, Row, Said, Shown, Span, Written
from simulators.prove.verdict import LATE_S, Verdict, judge

AT = 1_800_000_000.0
ANSWER = (215).to_bytes(2, "big") + b"\0\0" + b"\1\1" + b"\x08\x98"


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    """A door, a lock event, a leak, an answer, a screen, an order: all as it should be."""
    made = Records(tmp_path / "acknowledged")
    for number, device, kind, value in (
        (1, "101_door", "door", "open"),
        (2, "101_lock", "access", "p2"),
        (3, "101_leak1", "alarm", "on"),
    ):
        said = made.said[number] = Said(number, device, kind, value, AT)
        made.acknowledged(said, AT + 0.01)
    made.answered["101"].append(Answered(AT, ANSWER))
    made.shown.append(Shown(AT + 1, AT + 1, "101", 21.5, 1))
    made.ordered.append(Ordered("job", "101", 5.01, AT + 3))
    made.written.append(Written(AT + 1, "101", 5.01))
    yield made
    made.close()


def row(number: int, device: str, received: float = AT + 0.1, *, retained: bool = False) -> Row:
    """A message in the journal."""
    return Row(f"field zigbee2mqtt/{device}", received, retained, json.dumps({"number": number}).encode())


def unit(source: str, received: float, words: bytes) -> Row:
    """A unit's answer in the journal."""
    return Row(source, received, retained=False, payload=words)


JOURNAL = [row(1, "101_door"), row(2, "101_lock"), row(3, "101_leak1"), unit("floor-1 unit 1", AT + 0.1, ANSWER)]
HELD = Held(
    journal=JOURNAL,
    access=["p2"],
    alarms={"101_leak1": 1},
    doors={"101": "open"},
    commands={"job": "done"},
    seen={1: AT + 0.2, 2: AT + 0.2, 3: AT + 0.2},
    seen_in_pms={2: AT + 0.5},
)


def counts(verdict: Verdict) -> dict[str, int]:
    """Those that are not 0."""
    names = ("lost", "duplicated", "late", "wrong", "by_broker")
    return {name: getattr(verdict, name) for name in names if getattr(verdict, name)}


def test_a_good_run_is_good(records: Records) -> None:
    verdict = judge(records, HELD)
    assert (verdict.good, verdict.sent, counts(verdict)) == (True, 3, {})
    assert [json.loads(line)["number"] for line in _lines(records)] == [1, 2, 3]


def _lines(records: Records) -> list[str]:
    records.close()
    return records.path.read_text().splitlines()


@pytest.mark.parametrize(
    ("found", "held"),
    [
        ({"lost": 1}, {"journal": JOURNAL[1:]}),
        ({"duplicated": 1}, {"journal": [*JOURNAL, row(1, "101_door")]}),
        ({}, {"journal": [*JOURNAL, row(2, "101_lock", AT + 50, retained=True)]}),
        ({"wrong": 1}, {"journal": [*JOURNAL[1:], row(1, "102_door")]}),
        ({"wrong": 1}, {"journal": [*JOURNAL, row(9, "101_door")]}),
        ({"wrong": 1}, {"journal": [row(1, "101_door", AT - 3600), *JOURNAL[1:]]}),
        ({"wrong": 1}, {"journal": [*JOURNAL[:3], unit("floor-1 unit 2", AT + 0.1, ANSWER)]}),
        ({"wrong": 1}, {"journal": [*JOURNAL[:3], unit("floor-1 unit 1", AT + 30, ANSWER)]}),
        ({}, {"journal": [*JOURNAL, unit("floor-1 unit 1", AT + 30, b"")]}),
        ({"lost": 1}, {"access": []}),
        ({"duplicated": 1}, {"access": ["p2", "p2"]}),
        ({"lost": 1}, {"alarms": {}}),
        ({"duplicated": 1}, {"alarms": {"101_leak1": 2}}),
        ({"wrong": 1}, {"alarms": {"101_leak1": 1, "105_unit": 1}}),
        ({"wrong": 1}, {"doors": {"101": "closed"}}),
        ({"late": 1}, {"seen": HELD.seen | {1: AT + LATE_S + 1}}),
        ({"late": 1}, {"seen_in_pms": {2: AT + LATE_S + 1}}),
        ({"lost": 1}, {"commands": {"job": "sent"}}),
        ({"lost": 1}, {"commands": {}}),
        ({"wrong": 1}, {"commands": {"job": "expired"}}),
    ],
)
def test_what_the_product_holds_is_judged(records: Records, found: dict[str, int], held: dict[str, Any]) -> None:
    assert counts(judge(records, replace(HELD, **held))) == found


def test_what_the_simulators_saw_is_judged(records: Records) -> None:
    records.shown.append(Shown(AT + 1, AT + 1, "101", 55.5, 1))
    records.shown.append(Shown(AT + 60, AT + 60, "101", 21.5, 1))
    records.written.append(Written(AT + 2, "101", 5.01))
    records.written.append(Written(AT + 9, "101", 5.01))
    records.written.append(Written(AT + 2, "102", 7.0))
    verdict = judge(records, HELD)
    assert counts(verdict) == {"wrong": 5}
    assert "55.5 on the screen" in verdict.examples["wrong"][0]
    assert "shown as 1 s" in verdict.examples["wrong"][1]


def test_what_is_called_done_and_was_not_is_wrong(records: Records) -> None:
    records.written.clear()
    assert counts(judge(records, HELD)) == {"wrong": 1}
    assert counts(judge(records, replace(HELD, commands={"job": "unknown"}))) == {}


def test_a_fault_that_is_under_way_excuses_delay_and_no_loss(records: Records) -> None:
    records.spans.append(Span("disk_full", AT - 1, AT + 100))
    late: dict[str, Any] = {"seen": HELD.seen | {1: AT + 110}, "journal": [row(1, "101_door", AT + 101), *JOURNAL[1:]]}
    assert counts(judge(records, replace(HELD, **late))) == {}
    assert counts(judge(records, replace(HELD, journal=JOURNAL[1:]))) == {"lost": 1}


def test_what_a_killed_broker_had_in_hand_is_counted_apart(records: Records) -> None:
    records.spans.append(Span("broker_killed", AT + 1, AT + 2))
    assert counts(judge(records, replace(HELD, journal=JOURNAL[1:]))) == {"by_broker": 1}
    records.spans[0] = Span("broker_killed", AT + 30, AT + 31)
    assert counts(judge(records, replace(HELD, journal=JOURNAL[1:]))) == {"lost": 1}

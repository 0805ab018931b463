"""The documented mix is the one that is simulated."""

from dataclasses import fields
from pathlib import Path

import pytest

from simulators.truth_machine.parameters import Equipment, Errors, FaultRates, Guests, Movement, Rounds, Seasons

PAGE = Path(__file__).parents[3] / "docs" / "truth-machine.md"


def written(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {number:g}" for key, number in value.items())
    if isinstance(value, tuple):
        return " to ".join(f"{number:g}" for number in value)
    return f"{value:.4g}"


@pytest.mark.parametrize("table", [Guests, Movement, Rounds, Equipment, Errors, FaultRates, Seasons])
def test_every_constant_is_in_the_documents_as_it_is(table: type) -> None:
    text = PAGE.read_text()
    for one in fields(table):
        value = getattr(table(), one.name)
        said = "1 in 55 %, 2 in 40 %, 3 in 5 %" if one.name == "parties" else written(value)
        assert f"| `{one.name}` | {said} |" in text

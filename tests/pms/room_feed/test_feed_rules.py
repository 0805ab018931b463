"""Rules of the room feed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pms.link.messages import RoomBody
from pms.room_feed.rules import (
    SILENT_AFTER,
    changes,
    is_newer,
    signature,
    silent,
    temperature_moved,
)

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def body(**changed: Any) -> dict[str, Any]:
    return RoomBody(room="101", version=1, at=NOW, **changed).model_dump(mode="json")


def test_a_later_version_and_a_later_epoch_are_newer() -> None:
    assert is_newer(1, 5, None)
    assert is_newer(1, 6, (1, 5))
    assert not is_newer(1, 5, (1, 5))
    assert is_newer(2, 1, (1, 900))
    assert not is_newer(1, 901, (2, 1))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"occupancy": {"value": "occupied"}}, ["occupancy"]),
        ({"door": {"value": "open"}}, ["door"]),
        ({"lock": {"value": "locked", "stale": True}}, ["lock"]),
        ({"request": {"value": "dnd"}}, ["request"]),
        ({"cleaning": {"phase": "in_progress"}}, ["cleaning"]),
        ({"conditions": ["leak"]}, ["conditions"]),
        ({"climate": {"setpoint_c": 22.0}}, ["climate"]),
        ({"climate": {"temperature_c": 21.8}}, []),
        ({"occupancy": {"confidence": 0.4, "heard": NOW.isoformat()}}, []),
    ],
)
def test_what_is_worth_telling(changed: dict[str, Any], told: list[str]) -> None:
    assert changes(signature(body()), signature(body(**changed))) == told


def test_the_first_state_of_a_room_is_told_whole() -> None:
    assert "occupancy" in changes(None, signature(body()))


def test_a_temperature_is_told_in_steps_of_half_a_degree() -> None:
    assert not temperature_moved(21.0, 21.4)
    assert temperature_moved(21.0, 21.5)
    assert temperature_moved(21.0, None)
    assert temperature_moved(None, 21.0)
    assert not temperature_moved(None, None)


def test_an_edge_never_heard_is_silent() -> None:
    assert silent(None, NOW)
    assert not silent(NOW - SILENT_AFTER, NOW)
    assert silent(NOW - SILENT_AFTER - timedelta(seconds=1), NOW)

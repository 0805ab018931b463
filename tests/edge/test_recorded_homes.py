"""The rooms' logic on recorded homes: what must be reached, with the one parameter set there is."""

from pathlib import Path

import pytest

from edge.room_bench import RECORDINGS, Recording, absent, meets, reached

pytestmark = pytest.mark.skipif(bool(absent()), reason="the recorded homes are not at hand")


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda one: one.name)
def test_what_must_be_reached_is(recording: Recording, tmp_path: Path) -> None:
    values = reached(recording, tmp_path)
    assert meets(values, recording.must), values
    if len(recording.must) > 1:
        assert values[-1] == 0, "nobody asleep is called away"

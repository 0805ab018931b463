"""What a broker's answers mean, and which version it is spoken to."""

import pytest

from gateway.lines.mqtt_codes import Speech, order_refusal


@pytest.mark.parametrize(
    ("code", "meaning"),
    [(0, None), (16, "nobody_listens"), (135, "not_allowed"), (151, "broker_refused"), (128, "broker_refused")],
)
def test_the_answer_to_an_order(code: int, meaning: str | None) -> None:
    assert order_refusal(code) == meaning


@pytest.mark.parametrize(
    ("causes", "version"),
    [
        (["protocol"], 4),
        (["timeout"], 4),
        (["closed"], 5),
        (["closed", "closed"], 4),
        (["credentials"] * 5, 5),
        (["protocol", "closed"], 5),
        (["timeout", "timeout", "timeout"], 4),
    ],
)
def test_an_older_version_is_spoken_only_where_it_has_to_be(causes: list[str], version: int) -> None:
    speech = Speech(5)
    for cause in causes:
        speech.failed(cause)
    assert speech.version == version
    speech.ended()
    assert speech.version == 5


def test_who_wants_the_old_one_speaks_no_other() -> None:
    speech = Speech(4)
    for cause in ("protocol", "closed", "closed", "timeout"):
        speech.failed(cause)
        assert speech.version == 4

"""What is said of an order: every reason there can be has its words, and no step goes back."""

import re
from pathlib import Path

import pytest

from devices.command_reasons import COMMAND_REASONS, OTHER_REASON
from devices.points import POINT_KINDS
from pms.kernel.i18n import Translator
from pms.room_feed.command_rules import (
    END_STATES,
    OPEN_RESPONSES,
    POINTS,
    PROGRESS,
    RESPONSES,
    VERIFIED,
    advice,
    progressed,
    takers,
    wrong_type,
)
from pms.web.assembly import CATALOGUES

ROOT = Path(__file__).parents[3]
TRANSLATOR = Translator.load(CATALOGUES)
ALL_STATES = (*PROGRESS, *END_STATES)
GIVEN = (
    re.compile(r"""CommandState\.(?:FAILED|EXPIRED|UNKNOWN), "(\w+)\""""),
    re.compile(r"""NotSupported\(\s*"(\w+)\""""),
    re.compile(r"""RequestError\("(\w+)\""""),
    re.compile(r"""return "(nobody_listens|not_allowed|broker_refused)\""""),
    re.compile(r"""if up else "(\w+)\""""),
    re.compile(r""""(\w+)" if up else"""),
    re.compile(r"""LineDownError\("(closed|unplugged)\""""),
    re.compile(r"""None if answer\.accepted else "(\w+)\""""),
)
PLACES = [ROOT / "gateway", ROOT / "devices", ROOT / "edge"]
NOT_OF_COMMANDS = {"encoders", "home_assistant", "presence.py"}


def test_every_reason_that_is_given_is_declared() -> None:
    found: set[str] = set()
    for folder in PLACES:
        for path in folder.rglob("*.py"):
            if not NOT_OF_COMMANDS & set(path.parts):
                found |= {match[1] for pattern in GIVEN for match in pattern.finditer(path.read_text("utf-8"))}
    assert {"superseded", "too_soon", "wrong_identity", "not_stored", "restarted", "range", "nobody_listens"} <= found
    assert found - COMMAND_REASONS == set()


def test_every_reason_has_a_response_and_every_word_its_text() -> None:
    assert COMMAND_REASONS | {OTHER_REASON} == set(RESPONSES)
    responses = {*RESPONSES.values(), *OPEN_RESPONSES.values(), "nothing_to_do"}
    keys = {f"order_reason.{code}" for code in RESPONSES} | {f"order_response.{code}" for code in responses}
    keys |= {f"order_state.{state}" for state in ALL_STATES} | {f"order_step.{step}" for step in (*PROGRESS, VERIFIED)}
    for language in ("en", "zh-CN"):
        assert sorted(key for key in keys if not TRANSLATOR.has(language, key)) == []
    spoken = {key for key in TRANSLATOR.keys("en") if key.startswith(("order_reason.", "order_response."))}
    assert spoken <= keys, "a text that nobody says"


def test_every_refusal_and_every_choice_has_its_text() -> None:
    source = "".join(
        (ROOT / "pms/room_feed" / name).read_text("utf-8")
        for name in ("commands.py", "command_rules.py", "command_views.py")
    )
    reasons = set(re.findall(r"""Reason\("(\w+)\"""", source))
    assert len(reasons) >= 7
    keys = {f"reason.{reason}" for reason in reasons} | {f"point.{point}" for point in POINTS}
    for group, point in (("mode", "mode"), ("fan", "fan"), ("control_lock", "lock")):
        keys |= {f"{group}.{choice}" for choice in POINT_KINDS[point].choices}
    for language in ("en", "zh-CN"):
        assert sorted(key for key in keys if not TRANSLATOR.has(language, key)) == []


@pytest.mark.parametrize("reason", sorted(COMMAND_REASONS))
def test_an_unknown_outcome_is_never_answered_with_order_again(reason: str) -> None:
    told = advice("unknown", reason)
    assert told.happened == reason
    assert told.response in ("go_and_look", "look_at_later_order")


def test_a_reason_of_a_newer_edge_is_not_dropped() -> None:
    assert advice("failed", "haunted").happened == OTHER_REASON
    assert advice("expired", None).happened == "deadline"
    assert advice("done", None).response == "nothing_to_do"


@pytest.mark.parametrize("state", ALL_STATES)
@pytest.mark.parametrize("told", [*ALL_STATES, "nonsense"])
def test_no_step_goes_back_and_no_end_is_changed(state: str, told: str) -> None:
    news = progressed(state, None, told)
    if state in END_STATES:
        assert not news
    elif told in PROGRESS:
        assert news == (PROGRESS.index(told) > PROGRESS.index(state))
    else:
        assert news == (told in END_STATES)


def test_only_no_answer_gives_way_to_a_late_word() -> None:
    assert progressed("unknown", "no_answer", "done")
    assert not progressed("unknown", "no_answer", "unknown")
    assert not progressed("unknown", "no_answer", "sent")
    assert not progressed("unknown", "restarted", "done")


def test_what_an_edge_tells_amiss_is_left_alone() -> None:
    told = [
        {"point": "setpoint", "kind": "choice"},
        {"point": "key_sequence", "kind": "number"},
        {},
        {"point": "relay"},
    ]
    assert takers("d", told) == []
    (taker,) = takers("d", [{"point": "setpoint", "kind": "number", "minimum": True, "maximum": "30", "choices": None}])
    assert (taker.minimum, taker.maximum) == (None, None)


@pytest.mark.parametrize(
    ("point", "value", "wrong"),
    [
        ("setpoint", float("nan"), True),
        ("setpoint", True, True),
        ("relay", 1, True),
        ("lock", "not_fully_locked", True),
        ("lock", "locked", False),
        ("mode", 3, True),
        ("setpoint", 21, False),
    ],
)
def test_kinds_of_values(point: str, value: object, wrong: bool) -> None:
    assert wrong_type(point, value) is wrong

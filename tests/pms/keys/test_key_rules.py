"""The rules of keys as tables: jobs, lives, sequences, windows, refusals, advice in both languages."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.encoders import jobs as encoder_jobs
from pms.kernel.i18n import Translator
from pms.keys import api, found, rules
from pms.keys.advice import DONE, OPEN, OTHER, RESPONSES, advice
from pms.keys.rules import ENDS, PROGRESS, JobState, KeySettings, KeyType, Life
from pms.keys.sources import Encoder, encoder_refusals
from pms.web.assembly import CATALOGUES

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
TRANSLATOR = Translator.load(CATALOGUES)
S = JobState


@pytest.mark.parametrize(
    ("state", "reason", "told", "after"),
    [
        (S.ACCEPTED, None, S.QUEUED, S.QUEUED),
        (S.ACCEPTED, None, S.CHECKING, S.CHECKING),
        (S.WRITING, None, S.WAITING, None),
        (S.WRITING, None, S.WRITING, None),
        (S.WAITING, None, S.EXPIRED, S.EXPIRED),
        (S.CONFIRMED, None, S.FAILED, None),
        (S.FAILED, "no_card", S.CONFIRMED, None),
        (S.UNKNOWN, "restarted", S.CONFIRMED, None),
        (S.UNKNOWN, "no_answer", S.CONFIRMED, S.CONFIRMED),
        (S.UNKNOWN, "restored", S.EXPIRED, S.EXPIRED),
        (S.UNKNOWN, "no_answer", S.WRITING, None),
    ],
)
def test_where_a_job_is_after_a_word(state: S, reason: str | None, told: S, after: S | None) -> None:
    assert rules.progress(state, reason, told) is after


WORDS = st.lists(st.tuples(st.sampled_from([*S]), st.sampled_from(["no_card", "restarted", "line_down"])))


@given(WORDS)
def test_any_words_in_any_order_end_a_job_once_and_never_move_it_back(words: list[tuple[S, str]]) -> None:
    state, reason = S.ACCEPTED, None
    order = [*PROGRESS, *sorted(ENDS)]
    ends = 0
    for told, why in words:
        after = rules.progress(state, reason, told)
        if after is None:
            continue
        assert state not in ENDS
        assert after in ENDS or order.index(after) > order.index(state)
        ends += after in ENDS
        state, reason = after, why
    assert ends <= 1
    assert (ends == 1) == (state in ENDS) == any(told in ENDS for told, _ in words)


@pytest.mark.parametrize(("life", "ended"), [*product(Life, sorted(ENDS))])
def test_nothing_that_ended_opens_again(life: Life, ended: S) -> None:
    after = rules.life_after(life, ended)
    assert after is life or after in rules.LIFE[life]
    if life in {Life.ENDED, Life.NEVER}:
        assert after is not Life.ACTIVE
    if life is Life.PENDING:
        assert after is (Life.ACTIVE if ended in {S.CONFIRMED, S.UNKNOWN} else Life.NEVER)


@pytest.mark.parametrize(
    ("kind", "current", "own"),
    [
        (KeyType.NEW, None, True),
        (KeyType.NEW, 4, True),
        (KeyType.REPLACE, 4, True),
        (KeyType.DUPLICATE, 4, False),
        (KeyType.ONE_SHOT, 4, False),
        (KeyType.ONE_SHOT, None, True),
    ],
)
def test_which_keys_have_a_sequence_of_their_own(kind: KeyType, current: int | None, own: bool) -> None:
    assert rules.takes_next_sequence(kind, current) is own


@pytest.mark.parametrize(("kind", "ended"), [*product(KeyType, sorted(ENDS))])
def test_only_a_new_key_that_may_be_there_ends_the_earlier(kind: KeyType, ended: S) -> None:
    expected = kind in {KeyType.NEW, KeyType.REPLACE} and ended in {S.CONFIRMED, S.UNKNOWN}
    assert rules.ends_earlier(kind, ended) is expected


@pytest.mark.parametrize(
    ("departure", "settings", "until"),
    [
        (date(2026, 11, 24), KeySettings(), "2026-11-24T11:00:00+00:00"),
        (date(2026, 11, 24), KeySettings(time(10, 30), 45), "2026-11-24T10:15:00+00:00"),
        (date(2027, 7, 1), KeySettings(), "2027-07-01T10:00:00+00:00"),  # summer time
        (date(2027, 3, 28), KeySettings(time(2, 30)), "2027-03-28T01:30:00+00:00"),  # half past two that night is not
    ],
)
def test_a_key_ends_at_the_check_out_time_of_the_hotel(departure: date, settings: KeySettings, until: str) -> None:
    begins, ends = rules.window(NOON + timedelta(microseconds=5), departure, settings, BERLIN)
    assert (begins, ends.isoformat()) == (NOON, until)


def test_settings_are_read_from_what_is_kept() -> None:
    assert KeySettings.of(None) == KeySettings.of({}) == KeySettings(time(12), 0, 60)
    assert KeySettings.of({"check_out_time": "11:00:00", "grace_minutes": 15}) == KeySettings(time(11), 15, 60)


def request(**more: Any) -> rules.Request:
    told: dict[str, Any] = {"kind": KeyType.NEW, "room": "101", "stay_state": "in_house", "holds_room": True}
    told |= {"has_key": True, "valid_from": NOON, "valid_until": NOON + timedelta(days=1)}
    return rules.Request(**(told | more))


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({}, []),
        ({"kind": KeyType.DUPLICATE}, []),
        ({"kind": KeyType.DUPLICATE, "has_key": False}, ["no_key_to_duplicate"]),
        ({"kind": KeyType.ONE_SHOT, "has_key": False}, []),
        ({"stay_state": "confirmed"}, ["stay_confirmed"]),
        ({"stay_state": "checked_out", "kind": KeyType.DUPLICATE, "has_key": False}, None),
        ({"holds_room": False}, ["room_not_given"]),
        ({"valid_until": NOON}, ["check_out_time_passed"]),
        ({"room": "A" * 16}, []),
        ({"room": "A" * 17}, ["room_number_too_long"]),
        ({"room": "房" * 6}, ["room_number_too_long"]),
        ({"unseen": ["key_1"]}, ["unknown_key"]),
        ({"unseen": ["key_1"], "kind": KeyType.REPLACE}, []),  # a lost card: the door is shut at once
        ({"unseen": ["key_1"], "kind": KeyType.DUPLICATE}, []),
    ],
)
def test_what_speaks_against_a_key(changed: dict[str, Any], codes: list[str] | None) -> None:
    told = [reason.code for reason in rules.issue_refusals(request(**changed))]
    assert told == (["stay_checked_out", "no_key_to_duplicate"] if codes is None else codes)
    assert all(TRANSLATOR.has(language, f"reason.{code}") for code in told for language in ("en", "zh-CN"))


@pytest.mark.parametrize("state", JobState)
def test_a_job_can_be_given_up_until_it_writes(state: S) -> None:
    told = [reason.code for reason in rules.cancel_refusals(state)]
    ended, writing = state in ENDS, state in {S.WRITING, S.CHECKING}
    assert told == (["job_ended"] if ended else ["job_writing"] if writing else [])


@pytest.mark.parametrize(
    ("state", "codes"), [("up", []), ("starting", []), ("down", ["encoder_down"]), ("unknown", ["edge_silent"])]
)
def test_which_encoder_takes_a_job(state: str, codes: list[str]) -> None:
    assert [reason.code for reason in encoder_refusals(Encoder("desk-1", "desk-1", state, busy=True))] == codes


def _reasons_of_encoders() -> set[str]:
    """The codes the contract of the encoders names."""
    said = (encoder_jobs.CardResult.__doc__ or "").partition("well:")[2].partition(". EXPIRED")[0]
    told = said.partition("EXPIRED and FAILED")[0].replace("(EXPIRED: nobody placed one before the deadline)", "")
    told = told.replace("(MIFARE Classic, not switched on)", "")
    return {code.strip(" .\n") for code in told.split(",")} - {""}


def test_there_is_advice_for_every_way_a_job_can_end() -> None:
    reasons = _reasons_of_encoders()
    assert {"no_card", "unsafe_card", "restarted"} <= reasons
    assert reasons - set(RESPONSES) == set()


TASKS = ("write", "read", "erase")
CASES = [(state, reason, task) for state in S for reason in (*RESPONSES, "moon_phase", None) for task in TASKS]


def test_all_advice_is_in_both_languages() -> None:
    for state, reason, task in CASES:
        told = advice(state, reason, task)
        for language in ("en", "zh-CN"):
            assert TRANSLATOR.has(language, f"advice.{told.response}"), told
            assert told.happened is None or TRANSLATOR.has(language, f"happened.{told.happened}"), told
        assert (told.happened is None) == (state in {*PROGRESS, S.CONFIRMED})


def test_what_is_said_at_an_end_fits_it() -> None:
    assert advice(S.EXPIRED, None).code == "no_card"
    assert advice(S.FAILED, "moon_phase").code == OTHER
    assert advice(S.UNKNOWN, "line_down").response == "read_card_first"
    assert advice(S.UNKNOWN, "line_down", "read").response == "repeat"
    assert set(OPEN) == set(PROGRESS)
    assert set(DONE) == set(TASKS)


GROUPS = {
    "encoder_state": {"up", "down", "starting", "unknown"},
    "opens": {*found.PROBLEMS, "ended", "replaced", "expired", "not_yet", "one_shot_used"}
    | {"never_made", "unknown_to_ledger", "ended_still_opens"},
    "life_reason": {"replaced", "checked_out", "check_in_reversed", "stay_cancelled", "moved", "used", "expired"}
    | {"overwritten", "erased"}
    | set(get_args(api.EndBody.model_fields["reason"].annotation)),
    "evidence": {"ended_key_opened", "unknown_key_opened"},
    "reason": {"keys_end_before_departure", "same_room", "room_not_given", "encoder_unknown", "encoder_needed"}
    | {"no_encoder", "encoder_down", "edge_silent", "key_ended", "key_never_made", "room_vacant"},
    "action": {"move", "key"},
}


@pytest.mark.parametrize("group", GROUPS)
def test_every_code_has_its_text(group: str) -> None:
    missing = {code for code in GROUPS[group] if not TRANSLATOR.has("zh-CN", f"{group}.{code}")}
    assert sorted(missing) == []

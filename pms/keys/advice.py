"""What to do about a job at an encoder, by how it is or how it ended: codes, whose texts the catalogues hold."""

from dataclasses import dataclass

from pms.keys.rules import ENDS, JobState

OTHER = "cause_not_known"
"""A reason this release has not heard of: shown, not dropped."""

RESPONSES: dict[str, str] = {
    "no_card": "place_card_and_repeat",
    "cancelled": "repeat_if_wanted",
    "card_removed": "leave_card_and_repeat",
    "card_changed": "one_card_and_repeat",
    "write_failed": "take_another_card",
    "not_verified": "take_another_card",
    "unsafe_card": "take_hotel_card",
    "unsupported_card": "take_hotel_card",
    "card_too_small": "take_hotel_card",
    "foreign_card": "erase_or_another_card",
    "read_failed": "turn_card_and_repeat",
    "room_too_long": "tell_manager",
    "encoder_silent": "check_encoder",
    "encoder_garbled": "check_encoder",
    "encoder_error": "check_encoder",
    "line_down": "check_encoder",
    "unknown_encoder": "tell_manager",
    "restarted": "repeat",
    "no_answer": "repeat",
    "restored": "repeat",
    OTHER: "repeat",
}
"""What to do when a job ended with this reason and no card came of it: every reason of `CardResult`, and our own."""

OPEN: dict[JobState, str] = {
    JobState.ACCEPTED: "wait_for_encoder",
    JobState.QUEUED: "wait_for_encoder",
    JobState.WAITING: "place_card",
    JobState.WRITING: "leave_card",
    JobState.CHECKING: "leave_card",
}
DONE = {"write": "hand_card_over", "read": "see_card", "erase": "card_is_blank"}
CHECK_CARD = "read_card_first"
"""After an unknown end: whether a card was made can only be seen on the card itself."""


@dataclass(frozen=True, slots=True)
class Advice:
    """`happened`: a code of what happened, None while nothing went wrong; `response`: a code of what to do."""

    code: str
    happened: str | None
    response: str


def advice(state: JobState, reason: str | None, task: str = "write") -> Advice:
    """What a clerk is told of a job."""
    if state not in ENDS:
        return Advice(state.value, None, OPEN[state])
    if state is JobState.CONFIRMED:
        return Advice(state.value, None, DONE[task])
    happened = reason if reason in RESPONSES else "no_card" if state is JobState.EXPIRED else OTHER
    if state is JobState.UNKNOWN:
        response = CHECK_CARD if task != "read" else "repeat"
        return Advice(f"unknown_{happened}", happened, response)
    return Advice(happened, happened, RESPONSES[happened])

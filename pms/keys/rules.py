"""Pure rules of key cards: how a job ends, how long a key lives, which sequence it carries, when it opens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from pms.kernel import clock
from pms.kernel.errors import Reason

LONGEST_ROOM = 16
"""Bytes of a room's number that fit on a card."""

NO_ANSWER, RESTORED, CANCELLED = "no_answer", "restored", "cancelled"
_OUR_GUESSES = frozenset({NO_ANSWER, RESTORED})
ANSWER_WITHIN = timedelta(seconds=30)
"""How long after its deadline a job may stay without an answer before it is called unknown."""

SEQUENCES_SKIPPED, CREDENTIALS_SKIPPED = 1_000, 100_000
"""By how much the counters jump after a restore: cards made since the backup was taken carry numbers above its own."""


class KeyType(StrEnum):
    """What kind of key is asked for (FIAS KT: N, D, O; a replacement is a new one for a card that was lost)."""

    NEW = "new"
    DUPLICATE = "duplicate"
    REPLACE = "replace"
    ONE_SHOT = "one_shot"


class JobState(StrEnum):
    """How far a job at an encoder is, or how it ended (design section 3)."""

    ACCEPTED = "accepted"
    QUEUED = "queued"
    WAITING = "waiting"
    WRITING = "writing"
    CHECKING = "checking"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


PROGRESS = (JobState.ACCEPTED, JobState.QUEUED, JobState.WAITING, JobState.WRITING, JobState.CHECKING)
"""The open states in their order: a job never goes back."""

ENDS = frozenset(JobState) - set(PROGRESS)
CANCELLABLE = frozenset({JobState.ACCEPTED, JobState.QUEUED, JobState.WAITING})
"""States in which nothing has been written yet."""


class Life(StrEnum):
    """What has become of the key: not yet there, good for its door, ended, or never come about."""

    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"
    NEVER = "never"


LIFE: dict[Life, frozenset[Life]] = {
    Life.PENDING: frozenset({Life.ACTIVE, Life.ENDED, Life.NEVER}),
    Life.ACTIVE: frozenset({Life.ENDED, Life.NEVER}),  # never: a late answer says that no card was made
    Life.ENDED: frozenset({Life.NEVER}),
    Life.NEVER: frozenset(),
}
"""What may follow what. Nothing that has ended opens again."""


@dataclass(frozen=True, slots=True)
class KeySettings:
    """How keys are made in this house."""

    check_out_time: time = time(12, 0)
    grace_minutes: int = 0
    deadline_seconds: int = 60

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> "KeySettings":
        """From what the property keeps: defaults where it says nothing."""
        told = dict(stored or {})
        if isinstance(told.get("check_out_time"), str):
            told["check_out_time"] = time.fromisoformat(told["check_out_time"])
        return cls(**told)


def progress(state: JobState, reason: str | None, told: JobState) -> JobState | None:
    """The state a job is in after `told`, None when that changes nothing.

    Progress never goes back, what has ended stays ended; only our own guess gives way to a late word.
    """
    if state in ENDS:
        return told if told in ENDS and state is JobState.UNKNOWN and reason in _OUR_GUESSES else None
    if told in ENDS:
        return told
    return told if PROGRESS.index(told) > PROGRESS.index(state) else None


def life_after(life: Life, ended: JobState) -> Life:
    """What becomes of a key when its job has ended so. An unknown one may open: it counts as active."""
    wanted = Life.ACTIVE if ended in {JobState.CONFIRMED, JobState.UNKNOWN} else Life.NEVER
    return wanted if wanted in LIFE[life] else life


def ends_earlier(kind: KeyType, ended: JobState) -> bool:
    """Whether a key that came out like this ends every key of the room with a lower sequence."""
    return kind in {KeyType.NEW, KeyType.REPLACE} and ended in {JobState.CONFIRMED, JobState.UNKNOWN}


def takes_next_sequence(kind: KeyType, current: int | None) -> bool:
    """Whether a key gets a sequence of its own; else it carries `current`, that of the stay's keys in force.

    A one-shot key of a stay without any other would open nothing with an old sequence: it gets the next one.
    """
    return kind in {KeyType.NEW, KeyType.REPLACE} or current is None


def window(now: datetime, departure: date, settings: KeySettings, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From now, never earlier, until the check-out time of the departure and the grace; whole seconds, UTC."""
    return now.replace(microsecond=0), end_of_window(departure, settings, zone)


def end_of_window(departure: date, settings: KeySettings, zone: ZoneInfo) -> datetime:
    """When a key for this departure ends: whole seconds, UTC."""
    until = clock.instant(departure, settings.check_out_time, zone) + timedelta(minutes=settings.grace_minutes)
    return until.replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class Request:
    """All that decides whether a key may be made now."""

    kind: KeyType
    room: str
    stay_state: str
    holds_room: bool  # the room was given to this very stay
    has_key: bool  # the stay has a key in force that can be duplicated
    valid_from: datetime
    valid_until: datetime
    unseen: Sequence[str] = ()  # keys of the room whose making is unknown, that nobody has said to have seen


def issue_refusals(asked: Request) -> list[Reason]:
    """What speaks against making this key: empty when nothing does."""
    reasons = []
    if asked.stay_state != "in_house":
        reasons.append(Reason(f"stay_{asked.stay_state}"))
    elif not asked.holds_room:
        reasons.append(Reason("room_not_given"))
    elif asked.valid_until <= asked.valid_from:
        reasons.append(Reason("check_out_time_passed", {"until": asked.valid_until.isoformat()}))
    if len(asked.room.encode()) > LONGEST_ROOM:
        reasons.append(Reason("room_number_too_long", {"room": asked.room}))
    if asked.kind is KeyType.DUPLICATE and not asked.has_key:
        reasons.append(Reason("no_key_to_duplicate"))
    if asked.kind is KeyType.NEW and asked.unseen:
        reasons.append(Reason("unknown_key", {"keys": list(asked.unseen)}))
    return reasons


def cancel_refusals(state: JobState) -> list[Reason]:
    """Why a job cannot be given up: it has begun to write, or has ended."""
    if state in CANCELLABLE:
        return []
    return [Reason("job_ended" if state in ENDS else "job_writing")]


def end_refusals(life: Life) -> list[Reason]:
    """Why a key cannot be ended by hand."""
    if Life.ENDED in LIFE[life]:
        return []
    return [Reason("key_ended" if life is Life.ENDED else "key_never_made")]

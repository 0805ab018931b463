"""What edge and PMS tell each other of key cards: jobs at an encoder, and how they went. No key is in any of them."""

from datetime import datetime
from typing import Literal

from pms.link.messages import Message


class CardBody(Message):
    """What a key card says (`devices.encoders.payload.CardContent`)."""

    room: str
    credential: int
    sequence: int
    valid_from: datetime
    valid_until: datetime
    credential_class: str = "guest"
    one_shot: bool = False


class KeyJobBody(Message):
    """down/key_job: something to do with the card that is put on an encoder. `content` of a write alone."""

    id: str
    encoder: str
    task: Literal["write", "read", "erase"]
    deadline: datetime
    content: CardBody | None = None
    by: str


class KeyCancelBody(Message):
    """down/key_cancel: give a key job up, if no write has begun."""

    id: str
    by: str


class FoundCardBody(Message):
    """The card that was on the encoder: its serial as a keyed hash, and what it says or why it says nothing."""

    serial: str
    kind: str
    content: CardBody | None = None
    problem: str | None = None


class KeyResultBody(Message):
    """up/key_result: how far a key job is, or how it ended.

    `state`: queued, waiting ("place the card"), writing, checking; then exactly one of confirmed, failed, expired,
    unknown, with a `reason`: the codes of `devices.encoders.jobs.CardResult`, and those of a job that no encoder was
    given: deadline (it came too late), no_card_key, cancelled, unusable.
    """

    id: str
    state: str
    at: datetime
    reason: str | None = None
    card: FoundCardBody | None = None

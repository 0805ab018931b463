"""Key jobs: stored before an encoder hears of them, followed step by step, ended in exactly one way.

That a write begins is on disk before it does. So after a crash a job that was waiting for a card never wrote, and is
given to its encoder again while its deadline lasts; one that was writing or checking is unknown, and never repeated.
"""

from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from pydantic import ValidationError

from devices.encoders.jobs import CardFound, CardJob, CardProgress, CardResult, CardState, CardStep, CardTask
from devices.encoders.payload import CardContent
from devices.model import CredentialClass
from edge.bodies import Fact, fact
from edge.hub import Hub
from edge.journal_keys import KeyStep, StoredKeyJob
from pms.link.key_messages import CardBody, KeyJobBody

log = structlog.get_logger()

ON_DISK_FIRST = {CardStep.WRITING, CardStep.CHECKING}


class Encoders(Protocol):
    """What is asked of the gateway."""

    def card(self, job: CardJob) -> None:
        """Do it before its deadline; the one result comes to `KeyJobs.done`."""

    def cancel_card(self, job_id: str) -> None:
        """Give it up, if no write has begun."""


class KeyJobs:
    """`unable`: why no card can be made or understood here (a reason code); None: all is well."""

    def __init__(self, hub: Hub, unable: str | None = None) -> None:
        self._hub = hub
        self._unable = unable
        self._open: set[str] = set()
        self.encoders: Encoders | None = None

    def recover(self) -> None:
        """After a start: what never wrote is begun again, what may have written is unknown."""
        for stored in self._hub.journal.loaded.key_jobs:
            if stored.state in ON_DISK_FIRST:
                self._open.add(stored.id)
                self._end(stored.id, CardState.UNKNOWN, "restarted")
            else:
                self.begin(stored)

    def begin(self, stored: StoredKeyJob) -> None:
        """Give a job that has been stored to its encoder, or end it here and say why."""
        self._open.add(stored.id)
        self._hub.counters["key_jobs"] += 1
        try:
            job = card_job(KeyJobBody.model_validate_json(stored.body))
        except (ValidationError, ValueError) as error:
            log.warning("key_job.unusable", job=stored.id, error=str(error)[:200])
            self._end(stored.id, CardState.FAILED, "unusable")
            return
        if stored.cancelled:
            self._end(job.id, CardState.FAILED, "cancelled")
        elif job.deadline <= self._hub.clock.now():
            self._end(job.id, CardState.EXPIRED, "deadline")
        elif self._unable is not None:
            self._end(job.id, CardState.FAILED, self._unable)
        elif self.encoders is None:
            self._end(job.id, CardState.FAILED, "unknown_encoder")
        else:
            self.encoders.card(job)

    def cancel(self, job_id: str) -> None:
        """Somebody gives a job up (stored already). One that has ended stays as it ended."""
        if job_id in self._open and self.encoders is not None:
            self.encoders.cancel_card(job_id)

    async def progress(self, progress: CardProgress) -> None:
        """How far an encoder is. Returns for a step from which there is no way back once it is on disk."""
        if progress.id not in self._open:
            log.warning("key_job.step_of_unknown", job=progress.id, step=progress.step)
            return
        body = {"id": progress.id, "state": progress.step, "at": progress.at, "reason": None, "card": None}
        self._hub.key_step(KeyStep(progress.id, progress.step), _said(body))
        if progress.step in ON_DISK_FIRST:
            await self._hub.stored()

    def done(self, result: CardResult) -> None:
        """How a job ended. A second end of the same job is none."""
        if result.id not in self._open:
            log.warning("key_job.end_of_unknown", job=result.id, state=result.state)
            return
        self._open.discard(result.id)
        self._hub.counters[f"key_jobs_{result.state}"] += 1
        card = found(result.card) if result.card is not None else None
        body = {"id": result.id, "state": result.state, "at": result.at, "reason": result.reason, "card": card}
        self._hub.key_step(KeyStep(result.id, result.state, result.reason), _said(body))

    def _end(self, job_id: str, state: CardState, reason: str) -> None:
        self.done(CardResult(job_id, state, self._hub.clock.now(), reason))


def card_job(body: KeyJobBody) -> CardJob:
    """The job as encoders take it.

    Raises:
        ValueError: a write without content, content where there is nothing to write, or a class nobody knows.
    """
    if (body.task == "write") != (body.content is not None):
        raise ValueError(f"{body.task} {'without' if body.content is None else 'with'} content")
    content = card_content(body.content) if body.content is not None else None
    return CardJob(body.id, body.encoder, CardTask(body.task), _utc(body.deadline), content)


def card_content(body: CardBody) -> CardContent:
    """What is to stand on the card.

    Raises:
        ValueError: a class nobody knows.
    """
    return CardContent(
        room=body.room,
        credential=body.credential,
        sequence=body.sequence,
        valid_from=_utc(body.valid_from),
        valid_until=_utc(body.valid_until),
        credential_class=CredentialClass(body.credential_class),
        one_shot=body.one_shot,
    )


def found(card: CardFound) -> dict[str, Any]:
    """The card that was on the encoder, in the shape of the link's `FoundCardBody`."""
    content = card.content
    told = None if content is None else {name: getattr(content, name) for name in CardBody.model_fields}
    return {"serial": card.serial, "kind": card.kind, "content": told, "problem": card.problem}


def _said(body: dict[str, Any]) -> Fact:
    return fact("key_result", body["id"], body)


def _utc(at: datetime) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)

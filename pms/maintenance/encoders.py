"""Card encoders that fail: three of the last ten jobs, whatever else was tried in between."""

from sqlalchemy import select

from pms.kernel.events import Event
from pms.kernel.work import UnitOfWork
from pms.keys.events import KEY_CHANGED
from pms.keys.model import KeyCard
from pms.keys.rules import ENDS, JobState
from pms.link.messages import ConditionBody, EvidenceItem
from pms.maintenance.service import take_condition

KIND = "encoder_errors"
KINDS = frozenset({KEY_CHANGED.name})
LAST, FAILED = 10, 3
NOT_ITS_OWN = frozenset({"cancelled", "deadline", "unknown_encoder", "no_answer"})
"""Reasons that say nothing of the encoder."""
_ENDS = [state.value for state in ENDS]


async def on_job(work: UnitOfWork, event: Event) -> None:
    """A key's job is another: once it has ended, look at the last ones of its encoder."""
    if event.payload.get("state") not in _ENDS:
        return
    key = await work.session.get(KeyCard, event.subject)
    if key is None or key.encoder is None:
        return
    query = select(KeyCard.state, KeyCard.reason).where(
        KeyCard.property_id == work.property_id, KeyCard.encoder == key.encoder, KeyCard.state.in_(_ENDS)
    )
    jobs = (await work.session.execute(query.order_by(KeyCard.ended_at.desc(), KeyCard.id.desc()).limit(LAST))).all()
    failed = sum(state == JobState.FAILED and reason not in NOT_ITS_OWN for state, reason in jobs)
    evidence = EvidenceItem(code="encoder_failed", at=event.at, params={"failed": failed, "jobs": len(jobs)})
    body = ConditionBody(
        key=f"{KIND}:{key.encoder}",
        kind=KIND,
        state="raised" if failed >= FAILED else "cleared",
        device=key.encoder,
        at=event.at,
        evidence=[evidence],
    )
    await take_condition(work, body)

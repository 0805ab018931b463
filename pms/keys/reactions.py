"""What follows for keys from what happened at the front desk, and what is looked at by the clock."""

from datetime import timedelta

from pms.frontdesk.service import CANCELLED, CHECK_IN_REVERSED, CHECKED_OUT, MOVED
from pms.kernel.events import Event
from pms.kernel.jobs import Jobs
from pms.kernel.reactions import Reactions
from pms.kernel.work import UnitOfWork
from pms.keys import endings, results

WHY = {
    CHECKED_OUT.name: "checked_out",
    CHECK_IN_REVERSED.name: "check_in_reversed",
    CANCELLED.name: "stay_cancelled",
    MOVED.name: "moved",
}
"""Events that end a stay's keys, and the reason the ledger gives."""


def register(reactions: Reactions) -> None:
    """Follow the feed."""
    reactions.on("keys.stay_ended", set(WHY), on_stay_ended)


def register_jobs(jobs: Jobs) -> None:
    """Look at the clock."""
    jobs.every(timedelta(seconds=10), "keys.unanswered", results.give_up)
    jobs.every(timedelta(minutes=1), "keys.expired", endings.end_expired)


async def on_stay_ended(work: UnitOfWork, event: Event) -> None:
    """Nobody of this stay may open its room any more; after a move, the room that was left."""
    left = event.payload["from"] if event.kind == MOVED.name else None
    await endings.end_of_stay(work, endings.Left(event.subject, event.at, WHY[event.kind], left))

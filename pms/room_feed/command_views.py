"""An order, and what can be ordered of a room, as a reader sees it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pms.access import users
from pms.access.permissions import LOCKS_OPERATE, ROOMS_COMMAND
from pms.kernel.errors import Reason
from pms.kernel.http import Action as ActionView
from pms.kernel.http import Call, View
from pms.room_feed.command_rules import LOCK, Taker, advice
from pms.room_feed.commands import is_open
from pms.room_feed.model import CommandJob


class AdviceView(View):
    """What happened and what to do, as a code and as sentences."""

    code: str
    text: str


class CommandView(View):
    """An order. It ends in exactly one of done, failed, expired, unknown; `step` is how far it came: accepted, sent,
    acknowledged, verified (the device itself showed what was ordered)."""

    id: str
    room: str
    device: str | None
    point: str
    value: Any
    state: str
    step: str
    reason: str | None
    by: str
    created_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    deadline: datetime
    ended_at: datetime | None
    advice: AdviceView
    actions: list[ActionView]


class ControlView(View):
    """A point of a room's device that takes orders: which values, and whether this reader may give one."""

    device: str
    point: str
    kind: str
    choices: list[str]
    minimum: float | None
    maximum: float | None
    unit: str
    actions: list[ActionView]


async def command_views(call: Call, session: AsyncSession, jobs: Sequence[CommandJob]) -> list[CommandView]:
    """Orders as this reader sees them."""
    people = {person.user.id: person.user.username for person in await users.people(session, call.property_id)}
    return [_command(call, job, people) for job in jobs]


def _command(call: Call, job: CommandJob, people: Mapping[str, str]) -> CommandView:
    columns = {name: getattr(job, name) for name in CommandView.model_fields if hasattr(CommandJob, name)}
    named = {"by": people.get(job.by, job.by)}
    return CommandView(**{**columns, **named}, advice=_advice(call, job), actions=[_repeat(call, job)])


def _advice(call: Call, job: CommandJob) -> AdviceView:
    told = advice(job.state, job.reason)
    response = call.text(f"order_response.{told.response}")
    if told.happened is None:
        return AdviceView(code=told.code, text=response)
    happened = call.text(f"order_reason.{told.happened}")
    return AdviceView(code=told.code, text=call.text("order_advice.both", happened=happened, response=response))


def _repeat(call: Call, job: CommandJob) -> ActionView:
    """A new order for the same: never given by the house itself, least of all after an outcome nobody knows."""
    against = [Reason("order_not_ended")] if is_open(job) else []
    return call.action("order", [*against, *_not_permitted(call, job.point)])


def control_views(call: Call, takers: Sequence[Taker]) -> list[ControlView]:
    """What this reader can order, or sees that others can."""
    return [
        ControlView(
            device=one.device,
            point=one.point,
            kind=one.kind or "",
            choices=list(one.choices),
            minimum=one.minimum,
            maximum=one.maximum,
            unit=one.unit,
            actions=[call.action("order", _not_permitted(call, one.point))],
        )
        for one in takers
    ]


def _not_permitted(call: Call, point: str) -> list[Reason]:
    needed = [ROOMS_COMMAND, LOCKS_OPERATE] if point == LOCK else [ROOMS_COMMAND]
    return [] if all(call.may(one) for one in needed) else [Reason("not_permitted")]

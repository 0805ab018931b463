"""What can be ordered in a room, and how far each order is: on the room's own page."""

from collections.abc import Sequence
from typing import Any

from pms.access.permissions import DEVICES_READ, ROOMS_COMMAND
from pms.kernel.html import Section
from pms.kernel.http import ReadCall
from pms.room_feed.command_views import CommandView, ControlView, command_views, control_views
from pms.room_feed.commands import jobs_of
from pms.room_feed.devices import takers_of
from pms.room_feed.sensed import sensed_of

LOOKED_AT = 30
"""Orders of a room among which the last one of each point is looked for."""
STEPS = ("accepted", "sent", "acknowledged", "verified")
NEXT = {"accepted": 1, "sent": 2, "acknowledged": 3}
"""Which of the steps an open order is at."""
CLIMATE = {"setpoint": "setpoint_c", "mode": "mode"}


async def room_section(call: ReadCall, number: str) -> Section | None:
    """The controls of a room, with the last order to each of them; nothing where nothing can be ordered."""
    if not call.may(ROOMS_COMMAND) and not call.may(DEVICES_READ):
        return None
    known = await takers_of(call.session, call.property_id, number)
    controls = control_views(call, known or ())
    if not controls:
        return None
    jobs = await command_views(call, call.session, await jobs_of(call.session, call.property_id, number, LOOKED_AT))
    sensed = (await sensed_of(call.session, call.property_id, [number])).get(number)
    body = sensed[1] if sensed else {}
    rows = [_row(control, controls, jobs, body) for control in controls]
    return Section("web/room-controls.html", {"rows": rows, "steps": STEPS, "next": NEXT, "number": number})


def _row(
    control: ControlView, controls: Sequence[ControlView], jobs: Sequence[CommandView], body: dict[str, Any]
) -> dict[str, Any]:
    alike = sum(one.point == control.point for one in controls)
    last = next((job for job in jobs if (job.device, job.point) == (control.device, control.point)), None)
    return {
        "control": control,
        "name": control.device if alike > 1 else None,
        "last": last,
        "now": _now(control.point, body),
        "may": control.actions[0].allowed,
        "reasons": control.actions[0].reasons,
    }


def _now(point: str, body: dict[str, Any]) -> Any:
    """What the room says of the point, where it is part of the room's state; None: not told."""
    if point in CLIMATE:
        return (body.get("climate") or {}).get(CLIMATE[point])
    return (body.get("lock") or {}).get("value") if point == "lock" else None

"""Who keeps the nightly backup and who hears of it: `run` saves everything, an edge its journal, a PMS its books."""

from typing import TYPE_CHECKING, Any, cast

from edge.operate.keeper import Keeper, Sink, Standing
from edge.rooms.signals import Evidence

if TYPE_CHECKING:
    from edge.assembly import Edge
    from edge.hub import Hub
    from edge.service import ServicePlan
    from pms.app import Pms

KIND, PART = "backup_failed", "backup"


def keeper_of(plan: "ServicePlan", edge: "Edge | None", pms: "Pms | None") -> Keeper | None:
    """The keeper of what this process runs; None when none is asked for, or the time is not the wall's."""
    if not plan.configuration.settings.backup.path or plan.simulated_time:
        return None
    if pms is not None:
        part = "all" if edge is not None else "pms"
        return Keeper(plan.configuration, (plan.data, part), plan.clock.now, to_pms(pms))
    if edge is not None:
        sink = to_edge(edge.hub, edge.health.others)
        return Keeper(plan.configuration, (plan.data, "edge"), plan.clock.now, sink)
    return None


def to_pms(pms: "Pms") -> Sink:
    """The PMS shows it and raises its alert."""
    from pms.upkeep import PartNews

    async def say(standing: Standing) -> None:
        state = cast("Any", standing.state)
        told = (state, standing.code, standing.detail, standing.fault, standing.figures)
        await pms.say_part(PartNews(PART, KIND, *told))

    return say


def to_edge(hub: "Hub", parts: dict[str, dict[str, Any]]) -> Sink:
    """The edge tells the PMS: as a part of its health, and as a condition."""
    key = f"{KIND}:edge"

    async def say(standing: Standing) -> None:
        said = {"state": standing.state, "code": standing.code, "detail": standing.detail}
        parts[PART] = {"part": PART, **said, "figures": standing.figures}
        if standing.fault is None:
            hub.clear_condition(key)
        else:
            hub.raise_condition(key, "high", Evidence(standing.fault, hub.clock.now(), {}))

    return say

"""Which faults are there now. A fault that is there already is not raised again, across restarts too."""

from collections.abc import Callable, Iterable, Mapping

import orjson

from edge.bodies import Fact
from edge.rooms.signals import ConditionCleared, ConditionRaised


class OpenConditions:
    """The faults that stand, by key, each with the body the PMS was told."""

    def __init__(self, kept: Mapping[str, bytes]) -> None:
        self._bodies = dict(kept)

    def __contains__(self, key: str) -> bool:
        return key in self._bodies

    def standing(self) -> list[str]:
        """The keys of what stands."""
        return list(self._bodies)

    def take(self, effect: ConditionRaised | ConditionCleared, said: Fact) -> bool:
        """Whether this is news."""
        if isinstance(effect, ConditionRaised):
            if effect.key in self._bodies:
                return False
            self._bodies[effect.key] = said.body
            return True
        return self._bodies.pop(effect.key, None) is not None

    def facts(self) -> list[Fact]:
        """All of them, for a PMS that does not know them."""
        return [Fact("condition", key, body) for key, body in self._bodies.items()]

    def kinds(self) -> list[tuple[str, str]]:
        """Kind and priority of each."""
        return [(said["kind"], said["priority"]) for said in map(orjson.loads, self._bodies.values())]

    def orphans(self, gone: Callable[[str | None, str | None], bool]) -> Iterable[ConditionCleared]:
        """Those whose room or device is no longer configured: `gone(room, device)`."""
        for key, body in list(self._bodies.items()):
            said = orjson.loads(body)
            if gone(said.get("room"), said.get("device")):
                yield ConditionCleared(key, said["kind"], said.get("room"), said.get("device"))

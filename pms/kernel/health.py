"""What works and what does not, part by part. Each part is reported by whoever runs it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import structlog

log = structlog.get_logger()

PartState = Literal["starting", "ok", "degraded", "down"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part's own account: since when, a cause as a code, a detail to read, figures (numbers, instants) by name."""

    name: str
    state: PartState
    since: datetime
    code: str | None = None
    detail: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)


class Health:
    """The house is ready once every required part is up; any other part that is not makes it degraded."""

    def __init__(self, required: Collection[str], now: Callable[[], datetime]) -> None:
        self._now = now
        self._required = frozenset(required)
        self._parts = {name: Part(name, "starting", now()) for name in required}

    def report(
        self,
        name: str,
        state: PartState,
        *,
        code: str | None = None,
        detail: str = "",
        figures: Mapping[str, Any] | None = None,
    ) -> None:
        """A part says how it is; `since` moves only when its state changes."""
        before = self._parts.get(name)
        since = before.since if before and before.state == state else self._now()
        if before is None or (before.state, before.code) != (state, code):
            _say(Part(name, state, since, code, detail), before)
        self._parts[name] = Part(name, state, since, code, detail, figures or {})

    def replace(self, owner: str, parts: Iterable[Part]) -> None:
        """All that `owner` has to say of its parts (named `owner/…`): those it no longer names are gone."""
        kept = {name: part for name, part in self._parts.items() if not name.startswith(f"{owner}/")}
        self._parts = kept | {part.name: part for part in parts}

    def is_up(self, name: str) -> bool:
        """Whether a part works, if only just. A part nobody has heard of does not."""
        part = self._parts.get(name)
        return part is not None and part.state in {"ok", "degraded"}

    @property
    def ready(self) -> bool:
        """Whether the house may be used: every required part is up."""
        return all(self.is_up(name) for name in self._required)

    @property
    def state(self) -> PartState:
        """`down` or `starting` until ready, then `ok`, or `degraded` when any part is not."""
        states = {part.state for part in self._parts.values()}
        if not self.ready:
            required = {self._parts[name].state for name in self._required}
            return "down" if "down" in required else "starting"
        return "ok" if states == {"ok"} else "degraded"

    def parts(self) -> list[Part]:
        """Every part, required ones first."""
        return sorted(self._parts.values(), key=lambda part: (part.name not in self._required, part.name))

    def summary(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "state": self.state,
            "ready": self.ready,
            "parts": [
                {
                    "part": part.name,
                    "state": part.state,
                    "since": part.since,
                    "code": part.code,
                    "detail": part.detail,
                    "figures": dict(part.figures),
                    "required": part.name in self._required,
                }
                for part in self.parts()
            ],
        }


def _say(part: Part, before: Part | None) -> None:
    """Trouble once and recovery once, of every part: whoever reports it need not."""
    if part.state in {"degraded", "down"}:
        log.warning("part.trouble", part=part.name, state=part.state, code=part.code, detail=part.detail)
    elif part.state == "ok" and before is not None and before.state != "starting":
        log.info("part.recovered", part=part.name)

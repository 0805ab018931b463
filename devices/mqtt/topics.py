"""MQTT topic filters: which topics they match, and which of them say the same."""

from collections.abc import Iterable


def matches(pattern: str, topic: str) -> bool:
    """Whether the subscription `pattern` hears `topic` (`+` a level, `#` the rest)."""
    wanted, given = pattern.split("/"), topic.split("/")
    for place, level in enumerate(wanted):
        if level == "#":
            return True
        if place >= len(given) or level not in ("+", given[place]):
            return False
    return len(wanted) == len(given)


def covers(wide: str, narrow: str) -> bool:
    """Whether every topic that `narrow` hears is heard by `wide` too."""
    outer, inner = wide.split("/"), narrow.split("/")
    for place, level in enumerate(outer):
        if level == "#":
            return True
        if place >= len(inner) or inner[place] == "#":
            return False
        if level not in ("+", inner[place]):
            return False
    return len(outer) == len(inner)


def fewest(patterns: Iterable[str]) -> tuple[str, ...]:
    """The patterns without those that another covers: overlapping subscriptions may deliver a message twice."""
    kept: list[str] = []
    for pattern in sorted(set(patterns), key=lambda one: (one.count("/"), one)):
        if not any(covers(other, pattern) for other in kept):
            kept = [other for other in kept if not covers(pattern, other)]
            kept.append(pattern)
    return tuple(sorted(kept))

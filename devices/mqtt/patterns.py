"""Topics of which a part is the maker's or the installer's own choice: the pattern, and which part of it is asked for.

A level of a pattern is one word or several (`open|door`), in which `*` stands for anything and `{id}` for what follows
the `#` of a device's address (without one: anything). `{n}` is the same for a channel's number.
"""

import re
from dataclasses import dataclass

_PARTS = re.compile(r"(\{id\}|\{n\}|\*|\|)")
_ANYTHING = "[^/]*"


def stem_of(address: str) -> str:
    """The topic of an address, without the part that is asked for."""
    return address.partition("#")[0]


def chosen_of(address: str) -> str:
    """The part that is asked for; empty: the only one, or the first."""
    return address.partition("#")[2]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern. `exact` is the one topic that it can be, empty when there may be several."""

    exact: str
    _regular: "re.Pattern[str]"

    def matches(self, rest: str) -> bool:
        """Whether this topic (without the device's stem) is meant."""
        return rest == self.exact if self.exact else self._regular.fullmatch(rest) is not None


def compile_pattern(text: str, chosen: str, first_channel: str = "0") -> Pattern:
    """The pattern for a device whose address asks for `chosen`."""
    said = text.replace("{n}", chosen or first_channel)
    if chosen:
        said = said.replace("{id}", chosen)
    open_ended = _PARTS.search(said) is not None
    levels = "/".join(_level(level) for level in said.split("/"))
    return Pattern("" if open_ended else said, re.compile(levels))


def _level(level: str) -> str:
    words = ("".join(_word(part) for part in _PARTS.split(word)) for word in level.split("|"))
    return f"(?:{'|'.join(words)})"


def _word(part: str) -> str:
    return _ANYTHING if part in ("*", "{id}") else re.escape(part)

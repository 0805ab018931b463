"""What is wrong in a configuration file: every problem at once, each naming file, table, key and line."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong. `table` is as a person would say it (`[[device]] #3 "101_door"`); `line` counts from 1."""

    file: str
    table: str
    key: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (place, self.table, self.key, self.message) if part)


class ConfigurationError(Exception):
    """The files cannot be used. `problems` holds every one that was found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = list(problems)


_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(r"""^\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*[=.]""")


class TomlPlaces:
    """Finds the line of a table or of a key in a TOML text: tomllib itself keeps no positions."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, int, str], int] = {}
        seen: dict[str, int] = {}
        name, index = "", 0
        for number, line in enumerate(text.splitlines(), start=1):
            if header := _HEADER.match(line):
                name = header[2].replace('"', "").replace(" ", "")
                index = seen[name] = seen.get(name, -1) + 1
                self._lines[name, index, ""] = number
            elif key := _KEY.match(line):
                self._lines.setdefault((name, index, key[1] or key[2] or key[3]), number)

    def line(self, table: str, index: int = 0, key: str = "") -> int | None:
        """The line of `key` in the `index`-th table of that name, else of the table's header, else None."""
        return self._lines.get((table, index, key)) or self._lines.get((table, index, ""))


def parse_toml(text: str, file: str) -> dict[str, Any]:
    """The file's content; raises ConfigurationError with the line where the syntax is wrong."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else text.rstrip().count("\n") + 1
        raise ConfigurationError([Problem(file, "", "", str(error), line)]) from error


def explain(error: ValidationError) -> Iterable[tuple[str, str]]:
    """The (key, message) pairs of a pydantic refusal, in words for the person who wrote the file."""
    for detail in error.errors(include_url=False):
        key = ".".join(str(part) for part in detail["loc"])
        yield key, _message(detail["type"], detail["msg"], detail["input"])


def _message(kind: str, message: str, given: object) -> str:
    if kind == "extra_forbidden":
        return "unknown key"
    if kind in ("missing", "union_tag_not_found"):
        return "missing"
    if kind == "union_tag_invalid":
        return f"is none of {message.rpartition(': ')[2]}"
    return f"{message.removeprefix('Value error, ')} (found {str(given)[:60]!r})"

"""The board's words, in each language; and which language a reader wants."""

import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "texts"
DEFAULT = "en"


class Words:
    """The texts of one language by dotted key."""

    def __init__(self, language: str, texts: dict[str, str]) -> None:
        self.language = language
        self._texts = texts

    def __call__(self, key: str, **values: object) -> str:
        """The text with its places filled.

        Raises:
            KeyError: there is no such text.
        """
        return self._texts[key].format(**values)

    def code(self, group: str, code: str) -> str:
        """The text of a code, or the code itself where this release has not heard of it."""
        return self._texts.get(f"{group}.{code}", code)

    @property
    def keys(self) -> set[str]:
        """What there are texts for."""
        return set(self._texts)


def load() -> dict[str, Words]:
    """Every language there is a file for, the default first."""
    files = sorted(FOLDER.glob("*.toml"), key=lambda file: (file.stem != DEFAULT, file.stem))
    return {file.stem: Words(file.stem, _flat(tomllib.loads(file.read_text("utf-8")))) for file in files}


def wanted(languages: dict[str, Words], asked: str | None, accepted: str) -> Words:
    """Of what was asked for in the address, else of what the browser accepts (`Accept-Language`), the best we have."""
    if asked in languages:
        return languages[asked]
    for tag in _by_preference(accepted):
        for name, words in languages.items():
            if tag == name.lower() or tag.partition("-")[0] == name.partition("-")[0].lower():
                return words
    return languages[DEFAULT]


def _by_preference(accepted: str) -> list[str]:
    tags = []
    for part in accepted[:500].split(","):
        tag, _, quality = part.strip().lower().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            weight = 0.0
        if tag and weight > 0:
            tags.append((-weight, tag))
    return [tag for _, tag in sorted(tags, key=lambda item: item[0])]


def _flat(tables: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {f"{table}.{key}": str(text) for table, texts in tables.items() for key, text in texts.items()}

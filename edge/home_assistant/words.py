"""The names that Home Assistant shows, in each language."""

import tomllib
from pathlib import Path

FOLDER = Path(__file__).parent / "texts"


class Words:
    """The texts of one language by dotted key."""

    def __init__(self, language: str) -> None:
        tables = tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))
        self._texts = {f"{table}.{key}": str(text) for table, texts in tables.items() for key, text in texts.items()}

    def __call__(self, key: str, **values: object) -> str:
        """The text with its places filled.

        Raises:
            KeyError: there is no such text.
        """
        return self._texts[key].format(**values)

    def of_point(self, point: str) -> str:
        """The name of a point; one that a hotel's own profile brought keeps its own."""
        return self._texts.get(f"point.{point}", point.replace("_", " ").capitalize())

    @property
    def keys(self) -> set[str]:
        """What there are texts for."""
        return set(self._texts)

"""Texts by key and language. Catalogues are data: `<folder>/<language>.toml`, `<folder>/<language>/*.toml`, or JSON."""

import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import structlog

log = structlog.get_logger()

DEFAULT = "en"
_FORMATTER = string.Formatter()
_ACCEPTED = re.compile(r"\s*([A-Za-z-]+|\*)\s*(?:;\s*q=([0-9.]+))?\s*")


class Translator:
    """Looks texts up. A missing key shows as itself, is logged once and kept in `missing`: a failure in tests."""

    def __init__(self, catalogues: Mapping[str, Mapping[str, str]], default: str = DEFAULT) -> None:
        self._catalogues = catalogues
        self.default = default
        self.missing: set[tuple[str, str]] = set()

    @classmethod
    def load(cls, folder: Path, default: str = DEFAULT) -> "Translator":
        """Read every catalogue of `folder`; tables become dotted keys."""
        catalogues: dict[str, dict[str, str]] = {}
        for path in sorted([*folder.rglob("*.toml"), *folder.rglob("*.json")]):
            inside = path.relative_to(folder)
            language = inside.parts[0] if len(inside.parts) > 1 else path.stem
            catalogues.setdefault(language, {}).update(_flat(_read(path)))
        return cls(catalogues, default)

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language there is a catalogue for."""
        return tuple(self._catalogues)

    def keys(self, language: str) -> frozenset[str]:
        """Every key of a language."""
        return frozenset(self._catalogues.get(language, {}))

    def has(self, language: str, key: str) -> bool:
        """Whether there is a text."""
        return key in self._catalogues.get(language, {})

    def text(self, language: str, key: str, /, **params: Any) -> str:
        """The text of `key` with `{name}` places filled; in English, then as its key, where it is missing."""
        template = self._catalogues.get(language, {}).get(key)
        if template is None:
            self._miss(language, key)
            template = self._catalogues.get(self.default, {}).get(key, key)
        return _FORMATTER.vformat(template, (), _Params(params))

    def evidence(self, language: str, item: Mapping[str, Any], zone: ZoneInfo) -> str:
        """The sentence of one evidence item {code, at, params}: key `evidence.<code>`, `{at}` on the hotel's clock."""
        return self.text(language, f"evidence.{item['code']}", **local_params(item, zone))

    def negotiate(self, *wishes: str | None) -> str:
        """The first language we have among `wishes`: plain tags, or whole Accept-Language headers."""
        for wish in wishes:
            for tag in _tags(wish or ""):
                found = self._match(tag)
                if found:
                    return found
        return self.default

    def _match(self, tag: str) -> str | None:
        exact = {language.lower(): language for language in self._catalogues}
        if tag.lower() in exact:
            return exact[tag.lower()]
        primary = tag.lower().split("-")[0]
        return next((language for lower, language in exact.items() if lower.split("-")[0] == primary), None)

    def _miss(self, language: str, key: str) -> None:
        if (language, key) not in self.missing:
            self.missing.add((language, key))
            log.warning("text_missing", language=language, key=key)


def local_params(item: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """Parameters of an evidence item for its sentence: every instant becomes hours and minutes in the hotel."""
    params = {**item.get("params", {}), "at": item["at"]}
    return {name: _clock(value, zone) for name, value in params.items()}


def _clock(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, str) and "T" in value:
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return value
    return value.astimezone(zone).strftime("%H:%M") if isinstance(value, datetime) else value


class _Params(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = (
        tomllib.loads(path.read_text("utf-8")) if path.suffix == ".toml" else orjson.loads(path.read_bytes())
    )
    return content


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": str(value)}
    return flat


def _tags(header: str) -> Iterator[str]:
    weighted: list[tuple[float, int, str]] = []
    for part in header.split(","):
        match = _ACCEPTED.fullmatch(part)
        if match and match[1] != "*":
            weighted.append((-float(match[2] or 1), len(weighted), match[1]))
    return (tag for _, _, tag in sorted(weighted))

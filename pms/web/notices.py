"""Whose work this stands on: the packages it needs, with version and licence, as they are installed here."""

import re
from functools import lru_cache
from importlib import metadata
from typing import NamedTuple

OURSELVES = "innkeeper"
LONGEST_LICENCE = 60
"""Some packages put the whole text where its name belongs."""
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_OSI = "License :: OSI Approved :: "


class Package(NamedTuple):
    """A package; an empty licence: it does not say."""

    name: str
    version: str
    licence: str


@lru_cache(maxsize=1)
def third_party() -> tuple[Package, ...]:
    """The packages we ask for, by name; nothing where we run without having been installed."""
    try:
        wanted = metadata.requires(OURSELVES) or []
    except metadata.PackageNotFoundError:
        return ()
    found = (_NAME.match(line) for line in wanted if "extra ==" not in line)
    packages = (_package(match[0]) for match in found if match)
    return tuple(sorted(package for package in packages if package is not None))


def _package(name: str) -> Package | None:
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    said = _said(about, "License-Expression") or _said(about, "License")
    if not said or len(said) > LONGEST_LICENCE:
        said = ", ".join(line.removeprefix(_OSI) for line in about.get_all("Classifier") or () if line.startswith(_OSI))
    return Package(name, _said(about, "Version"), said)


def _said(about: metadata.PackageMetadata, key: str) -> str:
    return (about[key] or "") if key in about else ""

"""The documents: no dead link, no word of a place that is not the project's."""

import re
from pathlib import Path

import pytest

from docs import reference

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = [link.split("#")[0] for link in LINK.findall(page.read_text()) if "://" not in link]
    dead = [target for target in targets if target and not (page.parent / target).exists()]
    assert not dead


def test_the_configuration_reference_is_what_the_settings_say() -> None:
    stale = [path.name for path, text in reference.files().items() if not path.exists() or path.read_text() != text]
    assert not stale, "make reference"

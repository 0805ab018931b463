"""Both languages say everything: the same keys and places to fill, every key that is used, every code there is."""

import re
import string
from pathlib import Path

import pytest

from pms.access.permissions import ROLES
from pms.housekeeping import rules as housekeeping
from pms.kernel.html import TONES
from pms.kernel.i18n import Translator
from pms.maintenance import catalog
from pms.maintenance.notify import planning
from pms.maintenance.rules import AlertState
from pms.property import rules as property_rules
from pms.web.assembly import CATALOGUES, PLACES

ROOT = Path(__file__).parents[2]
TRANSLATOR = Translator.load(CATALOGUES)
LANGUAGES = ("en", "zh-CN")

TEMPLATES = sorted((ROOT / "pms").glob("*/templates/**/*.html"))
SCRIPTS = sorted((ROOT / "pms/web/static").rglob("*.js"))
MODULES = sorted((ROOT / "pms").rglob("*.py"))
RULES = [path for path in MODULES if path.name in {"rules.py", "service.py", "api.py", "house.py", "detection.py"}]

IN_TEMPLATE = re.compile(r"""\bt\(\s*["']([\w.\-]+)["']\s*(~)?""")
CODE_GROUP = re.compile(r"""\bcode\(["'](\w+)["']""")
IN_SCRIPT = re.compile(r"""\btext\(\s*"([\w.]+)\"""")
IN_MODULE = re.compile(r"""(?:\.text|\b_text)\(\s*(?:\w+,\s*)?"([\w.]+\.[\w.]+)\"""")
REASON = re.compile(r"""Reason\(\s*"(\w+)\"""")
CAUSE = re.compile(r"""LineDownError\("(\w+)\"""")
HEALTH_CODE = re.compile(r"""report\([^)]*code="(\w+)\"""")
UNFIT = re.compile(r"""Unfit\("(\w+)\"""")
PROBLEM = re.compile(r"""(?:^    code = |(?:Malformed|Conflict|Forbidden|NotFound)\(.*code=)"(\w+)\"""", re.MULTILINE)
EVIDENCE = re.compile(r"""Evidence\(\s*"(\w+)\"""")


def _used() -> set[str]:
    used = set()
    for paths, pattern in ((TEMPLATES, IN_TEMPLATE), (SCRIPTS, IN_SCRIPT), (MODULES, IN_MODULE)):
        for path in paths:
            used |= {match[1] for match in pattern.finditer(path.read_text("utf-8")) if "~" not in match[0]}
    return used


def _codes(pattern: re.Pattern[str], paths: list[Path]) -> set[str]:
    return {match[1] for path in paths for match in pattern.finditer(path.read_text("utf-8"))}


def test_there_are_both_languages() -> None:
    assert set(TRANSLATOR.languages) == set(LANGUAGES)


def test_both_have_the_same_keys() -> None:
    assert TRANSLATOR.keys("en") ^ TRANSLATOR.keys("zh-CN") == set()


def test_both_have_the_same_places_to_fill() -> None:
    for key in TRANSLATOR.keys("en"):
        places = [_places(TRANSLATOR.text(language, key)) for language in LANGUAGES]
        assert places[0] == places[1], key


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_no_text_is_empty_and_chinese_is_chinese() -> None:
    latin = {"language.name"}
    for key in TRANSLATOR.keys("zh-CN") - latin:
        text = TRANSLATOR.text("zh-CN", key)
        assert re.search(r"[\u4e00-\u9fff]", text) or not re.search(r"[a-z]{3}", re.sub(r"\{\w+\}", "", text)), key


def test_every_key_that_is_used_is_there() -> None:
    assert sorted(_used() - TRANSLATOR.keys("en")) == []


def test_every_group_of_codes_is_there() -> None:
    groups = {match[1] for path in TEMPLATES for match in CODE_GROUP.finditer(path.read_text("utf-8"))}
    groups |= {
        match[1].rstrip("._")
        for path in TEMPLATES
        for match in IN_TEMPLATE.finditer(path.read_text("utf-8"))
        if match[2]
    }
    keys = TRANSLATOR.keys("en")
    assert [group for group in groups if not any(key.startswith(group) for key in keys)] == []


CODES = {
    "kind": set(catalog.KINDS),
    "cause": {kind.cause for kind in (*catalog.KINDS.values(), catalog.OTHER)},
    "consequence": {kind.consequence for kind in (*catalog.KINDS.values(), catalog.OTHER)},
    "response": {kind.response for kind in (*catalog.KINDS.values(), catalog.OTHER)},
    "priority": set(catalog.PRIORITIES),
    "message_reason": {planning.RAISED, planning.ESCALATION, planning.DIGEST, "test", *planning.WEBHOOK_EVENTS},
    "alert_state": {state.value for state in AlertState},
    "task_state": {state.value for state in housekeeping.TaskState},
    "task_type": {kind.value for kind in housekeeping.TaskType},
    "action": {action.value for action in housekeeping.BY_HAND},
    "display": set(TONES),
    "housekeeping_state": set(property_rules.HOUSEKEEPING),
    "sellability": set(property_rules.SELLABILITY),
    "request": set(property_rules.REQUESTS),
    "role": set(ROLES),
    "nav": {place.name for place in PLACES},
    "line_cause": _codes(CAUSE, sorted((ROOT / "gateway").rglob("*.py"))) | _codes(HEALTH_CODE, MODULES),
    "rejected_reason": _codes(UNFIT, sorted((ROOT / "devices").rglob("*.py"))),
    "problem": _codes(PROBLEM, sorted((ROOT / "pms/kernel").rglob("*.py"))) - {"set_by_hand"},
    "reason": _codes(REASON, RULES) | {f"alert_{state.value}" for state in AlertState},
    "evidence": _codes(EVIDENCE, sorted((ROOT / "edge").rglob("*.py"))),
}


@pytest.mark.parametrize("group", CODES)
def test_every_code_has_its_text(group: str) -> None:
    assert CODES[group], "nothing was found: does the search still fit the code?"
    missing = {code for code in CODES[group] if not TRANSLATOR.has("en", f"{group}.{code}")}
    assert sorted(missing) == []

"""Identifiers, hotel time, field encryption, languages, health, cursors."""

import stat
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from pms.kernel import clock, ids
from pms.kernel.crypto import Keyring, WrongKey, key_file
from pms.kernel.errors import Malformed
from pms.kernel.health import Health, Part
from pms.kernel.http.models import decode_cursor, encode_cursor
from pms.kernel.i18n import Translator
from tests.pms.conftest import NOON, TestClock

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("Europe/Berlin", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")


@given(a=st.integers(0, 2**130 - 1), b=st.integers(0, 2**130 - 1))
def test_identifiers_sort_as_their_numbers(a: int, b: int) -> None:
    assert (ids.encode(a) < ids.encode(b)) == (a < b)
    assert len(ids.encode(a)) == ids.BODY_LENGTH


def test_identifiers_are_unique_and_say_what_they_are() -> None:
    made = [ids.new_id("stay") for _ in range(10_000)]
    assert len(set(made)) == len(made)
    assert all(one.startswith("stay_") and set(one[5:]) <= set(ids.ALPHABET) for one in made)


@given(seconds=st.integers(1_577_836_800, 2_051_222_400), zone=st.sampled_from(ZONES))
def test_the_business_date_is_todays_or_yesterdays_and_never_goes_back(seconds: int, zone: str) -> None:
    now, place = datetime.fromtimestamp(seconds, UTC), ZoneInfo(zone)
    today = clock.business_date(now, place)
    assert timedelta() <= clock.local(now, place).date() - today <= timedelta(days=1)
    assert clock.business_date(now + timedelta(hours=1), place) >= today


def test_the_business_date_moves_at_four() -> None:
    assert clock.business_date(datetime(2026, 11, 23, 2, 59, tzinfo=UTC), BERLIN) == date(2026, 11, 22)
    assert clock.business_date(datetime(2026, 11, 23, 3, 0, tzinfo=UTC), BERLIN) == date(2026, 11, 23)


def test_times_of_day_across_the_change_of_the_clocks() -> None:
    assert clock.instant(date(2026, 3, 29), time(4), BERLIN) == datetime(2026, 3, 29, 2, tzinfo=UTC)
    assert clock.instant(date(2026, 10, 25), time(4), BERLIN) == datetime(2026, 10, 25, 3, tzinfo=UTC)


def test_keys_are_made_once_and_for_nobody_else(tmp_path: Path) -> None:
    token = Keyring.load_or_create(tmp_path).encrypt("王小明")
    assert stat.S_IMODE(key_file(tmp_path).stat().st_mode) == 0o600
    assert Keyring.load_or_create(tmp_path).decrypt(token) == "王小明"
    with pytest.raises(WrongKey):
        Keyring.load_or_create(tmp_path / "other").decrypt(token)


def test_a_new_first_key_reads_what_the_old_one_wrote_and_finds_it() -> None:
    old, new = Fernet.generate_key(), Fernet.generate_key()
    before, after = Keyring([old]), Keyring([new, old])
    assert after.decrypt(before.encrypt("Ada")) == "Ada"
    assert after.blind_index(" ADA ") == before.blind_index("ada")
    assert after.blind_index("Ada") != Keyring([new]).blind_index("Ada")


def test_languages(tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_text('[a]\nb = "{n} rooms at {at}"\n[evidence]\nopened = "opened at {at}"\n', "utf-8")
    (tmp_path / "zh-CN").mkdir()
    (tmp_path / "zh-CN" / "one.toml").write_text('[a]\nb = "{n} 间"\n', "utf-8")
    translator = Translator.load(tmp_path)
    assert translator.text("en", "a.b", n=3) == "3 rooms at {at}"
    assert translator.text("zh-CN", "a.b", n=3) == "3 间"
    item = {"code": "opened", "at": NOON, "params": {}}
    assert translator.evidence("en", item, BERLIN) == "opened at 12:00"
    assert translator.evidence("zh-CN", item, BERLIN) == "opened at 12:00"
    assert translator.missing == {("zh-CN", "evidence.opened")}
    assert translator.text("en", "no.such") == "no.such"


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        (("zh-CN",), "zh-CN"),
        (("zh",), "zh-CN"),
        ((None, "fr, zh-TW;q=0.9, en;q=0.8"), "zh-CN"),
        (("en;q=0.5, zh-CN;q=0.9",), "zh-CN"),
        (("fr", None, "*"), "en"),
        (("", "nonsense;;;", "en-GB"), "en"),
    ],
)
def test_the_readers_language(wishes: tuple[str | None, ...], language: str) -> None:
    assert Translator({"en": {}, "zh-CN": {}}).negotiate(*wishes) == language


def test_the_house_is_ready_when_all_it_needs_is_up() -> None:
    now = TestClock()
    health = Health(("database", "link"), now)
    assert (health.state, health.ready) == ("starting", False)
    health.report("database", "ok")
    health.report("link", "ok")
    assert (health.state, health.ready) == ("ok", True)
    health.replace("edge", [Part("edge/line:field", "down", now(), "connect_refused")])
    assert (health.state, health.ready) == ("degraded", True)
    health.replace("edge", [])
    assert health.state == "ok"
    since = health.parts()[0].since
    now.forward(seconds=5)
    health.report("database", "ok")
    assert health.parts()[0].since == since
    health.report("link", "down", code="refused")
    assert (health.state, health.ready) == ("down", False)


def test_cursors_belong_to_a_property() -> None:
    cursor = encode_cursor("one", ["2026-11-22", 5])
    assert decode_cursor("one", cursor) == ["2026-11-22", 5]
    for property_id, broken in (("two", cursor), ("one", "%%%"), ("one", "AAAA"), ("one", cursor[:-3])):
        with pytest.raises(Malformed):
            decode_cursor(property_id, broken)

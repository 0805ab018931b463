"""One-time codes against the standard's own vectors, and what people type."""

import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from pms.access import totp

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()

VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]
"""RFC 6238, appendix B, SHA-1: eight digits, of which an app with six shows the last six."""


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    assert totp.code_at(RFC_SECRET, totp.step_at(seconds)) == code[-6:]
    assert totp.matching_step(RFC_SECRET, code[-6:], seconds) == seconds // 30


def test_a_clock_that_is_a_step_off_is_forgiven_and_no_more() -> None:
    code = totp.code_at(RFC_SECRET, 1000)
    assert [totp.matching_step(RFC_SECRET, code, step * 30) for step in (998, 999, 1000, 1001, 1002)] == [
        None,
        1000,
        1000,
        1000,
        None,
    ]


def test_a_step_that_was_used_and_those_before_it_are_over() -> None:
    before, now, after = (totp.code_at(RFC_SECRET, step) for step in (999, 1000, 1001))
    assert totp.matching_step(RFC_SECRET, now, 30_000, used=1000) is None
    assert totp.matching_step(RFC_SECRET, before, 30_000, used=1000) is None
    assert totp.matching_step(RFC_SECRET, after, 30_000, used=1000) == 1001


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "000000\x00", "9" * 5000])
def test_what_is_no_code_matches_nothing(typed: str) -> None:
    assert totp.matching_step(RFC_SECRET, typed, 59) is None


def test_blanks_do_not_matter() -> None:
    assert totp.matching_step(RFC_SECRET, " 287 082 ", 59) == 1
    assert totp.matching_step(RFC_SECRET, "２８７０８２", 59) == 1


def test_an_app_is_told_everything_it_needs() -> None:
    secret = totp.new_secret()
    assert len(base64.b32decode(secret)) == 20
    parts = urlsplit(totp.uri(secret, "anna", "Harbour: House"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parse_qs(parts.query)["secret"] == [secret]
    assert parse_qs(parts.query)["issuer"] == ["Harbour  House"]
    assert totp.spelled(secret).replace(" ", "") == secret


def test_recovery_codes_are_unlike_codes_of_the_app() -> None:
    made = totp.new_recovery_codes()
    assert len(set(made)) == 10
    for code in made:
        assert totp.is_recovery_code(code)
    assert totp.is_recovery_code("abcde-fghjk")
    assert not totp.is_recovery_code("123 456")

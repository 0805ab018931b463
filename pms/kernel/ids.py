"""Identifiers: a prefix that says what it is, then 26 characters that sort by the time they were made."""

import secrets
import time

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
BODY_LENGTH = 26
_RANDOM_BITS = 80


def new_id(prefix: str) -> str:
    """A fresh identifier such as `stay_06f2k…`: 48 bits of milliseconds, 80 random bits.

    Sorts by creation time to the millisecond; cannot be guessed.
    """
    return f"{prefix}_{encode((time.time_ns() // 1_000_000 << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS))}"


def encode(number: int) -> str:
    """`number` (0 to 2**130 - 1) as 26 characters, the most significant first."""
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(5 * (BODY_LENGTH - 1), -1, -5))

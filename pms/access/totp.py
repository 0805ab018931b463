"""Time-based one-time codes (RFC 6238: SHA-1, 30 s, 6 digits, what every authenticator app takes). Pure."""

import base64
import hmac
import secrets
import unicodedata

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP_S = 30
DIGITS = 6
WINDOW = 1
"""Steps before and after the present one that are taken: a phone's clock is a little off."""

SECRET_BYTES = 20
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody takes for one another."""


def new_secret() -> str:
    """160 random bits as an app takes them: base32, 32 characters."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def step_at(seconds: float) -> int:
    """The step of an instant, in seconds of the epoch."""
    return int(seconds) // STEP_S


def code_at(secret: str, step: int) -> str:
    """The code of a step."""
    return _totp(secret).generate(step * STEP_S).decode()


def matching_step(secret: str, code: str, seconds: float, used: int | None = None) -> int | None:
    """The step whose code this is, within the window and after the last one `used`; None when there is none."""
    now, wanted = step_at(seconds), tidy(code)
    found: int | None = None
    for step in range(max(0, now - WINDOW), now + WINDOW + 1):
        # every step is compared, so that the time it takes says nothing
        same = hmac.compare_digest(code_at(secret, step).encode(), wanted.encode())
        if same and (used is None or step > used):
            found = step
    return found


def tidy(code: str) -> str:
    """A code as people type it, without blanks and dashes, in small letters; full-width digits are digits."""
    plain = unicodedata.normalize("NFKC", code[:64]).casefold()
    return "".join(character for character in plain if character.isalnum())


def spelled(secret: str) -> str:
    """A secret in groups of four, to be typed."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def uri(secret: str, username: str, issuer: str) -> str:
    """What the picture says to an app: `otpauth://totp/...`."""
    return _totp(secret).get_provisioning_uri(username, issuer.replace(":", " "))


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes of 49 random bits for the day the phone is lost."""
    return tuple(f"{_letters(5)}-{_letters(5)}" for _ in range(RECOVERY_CODES))


def is_recovery_code(code: str) -> bool:
    """Whether somebody types a recovery code and not one of the app's."""
    return len(tidy(code)) > DIGITS


def _letters(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))


def _totp(secret: str) -> TOTP:
    return TOTP(base64.b32decode(secret), DIGITS, SHA1(), STEP_S)  # noqa: S303 - the algorithm the standard names

"""Passwords, names, and how long somebody waits after wrong ones. Pure."""

from datetime import datetime, timedelta

from pms.kernel.errors import FieldError

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 256
LONGEST_NAME = 80

IDLE = timedelta(hours=12)
"""A session ends after this long without a request."""

LONGEST_SESSION = timedelta(days=7)
"""A session ends after this long in any case."""

SEEN_STEP = timedelta(minutes=5)
"""How exactly the last request is remembered: a write each few minutes, not each request."""

FREE_FAILURES = 5
LONGEST_WAIT = timedelta(minutes=5)
FORGIVEN_AFTER = timedelta(hours=24)


def username_key(username: str) -> str:
    """Names differ by more than case and outer blanks."""
    return username.strip().casefold()


def username_errors(username: str) -> list[FieldError]:
    """What is wrong with a name to sign in with."""
    name = username_key(username)
    if not name or len(name) > LONGEST_NAME:
        return [FieldError("username", "length", f"1 to {LONGEST_NAME} characters")]
    if not name.isprintable() or any(character.isspace() for character in name):
        return [FieldError("username", "characters", "printable characters without blanks")]
    return []


def password_errors(username: str, password: str) -> list[FieldError]:
    """What is wrong with a password somebody chooses."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return [FieldError("password", "length", f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")]
    if username_key(password) == username_key(username):
        return [FieldError("password", "same_as_username", "not the name itself")]
    if len(set(password)) < 4:
        return [FieldError("password", "too_simple", "more than three different characters")]
    return []


def wait_after(failures: int) -> timedelta:
    """How long a name is refused from an address after so many failures: none at first, never more than minutes."""
    if failures < FREE_FAILURES:
        return timedelta()
    return min(timedelta(seconds=2 ** min(failures - FREE_FAILURES + 1, 20)), LONGEST_WAIT)


def remaining_wait(failures: int, last_at: datetime, now: datetime) -> float:
    """Seconds still to wait; 0 when somebody may try."""
    if now - last_at > FORGIVEN_AFTER:
        return 0.0
    return max(0.0, (last_at + wait_after(failures) - now).total_seconds())

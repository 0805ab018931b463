"""The hotel's card key (DATA/secrets/card_key): 32 hex digits, mode 600. Whoever has it can make a key to every door.

It is in no backup, nor in any log, message or answer. The journal keeps a mark of it, from which it cannot be found:
so that a folder that was restored without its key does not make up a new one, which no lock would know.
"""

import contextlib
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

import structlog

from devices.catalog import Catalog
from devices.encoders.payload import CardKeys
from devices.inventory import Inventory
from edge.journal import Journal
from edge.secret_files import CARD_KEY, secret, secret_path, write_secret

log = structlog.get_logger()

ENCODERS = frozenset({"pn532"})
"""Dialects of card encoders."""
SEQUENCE = "key_sequence"
_FORM = re.compile(r"[0-9a-fA-F]{32}")


class CardKeyError(Exception):
    """There is no key to work with. `code`: no_card_key, card_key_unreadable or card_key_malformed."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, slots=True)
class CardKeyState:
    """The key at the start of the edge. `code` says what is wrong with it, if anything."""

    keys: CardKeys | None = None
    needed: bool = False
    code: str | None = None
    detail: str = ""

    @property
    def unable(self) -> str | None:
        """Why key jobs fail, as a reason of theirs; None: they need not."""
        return "no_card_key" if self.keys is None else None


def needs_card_key(inventory: Inventory, catalog: Catalog) -> bool:
    """Whether this house has an encoder, or a lock that is told which cards still open."""
    profiles = [catalog.get(device.profile) for device in inventory.devices.values()]
    return any(profile.dialect in ENCODERS or SEQUENCE in profile.points for profile in profiles)


def make_card_key(data: Path) -> bytes:
    """The key of this folder, made when there is none.

    Raises:
        CardKeyError: what is there is no key, or cannot be read.
    """
    try:
        with contextlib.suppress(UnicodeDecodeError):  # what is there is no key, as is said below
            secret(data, CARD_KEY, secrets.token_hex(16))
    except OSError as error:
        raise CardKeyError("card_key_unreadable", f"{error.strerror}: {error.filename}") from None
    return read_card_key(secret_path(data, CARD_KEY))


def read_card_key(file: Path) -> bytes:
    """The 16 bytes of a key's file.

    Raises:
        CardKeyError: it is not there, cannot be read, or is no key.
    """
    try:
        text = file.read_text("ascii").strip()
    except FileNotFoundError:
        raise CardKeyError("no_card_key", f"{file} is not there") from None
    except UnicodeDecodeError:
        raise CardKeyError("card_key_malformed", f"{file} is no card key: it has 32 hexadecimal digits") from None
    except OSError as error:
        raise CardKeyError("card_key_unreadable", f"{error.strerror}: {file}") from None
    if not _FORM.fullmatch(text):
        raise CardKeyError("card_key_malformed", f"{file} is no card key: it has 32 hexadecimal digits")
    return bytes.fromhex(text)


def write_card_key(file: Path, key: bytes) -> None:
    """Write a key, for its owner's eyes alone.

    Raises:
        OSError: it cannot be written.
    """
    write_secret(file, key.hex())


def mark_of(key: bytes) -> str:
    """What tells one key from another and says nothing else of it."""
    return hmac.new(key, b"innkeeper card key mark", hashlib.sha256).hexdigest()[:16]


async def open_card_key(data: Path, journal: Journal, property_id: str) -> CardKeyState:
    """The key as the edge starts with it: made at the first start, never made anew in the place of a lost one.

    Raises:
        DiskError: the journal does not take its mark.
    """
    known = journal.loaded.card_key_mark
    try:
        key = read_card_key(secret_path(data, CARD_KEY)) if known else make_card_key(data)
    except CardKeyError as error:
        log.warning("card_key.unusable", code=error.code, detail=str(error))
        return CardKeyState(needed=True, code=error.code, detail=str(error))
    mark = mark_of(key)
    if mark != known:
        await journal.keep_card_key_mark(mark)
    keys = CardKeys(property_id, key)
    if known is None or mark == known:
        return CardKeyState(keys, needed=True)
    log.warning("card_key.changed")
    detail = "locks that hold the key before this one refuse new cards"
    return CardKeyState(keys, needed=True, code="card_key_changed", detail=detail)

"""Encryption of personal fields. Keys live in DATA/secrets, never in a backup; the first writes, all of them read."""

import hashlib
import hmac
import os
from collections.abc import Sequence
from pathlib import Path
from weakref import WeakKeyDictionary

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

KEY_FILE = "field_keys"


UNREADABLE = "\N{LOCK}"
"""Stands where a personal field was written with a key that is not here: shown, said, never taken for a name."""


class WrongKey(Exception):  # noqa: N818
    """A field was written with a key that is not in the key file."""


class Keyring:
    """The keys of one DATA folder, newest first."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("a keyring needs at least one key")
        self.unreadable = 0
        """How often a field could not be read: the key file of the folder the data comes from is missing here."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        # The index key is made of the oldest key, so that a rotation does not change what was indexed.
        self._index_key = hashlib.sha256(b"innkeeper blind index" + keys[-1]).digest()

    @classmethod
    def load_or_create(cls, data: Path) -> "Keyring":
        """Read DATA/secrets/field_keys (a key a line, newest first); make it, mode 600, when it is not there."""
        path = key_file(data)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_private(path, Fernet.generate_key() + b"\n")
        return cls(path.read_bytes().split())

    def encrypt(self, text: str) -> str:
        """`text` as a token that only these keys read."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """The text of a token. Raises WrongKey."""
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken as error:
            raise WrongKey("a personal field was written with a key that is not in secrets/field_keys") from error

    def blind_index(self, text: str) -> str:
        """A keyed digest for finding equal texts (case and outer blanks do not count) without storing them."""
        return hmac.new(self._index_key, text.strip().casefold().encode(), hashlib.sha256).hexdigest()


def key_file(data: Path) -> Path:
    """Where the keys of a DATA folder are."""
    return data / "secrets" / KEY_FILE


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


_rings: "WeakKeyDictionary[Dialect, Keyring]" = WeakKeyDictionary()


def bind_keyring(dialect: Dialect, keyring: Keyring) -> None:
    """From here on `EncryptedText` of this engine's dialect uses `keyring`. Done by `Database`."""
    _rings[dialect] = keyring


class EncryptedText(TypeDecorator[str]):
    """A personal field: text in Python, a token in the database. To search it keep a `blind_index` beside it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Encrypt on the way in."""
        return None if value is None else _rings[dialect].encrypt(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Decrypt on the way out; UNREADABLE when none of the keys fits."""
        if value is None:
            return None
        ring = _rings[dialect]
        try:
            return ring.decrypt(value)
        except WrongKey:
            ring.unreadable += 1
            return UNREADABLE

"""What a caller can be told: a class per answer the caller must act on. HTTP statuses live in `http/problems.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is refused: a code for the reader's language, and its parameters."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldError:
    """A field of the request that cannot be taken: its dotted path, a code and a sentence for the developer."""

    field: str
    code: str
    message: str


class Refusal(Exception):  # noqa: N818
    """The request was understood and is refused. `code` is stable and becomes the problem type."""

    code = "refused"

    members: Mapping[str, Any] = {}
    """Further members of the problem document."""

    def __init__(self, message: str = "", *, code: str | None = None, reasons: Sequence[Reason] = ()) -> None:
        self.code = code or type(self).code
        self.reasons = tuple(reasons)
        super().__init__(message or self.code)


class Unauthenticated(Refusal):
    """Nobody, or nobody we know. Sign in."""

    code = "unauthenticated"


class Forbidden(Refusal):
    """The person is known and may not do this."""

    code = "forbidden"


class NotFound(Refusal):
    """There is no such thing in this property."""

    code = "not_found"


class Conflict(Refusal):
    """The present state does not allow it; `reasons` say why. Look again, then decide anew."""

    code = "conflict"


class VersionMismatch(Refusal):
    """Somebody changed it since the version the caller has seen (`If-Match`)."""

    code = "version_mismatch"


class Malformed(Refusal):
    """The request cannot be read at all (not JSON, a broken cursor, a wrong header)."""

    code = "malformed"


class Invalid(Refusal):
    """The request can be read and some of its fields cannot be taken."""

    code = "invalid"

    def __init__(
        self,
        errors: Sequence[FieldError],
        message: str = "",
        *,
        code: str | None = None,
        reasons: Sequence[Reason] = (),
    ) -> None:
        self.errors = tuple(errors)
        told = message or "; ".join(f"{error.field}: {error.message}" for error in errors)
        super().__init__(told, code=code, reasons=reasons)


class TooManyAttempts(Refusal):
    """Wait `retry_after` seconds."""

    code = "too_many_attempts"

    def __init__(self, retry_after: float, message: str = "") -> None:
        self.retry_after = retry_after
        super().__init__(message or f"wait {retry_after:.0f} s")


class TooManyRequests(TooManyAttempts):
    """More requests than a person or an address may make."""

    code = "too_many_requests"


class UnknownHost(Refusal):
    """The Host header is none of our names: somebody else's page may have made its own name point at us."""

    code = "unknown_host"


class CannotServe(Exception):  # noqa: N818
    """The pages cannot be served as configured (a certificate that is not there or does not fit); says what to do."""


class StorageFailed(Exception):  # noqa: N818
    """The database could not keep it (disk full, input/output error, damage). Nothing was acknowledged."""


class DatabaseDamaged(Exception):  # noqa: N818
    """The database cannot be opened as it is. The service does not start; the message says how to restore."""

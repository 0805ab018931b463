"""The certificates of a DATA folder, and serving with them: the context, its renewal, the port that leads to https."""

import asyncio
import os
import secrets
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from pms.kernel import certificates
from pms.kernel.certificates import Pair
from pms.kernel.errors import CannotServe
from pms.kernel.http.context import TrustAnchor
from pms.kernel.own_names import checked_names, own_names

log = structlog.get_logger()

ROOT, SERVER = "tls_ca", "tls_server"
LOOK_S = 5.0
"""How often the files are looked at: a renewed certificate holds without a restart."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The certificate (with what stands between it and the root) and its key; `root`: the local authority's, if any."""

    certificate: Path
    key: Path
    root: Path | None = None


def local_files(data: Path) -> TlsFiles:
    """Where the certificates that `innkeeper tls create` makes are kept."""
    folder = data / "secrets"
    return TlsFiles(folder / f"{SERVER}_certificate", folder / f"{SERVER}_key", folder / f"{ROOT}_certificate")


def create(data: Path, hotel: str, names: Sequence[str], now: datetime, *, replace: bool = False) -> TlsFiles:
    """Make a certificate authority and the server's certificate. Raises CannotServe when there is one already."""
    files = local_files(data)
    if _root_key(data).exists() and not replace:
        raise CannotServe(
            "there is a certificate authority already: `innkeeper tls renew` renews the server's certificate; "
            "--replace makes a new authority, which every device has to trust anew"
        )
    wanted = checked_names([*names, *own_names()])
    root = certificates.new_root(hotel, wanted, now)
    server = certificates.new_server(root, wanted, now)
    _write(_root_key(data), root.key)
    _write(files.root or files.certificate, root.certificate)
    _write_pair(files, server)
    return files


def renew(data: Path, names: Sequence[str], now: datetime) -> TlsFiles:
    """A new server certificate of the same authority, for the names it had and `names`. Raises CannotServe."""
    files = local_files(data)
    root = Pair(_read(files.root or files.certificate), _read(_root_key(data)))
    before = certificates.names_of(certificates.loaded(_read(files.certificate))) if files.certificate.exists() else []
    issuer = certificates.loaded(root.certificate)
    found = [name for name in own_names() if certificates.may_sign(issuer, name)]  # a new address must not stop it
    server = certificates.new_server(root, checked_names([*names, *before, *found]), now)
    _write_pair(files, server)
    return files


def anchor(files: TlsFiles) -> TrustAnchor | None:
    """The local authority as people are shown it; None where the hotel brought certificates of its own."""
    if files.root is None:
        return None
    pem = _read(files.root)
    found = certificates.loaded(pem)
    name = found.subject.rfc4514_string().removeprefix("CN=")
    return TrustAnchor(pem, certificates.fingerprint(found), name, found.not_valid_after_utc)


def told(files: TlsFiles) -> dict[str, Any]:
    """What may be said of the certificate, and of the local authority where there is one. Raises CannotServe."""
    found = certificates.loaded(_read(files.certificate))
    answer: dict[str, Any] = {
        "file": files.certificate,
        "names": certificates.names_of(found),
        "fingerprint": certificates.fingerprint(found),
        "until": found.not_valid_after_utc,
    }
    root = anchor(files)
    if root is not None:
        answer["authority"] = {"name": root.name, "fingerprint": root.fingerprint, "until": root.ends_at}
    return answer


class ServerContext:
    """The TLS context of the pages: 1.2 at least; `renew` loads files that have changed, for the next connections.

    Raises CannotServe when there is no certificate that can be used.
    """

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self.context = self._fresh()
        self._seen = self._stamps()
        self.certificate = certificates.loaded(_read(files.certificate))
        self.trouble = ""

    @property
    def names(self) -> list[str]:
        """The names the certificate in use is for."""
        return certificates.names_of(self.certificate)

    def renew(self) -> None:
        """Take changed files up. What does not fit (half written yet) is left, said once, and looked at again."""
        stamps = self._stamps()
        if stamps == self._seen and not self.trouble:
            return
        try:
            self._fresh()  # tried apart: a context that took half of a pair serves nobody
            self.context.load_cert_chain(self._files.certificate, self._files.key)
            self.certificate = certificates.loaded(_read(self._files.certificate))
        except (CannotServe, ssl.SSLError, OSError) as error:
            if not self.trouble:
                log.warning("tls_not_renewed", why=str(error))
            self.trouble = str(error)
        else:
            log.info("tls_renewed", until=self.certificate.not_valid_after_utc.isoformat())
            self._seen, self.trouble = stamps, ""

    async def watch(self, report: Callable[[], None]) -> None:
        """Renew and report until cancelled."""
        while True:
            self.renew()
            report()
            await asyncio.sleep(LOOK_S)

    def _fresh(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        for file in (self._files.certificate, self._files.key):
            _read(file)  # says which one is missing
        try:
            context.load_cert_chain(self._files.certificate, self._files.key)
        except ssl.SSLError as error:
            raise CannotServe(
                f"{self._files.certificate} and {self._files.key} are not a certificate and its key: {error.reason}"
            ) from error
        return context

    def _stamps(self) -> tuple[tuple[int, int] | None, ...]:
        return tuple(_stamp(file) for file in (self._files.certificate, self._files.key))


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def _root_key(data: Path) -> Path:
    return data / "secrets" / f"{ROOT}_key"


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        hint = "; `innkeeper tls create` makes a local authority and its certificate" if "tls_" in file.name else ""
        raise CannotServe(f"{file} cannot be read ({error.strerror}){hint}") from error


def _write_pair(files: TlsFiles, pair: Pair) -> None:
    _write(files.key, pair.key)
    _write(files.certificate, pair.certificate)


def _write(file: Path, content: bytes) -> None:
    """Complete, for its owner alone, before it has its name."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)

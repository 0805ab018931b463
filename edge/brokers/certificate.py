"""The certificate of the broker's TLS listener: the hotel's own, or one of an authority that is for the broker alone.

This authority is another than that of the pages: with RSA keys, which is all that Tasmota reads, and without name
constraints, for mbedTLS takes no certificate that bids it obey what it does not know. No browser is told to trust it.
The key stays the same when the certificate is renewed: a device may have pinned it.
What makes certificates is the PMS's code, imported when one has to be made.
"""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from edge.broker_settings import BrokerTable
from edge.brokers.trouble import BrokerError
from edge.secret_files import secret_path, write_secret

RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """The certificate and its key; `authority`: what devices are told to trust, None for the hotel's own."""

    certificate: Path
    key: Path
    authority: Path | None = None


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What may be said of it."""

    names: tuple[str, ...]
    fingerprint: str
    until: datetime


def certificate_files(settings: BrokerTable, data: Path) -> CertificateFiles:
    """Where they are. Absolute: the broker runs elsewhere."""
    given = settings.files(data)
    if given is not None:
        return CertificateFiles(given[0].absolute(), given[1].absolute())
    certificate, key, authority = (
        secret_path(data, f"broker-{name}").absolute() for name in ("tls-certificate", "tls-key", "ca-certificate")
    )
    return CertificateFiles(certificate, key, authority)


def ensure_certificate(settings: BrokerTable, data: Path, now: datetime) -> bool:
    """Have a certificate that can be used; True when one was made: at first, before its end, for names it lacks.

    Raises:
        BrokerError: the files named in the settings are not a certificate and its key.
    """
    files = certificate_files(settings, data)
    if files.authority is None:
        _check(files)
        return False
    if _is_good(files, [*settings.tls_names, *_lasting_names()], now):
        return False
    make_certificate(files, settings.tls_names, now)
    return True


def make_certificate(files: CertificateFiles, names: Sequence[str], now: datetime) -> None:
    """A new certificate of the local authority, which is made where there is none. Raises CannotServe: a wrong name."""
    from pms.kernel import certificates
    from pms.kernel.own_names import checked_names, own_names

    authority, root_key = files.authority, files.key.with_name("broker-ca-key")
    if authority is None:
        raise BrokerError("the certificate is the hotel's own: renew it where it was made")
    wanted = checked_names([*names, *own_names()])
    if not (authority.exists() and root_key.exists()):
        root = certificates.new_root("broker", (), now, for_devices=True)
        write_secret(root_key, root.key.decode())
        write_secret(authority, root.certificate.decode())
    root = certificates.Pair(authority.read_bytes(), root_key.read_bytes())
    key_before = files.key.read_bytes() if files.key.exists() else None  # devices may have pinned it: Tasmota does
    made = certificates.new_server(root, wanted, now, key_before)
    write_secret(files.key, made.key.decode())
    write_secret(files.certificate, made.certificate.decode())


def told(files: CertificateFiles) -> CertificateFacts:
    """Names, fingerprint and end. Raises BrokerError."""
    from pms.kernel import certificates

    found = _loaded(files.certificate)
    names = tuple(certificates.names_of(found))
    return CertificateFacts(names, certificates.fingerprint(found), found.not_valid_after_utc)


def _lasting_names() -> list[str]:
    """What this machine is called; without its addresses of IPv6, some of which change by the day."""
    from pms.kernel.own_names import own_names

    return [name for name in own_names() if ":" not in name]


def _is_good(files: CertificateFiles, names: Sequence[str], now: datetime) -> bool:
    if not all(file is not None and file.exists() for file in (files.certificate, files.key, files.authority)):
        return False
    found = _loaded(files.certificate)
    if found.not_valid_after_utc - now < RENEW_BEFORE:
        return False
    held = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = {str(one.value) for one in held if isinstance(one, x509.DNSName | x509.IPAddress)}
    return {name.strip().lower().rstrip(".") for name in names} <= known


def _check(files: CertificateFiles) -> None:
    _loaded(files.certificate)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key)
    except (ssl.SSLError, OSError) as error:
        raise BrokerError(f"{files.certificate} and {files.key} are not a certificate and its key: {error}") from error


def _loaded(file: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())[0]
    except OSError as error:
        raise BrokerError(f"the broker's certificate {file} cannot be read: {error.strerror}") from error
    except (ValueError, IndexError) as error:
        raise BrokerError(f"the broker's certificate {file} holds no PEM certificate") from error

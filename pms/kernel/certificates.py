"""The house's own certificates: a root that devices are told to trust, and the server's, made with it.

The root may sign for the house alone: its name constraints hold private addresses, local names and the names that were
given when it was made. Whoever steals its key can imitate no other site.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pms.kernel.errors import CannotServe
from pms.kernel.http.reach import LOCAL_SUFFIXES

ROOT_FOR = timedelta(days=3652)
SERVER_FOR = timedelta(days=397)
"""The longest that browsers take from anybody, so that no browser has a reason to refuse it."""
RENEW_BEFORE = timedelta(days=30)
SKEW = timedelta(hours=1)
"""Valid from a little earlier: clocks in a house differ."""

PRIVATE = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "127.0.0.0/8",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
)

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, as PEM."""

    certificate: bytes
    key: bytes


def new_root(hotel: str, names: Sequence[str], now: datetime, *, for_devices: bool = False) -> Pair:
    """A root certificate for ten years, which may sign for `names`, local names and private addresses.

    `for_devices`: as small devices can read it (RSA of 2048 bits, nothing critical that they do not know), and for any
    name: only for what no browser is told to trust.
    """
    key = _new_key(rsa_wanted=for_devices)
    common = f"Innkeeper {hotel[:36]} {secrets.token_hex(3)}".strip()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    builder = (
        _begun(subject, subject, key, now, ROOT_FOR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    if not for_devices:
        builder = builder.add_extension(x509.NameConstraints(_permitted(names), None), critical=True)
    return _pair(builder.sign(key, hashes.SHA256()), key)


def new_server(root: Pair, names: Sequence[str], now: datetime, key_before: bytes | None = None) -> Pair:
    """A server certificate for `names` (host names and addresses), signed by `root`; with `key_before`, for that key.

    Raises CannotServe when the root may not sign for one of them.
    """
    issuer, issuer_key = _loaded(root)
    refused = [name for name in names if not may_sign(issuer, name)]
    if refused:
        raise CannotServe(
            f"this certificate authority was not made for {', '.join(refused)}: make a new one with "
            "`innkeeper tls create --replace --name ...`; every device then has to trust it anew"
        )
    key = _new_key(rsa_wanted=isinstance(issuer_key, rsa.RSAPrivateKey)) if key_before is None else _key(key_before)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = (
        _begun(subject, issuer.subject, key, now, min(SERVER_FOR, issuer.not_valid_after_utc - now))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(authority, critical=False)
    )
    return _pair(builder.sign(issuer_key, hashes.SHA256()), key)


def loaded(certificate: bytes) -> x509.Certificate:
    """The first certificate of a PEM file. Raises CannotServe."""
    try:
        return x509.load_pem_x509_certificates(certificate)[0]
    except (ValueError, IndexError) as error:
        raise CannotServe("the certificate file holds no PEM certificate") from error


def names_of(certificate: x509.Certificate) -> list[str]:
    """The names and addresses a certificate is for."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return found.get_values_for_type(x509.DNSName) + [str(one) for one in found.get_values_for_type(x509.IPAddress)]


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 in pairs, as browsers and phones show it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def signed_by(certificate: x509.Certificate, root: x509.Certificate) -> bool:
    """Whether `root` made this certificate."""
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _begun(
    subject: x509.Name, issuer: x509.Name, key: Key, now: datetime, length: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + length - SKEW)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _permitted(names: Iterable[str]) -> list[x509.GeneralName]:
    local = [suffix.removeprefix(".") for suffix in LOCAL_SUFFIXES]
    given = [_general(name) for name in names]
    hosts = dict.fromkeys([*local, *(one.value for one in given if isinstance(one, x509.DNSName))])
    private = [ip_network(text) for text in PRIVATE]
    single = [ip_network(one.value) for one in given if isinstance(one, x509.IPAddress)]
    return [*map(x509.DNSName, hosts), *map(x509.IPAddress, dict.fromkeys([*private, *single]))]


def may_sign(root: x509.Certificate, name: str) -> bool:
    """Whether `root` was made for this name or address."""
    try:
        permitted = root.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    except x509.ExtensionNotFound:
        return True
    wanted = _general(name)
    if isinstance(wanted, x509.IPAddress):
        networks = [ip_network(one.value) for one in permitted if isinstance(one, x509.IPAddress)]
        return any(ip_address(name) in network for network in networks)
    hosts = [one.value for one in permitted if isinstance(one, x509.DNSName)]
    return any(name == host or name.endswith(f".{host}") for host in hosts)


def _general(name: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _loaded(pair: Pair) -> tuple[x509.Certificate, Key]:
    return loaded(pair.certificate), _key(pair.key)


def _new_key(*, rsa_wanted: bool) -> Key:
    return rsa.generate_private_key(65_537, 2048) if rsa_wanted else ec.generate_private_key(ec.SECP256R1())


def _key(pem: bytes) -> Key:
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise CannotServe("the key of the certificate cannot be read") from error
    if not isinstance(key, Key):
        raise CannotServe("the key of the certificate is not one that this service made")
    return key


def _pair(certificate: x509.Certificate, key: Key) -> Pair:
    plain = serialization.NoEncryption()  # the folder is mode 700, the file mode 600: the service starts unattended
    return Pair(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain),
    )

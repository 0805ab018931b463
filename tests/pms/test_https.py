"""HTTPS as browsers see it: the house's own authority, renewal while it runs, and what the pages say of it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from yarl import URL

from pms import tls
from pms.app import Pms
from pms.kernel import certificates
from pms.kernel.certificates import Pair
from pms.kernel.errors import CannotServe
from pms.kernel.health import Health
from pms.kernel.http.reach import Reach
from pms.kernel.own_names import checked_names, own_names
from pms.listening import Listening, certificate_health, warn_of_plain_http
from pms.tls import ServerContext, TlsFiles
from tests.pms.test_app import config, now
from tests.waiting import until


def made(tmp_path: Path, *names: str) -> TlsFiles:
    return tls.create(tmp_path / "data", "Test House", names, now())


def trusting(files: TlsFiles) -> ssl.SSLContext:
    """A browser that was told to trust the house, as strict as they come."""
    assert files.root is not None
    context = ssl.create_default_context(cafile=files.root)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


@asynccontextmanager
async def serving(
    tmp_path: Path, files: TlsFiles, **more: Any
) -> AsyncIterator[tuple[Pms, aiohttp.ClientSession, ssl.SSLContext]]:
    listening = Listening(tls=files, **more)
    trust = trusting(files) if files.root else ssl.create_default_context()
    async with Pms(config(tmp_path, listening=listening, demo=True), now) as pms, aiohttp.ClientSession() as client:
        yield pms, client, trust


async def test_a_browser_that_trusts_the_house_gets_in_and_another_does_not(tmp_path: Path) -> None:
    async with serving(tmp_path, made(tmp_path)) as (pms, client, trust):
        assert pms.url.startswith("https://127.0.0.1:")
        for url in (pms.url, pms.url.replace("127.0.0.1", "localhost")):
            async with client.get(f"{url}/sign-in", ssl=trust) as got:
                assert got.status == 200
                assert got.headers["Strict-Transport-Security"] == "max-age=31536000"
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await client.get(f"{pms.url}/sign-in")
        with pytest.raises(aiohttp.ClientError):
            await client.get(f"{pms.url}/sign-in".replace("https:", "http:"))


async def test_an_old_protocol_is_refused(tmp_path: Path) -> None:
    assert ServerContext(made(tmp_path)).context.minimum_version == ssl.TLSVersion.TLSv1_2


async def test_the_session_cookie_is_for_https_from_this_very_host(tmp_path: Path) -> None:
    async with serving(tmp_path, made(tmp_path)) as (pms, client, trust):
        body = {"username": "manager", "password": "demo"}
        async with client.post(f"{pms.url}/api/v1/session", json=body, ssl=trust) as got:
            cookie = got.headers["Set-Cookie"]
    assert cookie.startswith("__Host-innkeeper=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


async def test_plain_http_is_led_to_https(tmp_path: Path) -> None:
    async with serving(tmp_path, made(tmp_path), redirect_port=0) as (pms, client, _):
        async with client.get(f"{pms.redirect_url}/rooms?floor=1", allow_redirects=False) as got:
            assert (got.status, got.headers["Location"]) == (308, f"{pms.url}/rooms?floor=1")
            assert (got.headers["Server"], got.headers["Cache-Control"]) == ("innkeeper", "no-store")
        headers = {"Host": "evil.example"}
        async with client.get(f"{pms.redirect_url}/", headers=headers, allow_redirects=False) as got:
            assert got.status == 404


async def test_the_page_about_trust_shows_the_fingerprint_and_gives_the_certificate_alone(tmp_path: Path) -> None:
    files = made(tmp_path)
    anchor = tls.anchor(files)
    assert anchor is not None
    async with serving(tmp_path, files) as (pms, client, trust):
        for language, word in (("en", "Trusted Root"), ("zh-CN", "受信任的根证书颁发机构")):
            async with client.get(f"{pms.url}/trust", headers={"Accept-Language": language}, ssl=trust) as got:
                text = await got.text()
                assert anchor.fingerprint in text
                assert word in text
        async with client.get(f"{pms.url}/trust/innkeeper-ca.crt", ssl=trust) as got:
            content = await got.read()
            assert got.content_type == "application/x-x509-ca-cert"
    assert b"PRIVATE KEY" not in content
    assert certificates.fingerprint(x509.load_pem_x509_certificate(content)) == anchor.fingerprint


async def test_a_renewed_certificate_is_taken_up_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "LOOK_S", 0.02)
    files = made(tmp_path)
    async with serving(tmp_path, files) as (pms, _, trust):
        before = await _serial(pms.url, trust)
        tls.renew(tmp_path / "data", (), now())

        async def renewed() -> bool:
            return await _serial(pms.url, trust) != before

        await until(renewed)


async def _serial(url: str, trust: ssl.SSLContext) -> str:
    """Of the certificate that a new connection is shown."""
    _, writer = await asyncio.open_connection("127.0.0.1", URL(url).port, ssl=trust)
    try:
        return str(writer.get_extra_info("peercert")["serialNumber"])
    finally:
        writer.close()
        await writer.wait_closed()


def test_half_a_pair_is_left_and_said_and_the_former_still_holds(tmp_path: Path) -> None:
    files = made(tmp_path)
    context, health = ServerContext(files), Health((), now)
    before, key = context.certificate, files.key.read_bytes()
    files.key.write_bytes(b"half a key")
    context.renew()
    certificate_health(health, context, now)
    assert [part.code for part in health.parts()] == ["certificate_unusable"]
    assert context.certificate == before
    files.key.write_bytes(key)
    context.renew()
    certificate_health(health, context, now)
    assert [part.state for part in health.parts()] == ["ok"]


@pytest.mark.parametrize(
    ("days", "state", "code"),
    [
        (0, "ok", None),
        (360, "ok", None),
        (380, "degraded", "certificate_expires"),
        (400, "down", "certificate_expired"),
    ],
)
def test_the_end_of_a_certificate_is_said_in_time(tmp_path: Path, days: int, state: str, code: str | None) -> None:
    health = Health((), now)
    certificate_health(health, ServerContext(made(tmp_path)), lambda: now() + timedelta(days=days))
    assert [(part.state, part.code) for part in health.parts()] == [(state, code)]


@pytest.mark.parametrize(
    ("host", "public", "state"),
    [
        ("127.0.0.1", "", "ok"),
        ("0.0.0.0", "", "degraded"),
        ("0.0.0.0", "https://hotel.example", "ok"),
        ("192.168.1.5", "http://hotel.example", "degraded"),
    ],
)
def test_passwords_in_the_clear_are_said(host: str, public: str, state: str) -> None:
    health = Health((), now)
    warn_of_plain_http(health, host, Listening(reach=Reach(public_url=public)))
    assert [part.state for part in health.parts()] == [state]


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    made(tmp_path)
    folder = tmp_path / "data" / "secrets"
    assert {path.name for path in folder.iterdir()} == {
        "tls_ca_certificate",
        "tls_ca_key",
        "tls_server_certificate",
        "tls_server_key",
    }
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_an_authority_is_not_replaced_by_mistake(tmp_path: Path) -> None:
    files = made(tmp_path)
    assert files.root is not None
    before = files.root.read_bytes()
    with pytest.raises(CannotServe, match="renew"):
        made(tmp_path)
    assert files.root.read_bytes() == before


def test_renewal_keeps_the_names_and_adds_some_it_may(tmp_path: Path) -> None:
    files = made(tmp_path, "hotel.example", "192.0.2.10")
    tls.renew(tmp_path / "data", ["desk.hotel.example", "10.1.2.3"], now())
    names = set(ServerContext(files).names)
    assert {"hotel.example", "192.0.2.10", "desk.hotel.example", "10.1.2.3", "localhost"} <= names
    with pytest.raises(CannotServe, match=r"bank\.example"):
        tls.renew(tmp_path / "data", ["bank.example"], now())


def test_a_machine_that_has_moved_renews_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, "hotel.lan")
    monkeypatch.setattr(tls, "own_names", lambda: ["new.example", "203.0.113.77", "10.9.8.7"])
    names = set(ServerContext(tls.renew(tmp_path / "data", (), now())).names)
    assert {"hotel.lan", "10.9.8.7"} <= names
    assert names.isdisjoint({"new.example", "203.0.113.77"})


@pytest.mark.parametrize("name", ["a b", "", "http://x", "*.x", "x" * 64, "a..b", "-a"])
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CannotServe, match="neither"):
        made(tmp_path, name)


def test_the_machine_knows_what_it_is_called() -> None:
    names = own_names()
    assert checked_names(names) == list(dict.fromkeys(names))
    assert {"localhost", "127.0.0.1", "::1"} <= set(names)
    assert "127.0.1.1" not in names
    assert "" not in names


def test_a_thief_of_the_authority_cannot_imitate_another_site(tmp_path: Path) -> None:
    files = made(tmp_path)
    assert files.root is not None
    root = Pair(files.root.read_bytes(), (tmp_path / "data/secrets/tls_ca_key").read_bytes())
    assert _shakes_hands(tmp_path, files, certificates.new_server(root, ["desk.lan"], now()), "desk.lan")
    unbound = _without_constraints(root)
    forged = certificates.new_server(unbound, ["bank.example"], now())
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        _shakes_hands(tmp_path, files, forged, "bank.example")


def _without_constraints(root: Pair) -> Pair:
    """The stolen key under a certificate of the same name and key, without the limits: what a thief signs with."""
    certificate, key = certificates._loaded(root)
    builder = (
        x509.CertificateBuilder()
        .subject_name(certificate.subject)
        .issuer_name(certificate.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=3000))
    )
    return certificates._pair(builder.sign(key, SHA256()), key)


def _shakes_hands(tmp_path: Path, files: TlsFiles, pair: Pair, name: str) -> bool:
    """A whole handshake in memory with who shows `pair`."""
    certificate, key = tmp_path / "shown.pem", tmp_path / "shown.key"
    certificate.write_bytes(pair.certificate)
    key.write_bytes(pair.key)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting(files).wrap_bio(back, there, server_hostname=name)
    server = ServerContext(TlsFiles(certificate, key)).context.wrap_bio(there, back, server_side=True)
    for _ in range(3):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return client.getpeercert() is not None


def test_without_a_certificate_it_does_not_start_and_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CannotServe, match="innkeeper tls create"):
        ServerContext(tls.local_files(tmp_path))
    other = made(tmp_path)
    key = tmp_path / "wrong.key"
    key.write_bytes((tmp_path / "data/secrets/tls_ca_key").read_bytes())
    with pytest.raises(CannotServe, match="not a certificate and its key"):
        ServerContext(TlsFiles(other.certificate, key))


async def test_a_certificate_of_the_hotels_own_has_no_page_about_trust(tmp_path: Path) -> None:
    local = made(tmp_path)
    trust = trusting(local)
    async with serving(tmp_path, TlsFiles(local.certificate, local.key)) as (pms, client, _):
        async with client.get(f"{pms.url}/trust", ssl=trust) as got:
            assert got.status == 404
        async with client.get(f"{pms.url}/sign-in", ssl=trust) as got:
            assert "/trust" not in await got.text()


async def test_the_first_link_names_the_public_address(tmp_path: Path) -> None:
    listening = Listening(reach=Reach(public_url="https://hotel.example"))
    async with Pms(config(tmp_path, listening=listening), now) as pms:
        assert pms.first_manager_link is not None
        assert pms.first_manager_link.startswith("https://hotel.example/first-manager?token=")

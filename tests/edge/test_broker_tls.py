"""The devices' listener with TLS: whom devices trust, what is refused, and a certificate that is renewed."""

import asyncio
import hashlib
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiomqtt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from edge.broker import Broker, BrokerError
from edge.broker_settings import BrokerTable
from edge.brokers.certificate import CertificateFiles, certificate_files, ensure_certificate, make_certificate, told
from edge.brokers.renewal import Renewal
from pms.kernel.errors import CannotServe
from tests.edge.broker_house import BrokerHouse, broker_house, heard
from tests.waiting import until

NOW = datetime.now(UTC)
LOCAL = BrokerTable(tls_port=0)


def trusting(authority: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority)


def secure(house: BrokerHouse, context: ssl.SSLContext) -> aiomqtt.Client:
    assert house.broker.tls_port is not None
    return house.device("plug_a", port=house.broker.tls_port, tls_context=context)


def files_of(house: BrokerHouse) -> CertificateFiles:
    return certificate_files(house.settings, house.shell.data)


def presented(port: int) -> str:
    """The fingerprint of the certificate that the broker shows."""
    pem = ssl.get_server_certificate(("127.0.0.1", port))
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest().hex(":").upper()


@pytest.mark.real("mosquitto")
async def test_a_device_that_trusts_the_authority_gets_in_and_others_do_not(tmp_path: Path) -> None:
    async with broker_house(tmp_path / "hotel") as house, house.own() as service:
        files = files_of(house)
        assert files.authority is not None
        await service.subscribe("tele/#", qos=1)
        async with secure(house, trusting(files.authority)) as device:
            await device.publish("tele/plug_b/STATE", b"forged", qos=1)
        small = trusting(files.authority)  # the one cipher that Tasmota speaks
        small.maximum_version = ssl.TLSVersion.TLSv1_2
        small.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
        async with secure(house, small) as device:
            await device.publish("tele/plug_a/STATE", b"{}", qos=1)
        assert await heard(service, "tele/plug_a/STATE") == [("tele/plug_a/STATE", b"{}")]
        stranger = certificate_files(LOCAL, tmp_path / "other")
        make_certificate(stranger, (), NOW)
        assert stranger.authority is not None
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection("127.0.0.1", house.broker.tls_port, ssl=trusting(stranger.authority))
        with pytest.raises(aiomqtt.MqttError):  # in the clear, at the port of TLS
            async with house.device("plug_a", port=house.broker.tls_port, timeout=1):
                pass


@pytest.mark.real("mosquitto")
async def test_an_old_protocol_is_refused_and_a_renewed_certificate_taken_up(tmp_path: Path) -> None:
    async with broker_house(tmp_path) as house:
        files, port = files_of(house), house.broker.tls_port
        assert files.authority is not None
        assert port is not None
        old = trusting(files.authority)
        old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", port, ssl=old)
        before = told(files)
        assert await asyncio.to_thread(presented, port) == before.fingerprint
        later = Renewal(house.settings, house.shell.data, lambda: before.until - timedelta(days=29))
        seen = later.seen()
        assert later.look(seen) != seen
        after = told(files).fingerprint
        assert after != before.fingerprint
        await until(lambda: _shows(port, after))


async def _shows(port: int, fingerprint: str) -> bool:
    return await asyncio.to_thread(presented, port) == fingerprint


def test_the_certificate_is_made_once_and_again_before_its_end_or_for_a_new_name(tmp_path: Path) -> None:
    assert ensure_certificate(LOCAL, tmp_path, NOW)
    files = certificate_files(LOCAL, tmp_path)
    first = told(files)
    assert {"localhost", "127.0.0.1"} <= set(first.names)
    assert not ensure_certificate(LOCAL, tmp_path, first.until - timedelta(days=31))
    key = files.key.read_text()
    assert ensure_certificate(LOCAL, tmp_path, first.until - timedelta(days=29))
    assert files.key.read_text() == key  # a device may have pinned it
    assert told(files).until > first.until
    named = BrokerTable(tls_port=0, tls_names=("broker.hotel.example", "192.0.2.7"))
    assert ensure_certificate(named, tmp_path, NOW)
    assert not ensure_certificate(named, tmp_path, NOW)
    assert {"broker.hotel.example", "192.0.2.7"} <= set(told(files).names)
    with pytest.raises(CannotServe, match="neither"):
        ensure_certificate(BrokerTable(tls_port=0, tls_names=("no name",)), tmp_path, NOW)


def test_a_machine_that_moved_gets_a_certificate_for_its_new_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ensure_certificate(LOCAL, tmp_path, NOW)
    monkeypatch.setattr("pms.kernel.own_names.own_names", lambda: ["localhost", "192.0.2.99", "2001:db8::1"])
    assert ensure_certificate(LOCAL, tmp_path, NOW)
    assert {"192.0.2.99", "2001:db8::1"} <= set(told(certificate_files(LOCAL, tmp_path)).names)
    monkeypatch.setattr("pms.kernel.own_names.own_names", lambda: ["localhost", "192.0.2.99", "2001:db8::2"])
    assert not ensure_certificate(LOCAL, tmp_path, NOW)


def test_small_devices_can_read_the_authority_and_nobody_reads_a_key(tmp_path: Path) -> None:
    """Nothing critical that they do not know; and another authority than the browsers', which is bound to the house."""
    ensure_certificate(LOCAL, tmp_path, NOW)
    files = certificate_files(LOCAL, tmp_path)
    assert files.authority is not None
    root = x509.load_pem_x509_certificate(files.authority.read_bytes())
    assert isinstance(root.public_key(), rsa.RSAPublicKey)
    known = {x509.BasicConstraints.oid, x509.KeyUsage.oid}
    assert {one.oid for one in root.extensions if one.critical} == known
    for name in ("broker-tls-key", "broker-ca-key"):
        assert stat.S_IMODE((tmp_path / "secrets" / name).stat().st_mode) == 0o600


def test_the_hotel_s_own_certificate_is_used_and_checked(tmp_path: Path) -> None:
    ensure_certificate(LOCAL, tmp_path, NOW)
    own = BrokerTable(tls_port=0, tls_certificate="secrets/broker-tls-certificate", tls_key="secrets/broker-tls-key")
    assert not ensure_certificate(own, tmp_path, NOW)
    assert certificate_files(own, tmp_path).authority is None
    mixed = BrokerTable(tls_port=0, tls_certificate="secrets/broker-tls-certificate", tls_key="secrets/broker-ca-key")
    with pytest.raises(BrokerError, match="not a certificate and its key"):
        ensure_certificate(mixed, tmp_path, NOW)
    absent = BrokerTable(tls_port=0, tls_certificate="nowhere", tls_key="nowhere")
    with pytest.raises(BrokerError, match="cannot be read"):
        ensure_certificate(absent, tmp_path, NOW)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"tls_port": 8883, "host": "0.0.0.0"}, "plain_beyond_loopback"),
        ({"tls_port": 8883, "host": "hotel.lan"}, "plain_beyond_loopback"),
        ({"tls_port": 8883, "tls_key": "a"}, "go together"),
        ({"tls_names": ["a"]}, "with tls_port"),
        ({"device_port": 1884, "mode": "embedded"}, "need Mosquitto"),
        ({"device_port": 1884, "mode": "url", "url": "mqtt://a"}, "need Mosquitto"),
    ],
)
def test_settings_that_would_leave_a_door_open_are_refused(table: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        BrokerTable.model_validate(table)


def test_plain_may_stay_open_while_devices_are_moved() -> None:
    BrokerTable.model_validate({"tls_port": 8883, "host": "0.0.0.0", "plain_beyond_loopback": True})


async def test_without_mosquitto_there_are_no_ports_for_devices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.broker.find_mosquitto", lambda: None)
    with pytest.raises(BrokerError, match="need Mosquitto"):
        async with Broker(BrokerTable(port=0, device_port=0), tmp_path, lambda: NOW):
            pass

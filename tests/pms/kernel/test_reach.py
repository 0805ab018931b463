"""Who is believed about addresses and host names."""

import pytest

from pms.kernel.http.reach import Reach, counted_as, is_loopback, networks
from tests.pms.serving import Api

BEHIND = Reach(networks(["10.0.0.2", "fd00::/8"]), "https://hotel.example", frozenset({"pms.hotel.example"}))


@pytest.mark.parametrize(
    ("remote", "said", "found"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.2", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.2", "nonsense\r\nx", "10.0.0.2"),
        ("::ffff:10.0.0.2", "2001:db8::1", "2001:db8::1"),
        ("fd00::1", "198.51.100.1", "198.51.100.1"),
        (None, "198.51.100.1", ""),
    ],
)
def test_the_last_hop_that_is_no_proxy_of_ours(remote: str | None, said: str, found: str) -> None:
    assert BEHIND.address_of(remote, said) == found


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8080",
        "[::1]:8080",
        "192.168.1.5",
        "localhost",
        "frontdesk:8080",
        "hotel.local",
        "hotel.home.arpa:443",
        "hotel.example",
        "HOTEL.example.:443",
        "pms.hotel.example",
    ],
)
def test_names_of_the_house(host: str) -> None:
    assert BEHIND.knows(host)


@pytest.mark.parametrize("host", ["evil.example", "hotel.example.evil.example", "xhotel.example", "local.evil.example"])
def test_names_of_somebody_else(host: str) -> None:
    assert not BEHIND.knows(host)


def test_an_ipv6_household_counts_as_one() -> None:
    assert counted_as("2001:db8::1") == counted_as("2001:db8::ffff:1") != counted_as("2001:db8:0:1::1")
    assert counted_as("192.0.2.1") == "192.0.2.1"
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "hotel")] == [True] * 3 + [
        False
    ] * 2


def test_a_wrong_network_is_refused() -> None:
    with pytest.raises(ValueError, match="proxy"):
        networks(["proxy.example"])


async def test_a_foreign_name_that_points_at_us_gets_nothing(api: Api) -> None:
    refused = await api.get("/sign-in", Host="evil.example", Accept="application/json")
    assert (refused.status, refused.code) == (421, "unknown_host")
    assert (await api.get("/healthz", Host="evil.example")).status in {200, 503}
    api.context.reach = Reach(public_url="https://hotel.example")
    assert (await api.get("/sign-in", Host="hotel.example")).status == 200


async def test_only_a_proxy_of_the_house_makes_a_request_secure(api: Api) -> None:
    told = await api.get("/sign-in", X_Forwarded_Proto="https")
    assert "Strict-Transport-Security" in told.headers
    api.context.reach = Reach(networks(["10.0.0.2"]))
    told = await api.get("/sign-in", X_Forwarded_Proto="https")
    assert "Strict-Transport-Security" not in told.headers

"""Which topics are a device's own."""

import pytest

from devices.errors import NotSupported
from devices.mqtt.own_topics import meet, shared, topics_of_bridge, topics_of_device
from devices.mqtt.topics import matches
from tests.devices.codec import catalog, device, router

CLIENTS = [
    ("tasmota/relay", "101_plug", "tele/101_plug/STATE", "cmnd/101_plug/POWER"),
    ("tasmota/relay", "hotel/%prefix%/101_plug#2", "hotel/stat/101_plug/RESULT", "hotel/cmnd/101_plug/POWER2"),
    ("shelly/switch", "shellyplus1-a8#1", "shellyplus1-a8/events/rpc", "shellyplus1-a8/rpc"),
    ("shelly_gen1/relay", "shellies/shelly1-a8", "shellies/shelly1-a8/relay/0", "shellies/shelly1-a8/relay/0/command"),
    ("esphome/relay", "node-101", "node-101/switch/light/state", "node-101/switch/light/command"),
    ("homie/relay", "homie/5/101-relay", "homie/5/101-relay/relay/state", "homie/5/101-relay/relay/state/set"),
    ("mapped/text_switch", "rooms/101/light", "rooms/101/light/state", "rooms/101/light/command"),
]


@pytest.mark.parametrize(("profile", "address", "state", "order"), CLIENTS)
def test_a_device_says_its_states_and_hears_its_orders(profile: str, address: str, state: str, order: str) -> None:
    own = topics_of_device(device(profile, address), catalog().get(profile))
    assert any(matches(pattern, state) for pattern in own.says)
    assert any(matches(pattern, order) for pattern in own.hears)


@pytest.mark.parametrize(("profile", "address"), [(row[0], row[1]) for row in CLIENTS])
def test_what_is_read_of_it_and_said_to_it_is_its_own(profile: str, address: str) -> None:
    """Every topic that the codec reads as this device's may be said by it, and by nobody else."""
    codec = router(device(profile, address))
    own = topics_of_device(device(profile, address), catalog().get(profile))
    topics = [topic for dialect in codec._dialects.values() for topic, _ in dialect.handlers()]
    assert all(any(matches(pattern, topic) for pattern in own.says) for topic in topics)
    other = topics_of_device(device(profile, address.replace("101", "102").replace("a8", "b9")), catalog().get(profile))
    if own != other:
        assert not [topic for topic in topics if any(matches(pattern, topic) for pattern in other.says)]
        assert shared(own.says, other.says) is None


@pytest.mark.parametrize(
    ("profile", "address"), [("zigbee2mqtt/lock", "zigbee2mqtt/101_lock"), ("mapped/node_motion", "nodes/data#n1")]
)
def test_what_is_behind_a_bridge_is_no_client(profile: str, address: str) -> None:
    with pytest.raises(NotSupported, match="bridge"):
        topics_of_device(device(profile, address), catalog().get(profile))


def test_a_bridge_has_what_is_below_its_base() -> None:
    own = topics_of_bridge("zigbee2mqtt/floor1")
    assert own.says == own.hears == ("zigbee2mqtt/floor1/#",)


@pytest.mark.parametrize("base", ["", "#", "a/#", "+/a", "/a", "a/", "a//b", "$SYS", "a b", "a\nuser x", "x" * 401])
def test_what_is_no_base_topic_is_refused(base: str) -> None:
    with pytest.raises(NotSupported):
        topics_of_bridge(base)


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("a/+/c", "a/b/+", True),
        ("+/b", "a/#", True),
        ("#", "a/b", True),
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/#", "ab/c", False),
        ("a/+", "a/b/c", False),
    ],
)
def test_two_filters_meet_where_a_topic_fits_both(one: str, other: str, common: bool) -> None:
    assert meet(one, other) is meet(other, one) is common

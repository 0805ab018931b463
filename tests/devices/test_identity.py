"""A device is who its topic says it is: what its payload claims changes nothing for anybody else."""

from typing import Any

import pytest

from devices.model import DeviceEvent, Reading
from tests.devices.codec import device, reasons, router, say

A, B = "101_thing", "102_thing"
CLAIMS: dict[str, Any] = {
    "device": {"friendlyName": "102_lock", "ieeeAddr": "0x0b"},
    "friendly_name": "102_lock",
    "Topic": "102_plug",
    "src": "shelly-b",
    "id": B,
    "mac": "0B:0B",
    "room": "102",
}
LIES = [
    ("zigbee2mqtt/lock", "zigbee2mqtt/{}", "zigbee2mqtt/a", {"state": "UNLOCK", "lock_state": "unlocked"}),
    ("zigbee2mqtt/contact", "zigbee2mqtt/{}", "zigbee2mqtt/a", {"contact": False}),
    ("zigbee2mqtt/lock", "zigbee2mqtt/{}", "zigbee2mqtt/a", {"action": "keypad_unlock", "action_user": 150}),
    ("tasmota/relay", "{}", "tele/a/STATE", {"POWER": "ON"}),
    ("tasmota/relay", "{}", "stat/a/RESULT", {"POWER": "ON"}),
    (
        "shelly/switch",
        "{}",
        "a/events/rpc",
        {"dst": "b/events", "method": "NotifyStatus", "params": {"switch:0": {"output": True}}},
    ),
    ("shelly_gen1/button", "shellies/{}", "shellies/a/input_event/0", {"event": "S", "event_cnt": 3}),
]


@pytest.mark.parametrize(("profile", "address", "topic", "said"), LIES)
def test_a_payload_that_claims_another_device_counts_for_its_own_topic(
    profile: str, address: str, topic: str, said: dict[str, Any]
) -> None:
    one, other = device(profile, address.format("a"), A, "101"), device(profile, address.format("b"), B, "102")
    decoded = say(router(one, other), topic, CLAIMS | said)
    owners = {(fact.device, fact.room) for fact in decoded.facts if isinstance(fact, Reading | DeviceEvent)}
    assert owners == {(A, "101")}


def test_nodes_of_a_shared_topic_name_only_each_other() -> None:
    """Where a bridge's nodes name themselves, the bridge answers for its own nodes and for nobody else's."""
    one = device("mapped/node_motion", "nodes/east#n1", A, "101")
    other = device("mapped/node_motion", "nodes/west#n2", B, "102")
    lie = say(router(one, other), "nodes/east", {"node-id": "n2", "motion-bool": 1})
    assert (lie.facts, reasons(lie)) == ((), ["unknown_device"])
    assert say(router(one, other), "nodes/west", {"node-id": "n2", "motion-bool": 1}).facts


def test_a_homie_device_cannot_take_another_one_down() -> None:
    """It may name the root it hangs on, which concerns itself; that another hangs on it, it cannot say."""
    one = device("homie/relay", "homie/5/a", A, "101")
    other = device("homie/relay", "homie/5/b", B, "102")
    codec = router(one, other)
    say(codec, "homie/5/b/$state", b"ready")
    said = {"homie": "5.0", "version": 1, "name": "a", "children": ["b"], "nodes": {}}
    parts = [say(codec, "homie/5/a/$description", said), say(codec, "homie/5/a/$state", b"lost")]
    owners = {fact.device for part in parts for fact in part.facts if isinstance(fact, Reading)}
    assert owners == {A}


def test_a_bridge_s_word_concerns_its_own_devices() -> None:
    one = device("zigbee2mqtt/contact", "east/101_door", A, "101")
    other = device("zigbee2mqtt/contact", "west/102_door", B, "102")
    down = say(router(one, other), "east/bridge/state", {"state": "offline", "base": "west"})
    assert {fact.device for fact in down.facts if isinstance(fact, Reading)} == {A}

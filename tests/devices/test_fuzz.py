"""Nothing that arrives makes a codec raise, and nothing absurd becomes a good reading."""

import re
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from devices.modbus.plan import plan
from devices.modbus.registers import decode
from devices.model import Decoded, Device, Quality, Reading
from tests.devices.codec import NOON, catalog, device, router

DEVICES = {
    "zigbee2mqtt": [profile for profile in catalog().ids() if profile.startswith("zigbee2mqtt/")],
    "tasmota": [profile for profile in catalog().ids() if profile.startswith("tasmota/")],
    "shelly": [profile for profile in catalog().ids() if profile.startswith("shelly/")],
    "shelly_gen1": [profile for profile in catalog().ids() if profile.startswith("shelly_gen1/")],
    "esphome": [profile for profile in catalog().ids() if profile.startswith("esphome/")],
    "homie": [profile for profile in catalog().ids() if profile.startswith("homie/")],
    "mapped": [profile for profile in catalog().ids() if profile.startswith("mapped/")],
}


def _address(profile: str, number: int) -> str:
    if "node_" in profile:
        return f"nodes/{number}#n"
    if profile == "tasmota/zigbee_climate":
        return f"{number}#x"
    if profile.startswith("homie/"):
        return f"homie/5/{number}" if number % 2 else f"homie/{number}"
    stems = {"tasmota": "", "shelly": "", "esphome": "esp-", "shelly_gen1": "shellies/", "mapped": "zigbee2mqtt/"}
    return f"{stems.get(profile.split('/')[0], 'zigbee2mqtt/')}{number}"


CODEC = router(
    *(
        device(profile, _address(profile, number), f"d{number}")
        for number, profile in enumerate(name for names in DEVICES.values() for name in names)
    )
)
_PATTERN = re.compile(r"\{id\}|\*")
FOUND = [
    f"{member.address}/{_PATTERN.sub('x', spec.wire['topic'].replace('{n}', '0').split('|')[0])}"
    for member, profile in CODEC._members.values()
    for spec in profile.points.values()
    if profile.dialect in ("esphome", "homie", "shelly_gen1")
]
ABOUT = [
    f"{member.address}/{rest}"
    for member, profile in CODEC._members.values()
    if profile.dialect in ("esphome", "homie", "shelly_gen1")
    for rest in ("$description", "$state", "x/y/$datatype", "x/y/$format", "x/action", "event/x/state", "input_event/0")
]
TOPICS = sorted({*CODEC._handlers, *FOUND, *ABOUT})
KEYS = sorted(
    {
        step
        for names in DEVICES.values()
        for name in names
        for spec in catalog().get(name).points.values()
        for path in (spec.wire["path"], spec.wire["fallback"])
        for step in path.split(".")
    }
    | {"action", "action_user", "action_source_name", "credential_class", "last_seen", "state", "TempUnit", "node-id"}
    | {"homie", "nodes", "properties", "datatype", "format", "unit", "root", "x", "event_type", "event_cnt"}
    | {"method", "params", "ts", "events", "component", "event", "timestamp", "input:0"}
)
WORDS = st.sampled_from(
    [
        "ON",
        "OFF",
        "unlock",
        "manual_unlock",
        "rfid",
        "n",
        "F",
        "NotifyStatus",
        "NotifyEvent",
        "NotifyFullStatus",
        "guest",
        "5.0",
        "float",
        "°F",
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | WORDS
)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)
BODIES = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=8)


LARGEST = 2.0**32
"""A 32-bit register may count seconds up to there; nothing a room has is larger."""


def check(decoded: Decoded) -> None:
    for fact in decoded.facts:
        if not isinstance(fact, Reading):
            continue
        assert fact.value is not None or fact.quality is Quality.BAD
        if isinstance(fact.value, int | float) and not isinstance(fact.value, bool):
            assert fact.quality is Quality.BAD or abs(fact.value) <= LARGEST
    for refused in decoded.rejected:
        assert refused.reason
        assert len(refused.detail) < 400


@given(topic=st.sampled_from(TOPICS), body=BODIES, retained=st.booleans())
def test_any_json_object_on_any_topic(topic: str, body: dict[str, Any], retained: bool) -> None:
    check(CODEC.decode(topic, orjson.dumps(body), NOON, 1, retained))


@given(topic=st.sampled_from(TOPICS), body=JSON)
def test_any_json_value_on_any_topic(topic: str, body: Any) -> None:
    check(CODEC.decode(topic, orjson.dumps(body), NOON, 1, False))  # noqa: FBT003  the router's own positional order


@given(topic=st.sampled_from(TOPICS) | st.text(max_size=40), payload=st.binary(max_size=200))
def test_any_bytes_on_any_topic(topic: str, payload: bytes) -> None:
    check(CODEC.decode(topic, payload, NOON, 1, False))  # noqa: FBT003  the router's own positional order


@given(topic=st.sampled_from(TOPICS), text=st.text(max_size=40) | WORDS | st.floats().map(str))
def test_any_text_on_any_topic(topic: str, text: str) -> None:
    check(CODEC.decode(topic, text.encode("utf-8", "surrogatepass"), NOON, 1, False))  # noqa: FBT003  positional


@given(bodies=st.lists(BODIES | st.text(max_size=12), min_size=2, max_size=6), data=st.data())
def test_any_description_and_then_any_value(bodies: list[Any], data: st.DataObject) -> None:
    codec = router(device("homie/thermostat", "homie/5/a"), device("homie/relay", "homie/b", "102"))
    topics = [f"{stem}/{rest}" for stem in ("homie/5/a", "homie/b") for rest in ("$description", "x/mode", "x/y/$unit")]
    for body in bodies:
        topic = data.draw(st.sampled_from([*topics, "homie/5/x/$state", "homie/5/a/$state"]))
        check(codec.decode(topic, orjson.dumps(body), NOON, 1, False))  # noqa: FBT003  positional


BLOCKS = [
    (profile, block)
    for profile in map(catalog().get, catalog().ids())
    if profile.dialect == "modbus"
    for block in plan(profile)
]
UNIT = Device("t", "floor-1", "x", "3", "101")


@given(data=st.data(), which=st.sampled_from(BLOCKS))
def test_any_words_in_any_block(data: st.DataObject, which: Any) -> None:
    profile, block = which
    words = data.draw(st.lists(st.integers(0, 0xFFFF), min_size=block.count, max_size=block.count))
    decoded = decode(block, words, UNIT, profile, NOON, 1)
    check(decoded)
    assert {fact.point for fact in decoded.facts if isinstance(fact, Reading)} == {spec.name for spec in block.points}


@given(
    words=st.lists(st.integers() | st.booleans() | st.floats() | st.none(), max_size=12), which=st.sampled_from(BLOCKS)
)
def test_any_wrong_answer_to_any_block(words: list[Any], which: Any) -> None:
    profile, block = which
    check(decode(block, words, UNIT, profile, NOON, 1))

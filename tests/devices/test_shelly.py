"""Shelly Gen2+ notifications, component status, last will and RPC orders."""

from typing import Any

import orjson
import pytest

from devices.model import Command, DeviceEvent
from tests.devices.codec import NOON, device, events, reasons, router, say, values

PREFIX = "shellyplus1pm-a8032abe54dc"


def notify(method: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"src": PREFIX, "dst": f"{PREFIX}/events", "method": method, "params": {"ts": 1_795_348_800.5, **params}}


MESSAGES: list[tuple[str, str, Any, dict[str, Any]]] = [
    (
        "switch",
        "events/rpc",
        notify("NotifyStatus", {"switch:0": {"id": 0, "output": True, "source": "MQTT"}}),
        {"relay": True},
    ),
    (
        "switch",
        "status/switch:0",
        {"id": 0, "output": False, "apower": 43.2, "voltage": 230.1, "current": 0.19, "aenergy": {"total": 12310.5}},
        {"relay": False, "power": 43.2, "voltage": 230.1, "current": 0.19, "energy": 12.3105},
    ),
    ("input", "status/input:0", {"id": 0, "state": True}, {"contact": True}),
    ("input", "status/input:0", {"id": 0, "state": None}, {"contact": None}),
    ("keycard", "events/rpc", notify("NotifyStatus", {"input:0": {"id": 0, "state": False}}), {"keycard": False}),
    (
        "climate",
        "events/rpc",
        notify(
            "NotifyFullStatus",
            {
                "temperature:0": {"id": 0, "tC": 19.8, "tF": 67.6},
                "humidity:0": {"id": 0, "rh": 42.2},
                "devicepower:0": {"id": 0, "battery": {"V": 2.8, "percent": 9}},
                "wifi": {"rssi": -60},
            },
        ),
        {"temperature": 19.8, "humidity": 42.2, "battery": 9},
    ),
    ("flood", "status/flood:0", {"id": 0, "alarm": True}, {"leak": True}),
    ("smoke", "status/smoke:0", {"id": 0, "alarm": False, "mute": False}, {"smoke": False}),
    (
        "light",
        "status/light:0",
        {"id": 0, "output": True, "brightness": 60, "apower": 7.1},
        {"relay": True, "power": 7.1},
    ),
    ("strike", "status/switch:0", {"id": 0, "output": True, "timer_duration": 5}, {"lock": "unlocked"}),
    (
        "meter",
        "status/pm1:0",
        {"id": 0, "voltage": 230.1, "current": 0.4, "apower": 91.2, "freq": 50, "aenergy": {"total": 2500.0}},
        {"voltage": 230.1, "current": 0.4, "power": 91.2, "frequency": 50, "energy": 2.5},
    ),
    (
        "meter_clamp",
        "status/em1:0",
        {"id": 0, "act_power": 352.1, "voltage": 231.5},
        {"power": 352.1, "voltage": 231.5},
    ),
    ("meter_clamp", "status/em1data:0", {"id": 0, "total_act_energy": 12310.5}, {"energy": 12.3105}),
    ("meter_3phase", "status/em:0", {"id": 0, "total_act_power": 2413.8}, {"power": 2413.8}),
    ("presence", "status/presencezone:200", {"value": True, "num_objects": 3}, {"presence": True}),
    (
        "thermostat",
        "status/thermostat:0",
        {"id": 0, "enable": True, "target_C": 21.5, "current_C": 20.9, "output": True},
        {"mode": "auto", "setpoint": 21.5, "temperature": 20.9, "valve": True},
    ),
    (
        "blu_trv",
        "events/rpc",
        notify("NotifyStatus", {"blutrv:200": {"id": 200, "target_C": 17.1, "current_C": 17.6, "battery": 100}}),
        {"setpoint": 17.1, "temperature": 17.6, "battery": 100},
    ),
    ("blu_contact", "status/bthomesensor:200", {"id": 200, "value": True}, {"door": "open"}),
    ("blu_motion", "status/bthomesensor:200", {"id": 200, "value": False}, {"motion": False}),
    ("climate", "online", b"false", {}),
    ("switch", "online", b"false", {"online": False}),
    ("switch", "online", b"true", {"online": True}),
]


@pytest.mark.parametrize(("profile", "topic", "payload", "expected"), MESSAGES)
def test_a_message_says(profile: str, topic: str, payload: Any, expected: dict[str, Any]) -> None:
    decoded = say(router(device(f"shelly/{profile}", PREFIX)), f"{PREFIX}/{topic}", payload)
    assert values(decoded) == expected
    assert not decoded.rejected


def test_a_notification_carries_the_devices_time_once_its_clock_is_set() -> None:
    codec = router(device("shelly/switch", PREFIX))
    payload = notify("NotifyStatus", {"switch:0": {"output": True}})
    (told,) = say(codec, f"{PREFIX}/events/rpc", payload).facts
    payload["params"]["ts"] = 12.5
    (unset,) = say(codec, f"{PREFIX}/events/rpc", payload).facts
    assert told.device_time is not None
    assert told.device_time.year == 2026
    assert unset.device_time is None


def test_a_press_on_its_own_input_is_a_button_event_and_never_when_retained() -> None:
    codec = router(device("shelly/input", PREFIX))
    pressed = notify(
        "NotifyEvent",
        {
            "events": [
                {"component": "input:0", "id": 0, "event": "single_push", "ts": 1_795_348_801},
                {"component": "sys", "event": "config_changed"},
            ]
        },
    )
    decoded = say(codec, f"{PREFIX}/events/rpc", pressed)
    assert events(decoded) == [("button", {"name": "single_push"})]
    assert isinstance(decoded.facts[0], DeviceEvent)
    assert not say(codec, f"{PREFIX}/events/rpc", pressed, retained=True).facts


def test_two_devices_may_be_one_shelly() -> None:
    codec = router(device("shelly/switch", PREFIX, "101_light"), device("shelly/input", PREFIX, "101_contact"))
    both = notify("NotifyStatus", {"switch:0": {"output": True}, "input:0": {"state": False}})
    decoded = say(codec, f"{PREFIX}/events/rpc", both)
    assert {fact.device for fact in decoded.facts} == {"101_light", "101_contact"}
    assert len(say(codec, f"{PREFIX}/online", b"false").facts) == 2


WRONG: list[tuple[str, Any, str]] = [
    ("events/rpc", {"method": "NotifyStatus"}, "bad_frame"),
    ("events/rpc", notify("Reboot", {}), "bad_frame"),
    ("events/rpc", {"method": ["NotifyStatus"], "params": {}}, "bad_frame"),
    ("events/rpc", notify("NotifyEvent", {"events": 3}), "wrong_type"),
    ("events/rpc", notify("NotifyEvent", {"events": [{"component": ["input:0"], "event": None}]}), "wrong_type"),
    ("events/rpc", notify("NotifyStatus", {"switch:0": {"output": "yes"}}), "wrong_type"),
    ("events/rpc", notify("NotifyStatus", {"switch:0": {"apower": 1e308}}), "absurd_value"),
    ("status/switch:0", [1], "wrong_type"),
    ("online", b"perhaps", "unknown_value"),
]


@pytest.mark.parametrize(("topic", "payload", "reason"), WRONG)
def test_what_cannot_be_understood_is_counted(topic: str, payload: Any, reason: str) -> None:
    assert reasons(say(router(device("shelly/switch", PREFIX)), f"{PREFIX}/{topic}", payload)) == [reason]


def test_neighbours_are_heard_and_unused_components_are_nothing() -> None:
    codec = router(device("shelly/switch", PREFIX), device("shelly/switch", "floor-1/relay", "102"))
    assert set(codec.filters) >= {"+/events/rpc", "+/status/+", "+/online", "floor-1/+/events/rpc"}
    assert reasons(say(codec, "shellyht-1/events/rpc", notify("NotifyStatus", {}))) == ["unknown_device"]
    assert not reasons(say(codec, f"{PREFIX}/status/wifi", {"rssi": -60}))


def test_another_component_of_the_kind() -> None:
    codec = router(
        device("shelly/switch", f"{PREFIX}#1", "101_second"), device("shelly/blu_window", f"{PREFIX}#204", "101_window")
    )
    both = notify("NotifyStatus", {"switch:0": {"output": True}, "bthomesensor:204": {"value": True}})
    assert values(say(codec, f"{PREFIX}/events/rpc", both)) == {"window": True}
    assert values(say(codec, f"{PREFIX}/status/switch:1", {"output": False})) == {"relay": False}
    ((topic, payload), _) = codec.encode(Command("c1", "101_second", "relay", value=True, deadline=NOON))
    assert topic == f"{PREFIX}/rpc"
    assert orjson.loads(payload)["params"] == {"id": 1, "on": True}


def test_a_button_has_events_of_its_own_input_only() -> None:
    codec = router(device("shelly/button", f"{PREFIX}#2"))
    pressed = {"events": [{"component": "input:2", "event": "emergency"}, {"component": "input:0", "event": "btn_up"}]}
    assert events(say(codec, f"{PREFIX}/events/rpc", notify("NotifyEvent", pressed))) == [("sos", {})]


ORDERS: list[tuple[str, str, Any, str, dict[str, Any]]] = [
    ("light", "relay", True, "Light.Set", {"id": 0, "on": True}),
    ("strike", "lock", "unlocked", "Switch.Set", {"id": 0, "on": True}),
    ("thermostat", "setpoint", 20.5, "Thermostat.SetConfig", {"id": 0, "config": {"target_C": 20.5}}),
    ("thermostat", "mode", "off", "Thermostat.SetConfig", {"id": 0, "config": {"enable": False}}),
]


@pytest.mark.parametrize(("profile", "point", "value", "method", "params"), ORDERS)
def test_each_kind_of_device_obeys(profile: str, point: str, value: Any, method: str, params: dict[str, Any]) -> None:
    ((_, payload), _) = router(device(f"shelly/{profile}", PREFIX)).encode(
        Command("c1", "101_thing", point, value, NOON)
    )
    request = orjson.loads(payload)
    assert (request["method"], request["params"]) == (method, params)


def test_a_valve_behind_a_gateway_is_called_through_it() -> None:
    codec = router(device("shelly/blu_trv", f"{PREFIX}#201"))
    for value in (19.5, 21.0):
        ((_, payload),) = codec.encode(Command("c1", "101_thing", "setpoint", value, NOON))
        request = orjson.loads(payload)
        assert request["method"] == "BluTrv.Call"
        assert request["params"] == {"id": 201, "method": "TRV.SetTarget", "params": {"id": 0, "target_C": value}}


def test_the_first_valve_behind_a_gateway_has_the_number_200() -> None:
    codec = router(device("shelly/blu_trv", PREFIX))
    ((_, payload),) = codec.encode(Command("c1", "101_thing", "setpoint", 19.5, NOON))
    assert orjson.loads(payload)["params"]["id"] == 200


def test_an_order_is_an_rpc_request() -> None:
    codec = router(device("shelly/switch", PREFIX))
    ((topic, payload), _) = codec.encode(Command("c1", "101_thing", "relay", value=True, deadline=NOON))
    assert topic == f"{PREFIX}/rpc"
    assert orjson.loads(payload) == {
        "id": "c1",
        "src": "gateway",
        "method": "Switch.Set",
        "params": {"id": 0, "on": True},
    }


def reply(command: str, source: str = PREFIX, **more: Any) -> dict[str, Any]:
    return {"id": command, "src": source, "dst": "gateway", **more}


def test_the_answer_to_an_order_says_whether_it_was_taken() -> None:
    codec = router(device("shelly/switch", PREFIX), device("shelly/switch", "floor-1/other", "102_thing"))
    assert "gateway/rpc" in codec.filters
    (taken,) = say(codec, "gateway/rpc", reply("c1", result={"was_on": False})).answers
    assert (taken.device, taken.command, taken.accepted) == ("101_thing", "c1", True)
    (refused,) = say(
        codec, "gateway/rpc", reply("c2", "other", error={"code": -103, "message": "Invalid argument"})
    ).answers
    assert (refused.device, refused.accepted, refused.detail) == ("102_thing", False, "Invalid argument")
    assert not say(codec, "gateway/rpc", reply("c1", "a-stranger", result={})).answers
    assert not say(codec, "gateway/rpc", reply("c1", result={}), retained=True).answers
    assert reasons(say(codec, "gateway/rpc", b"junk")) == ["not_json"]


def test_after_an_order_the_state_is_asked_for_and_read() -> None:
    codec = router(device("shelly/strike", PREFIX))
    _, (topic, payload) = codec.encode(Command("c1", "101_thing", "lock", "unlocked", NOON))
    asked = orjson.loads(payload)
    assert (topic, asked["method"], asked["params"]) == (f"{PREFIX}/rpc", "Switch.GetStatus", {"id": 0})
    held = say(codec, "gateway/rpc", reply(asked["id"], result={"id": 0, "output": True}))
    assert (values(held), held.answers) == ({"lock": "unlocked"}, ())
    assert not say(codec, "gateway/rpc", reply(asked["id"], error={"code": 404})).facts

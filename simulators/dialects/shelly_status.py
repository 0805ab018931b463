"""The components of a simulated Shelly Gen2+ device: how each says its status, and which requests it obeys."""

from typing import Any

from devices.model import Value
from simulators.device import State

Body = dict[str, Any]
INPUTS = ("contact", "keycard", "window", "motion")
ALARMS = {"leak": "flood", "smoke": "smoke"}
KINDS = {
    "light": "light:0",
    "meter": "pm1:0",
    "meter_clamp": "em1:0",
    "meter_3phase": "em:0",
    "thermostat": "thermostat:0",
    "blu_trv": "blutrv:200",
    "presence": "presencezone:200",
    "blu_contact": "bthomesensor:200",
    "blu_window": "bthomesensor:200",
    "blu_motion": "bthomesensor:200",
}
"""The one component of a kind of device; other kinds have a component for each of their points."""


def _kind(state: State) -> str:
    return state.profile.id.partition("/")[2]


def _number(state: State, component: str) -> str:
    """The component with the number that the device's address names."""
    name, _, usual = component.partition(":")
    return f"{name}:{state.device.address.partition('#')[2] or usual}"


def components(state: State) -> dict[str, Body]:
    """The device's whole status, by component."""
    kind = _kind(state)
    found = _of_kind(kind, state.values) if kind in KINDS else _of_points(state.values)
    numbered = {_number(state, name): body for name, body in found.items()}
    return {name: {"id": int(name.partition(":")[2]), **body} for name, body in numbered.items()}


def component_of(state: State, point: str) -> str:
    """The component that tells of a point."""
    kind = _kind(state)
    if kind in KINDS:
        usual = {"energy": KINDS[kind].replace(":", "data:")}.get(point) if kind.startswith("meter_") else None
        return _number(state, usual or KINDS[kind])
    alone = {"battery": "devicepower:0", "leak": "flood:0", "smoke": "smoke:0"}
    alone |= {"temperature": "temperature:0", "humidity": "humidity:0"}
    switched = dict.fromkeys(("relay", "lock", "power", "energy", "voltage", "current"), "switch:0")
    return _number(state, (alone | switched).get(point, "input:0"))


def _of_kind(kind: str, values: dict[str, Value]) -> dict[str, Body]:
    watt_hours = round(float(values.get("energy") or 0) * 1000, 1)  # Shelly counts Wh
    current, volts = values.get("current", 0.0), values.get("voltage", 230.0)
    if kind == "thermostat":
        warm = {"target_C": values["setpoint"], "current_C": round(float(values["temperature"] or 0), 1)}
        return {KINDS[kind]: {"enable": values["mode"] != "off", **warm, "output": bool(values["valve"])}}
    if kind == "blu_trv":
        warm = {"target_C": values["setpoint"], "current_C": round(float(values["temperature"] or 0), 1)}
        return {KINDS[kind]: {**warm, "pos": 40, "rssi": -60, "battery": values["battery"], "paired": True}}
    if kind == "meter_clamp":
        said = {"act_power": values["power"], "voltage": volts, "current": current}
        return {"em1:0": said, "em1data:0": {"total_act_energy": watt_hours}}
    if kind == "meter_3phase":
        said = {"total_act_power": values["power"], "total_current": current}
        return {"em:0": said, "emdata:0": {"total_act": watt_hours}}
    if kind == "meter":
        said = {"apower": values["power"], "voltage": volts, "current": current, "freq": values["frequency"]}
        return {"pm1:0": {**said, "aenergy": {"total": watt_hours}}}
    if kind == "light":
        said = {"output": bool(values["relay"]), "brightness": 60, "apower": values["power"]}
        return {"light:0": {**said, "aenergy": {"total": watt_hours}}}
    return {KINDS[kind]: _sensed(values)}


def _sensed(values: dict[str, Value]) -> Body:
    """A zone of a presence sensor, or a sensor behind a BLU gateway."""
    if "presence" in values:
        return {"value": values["presence"], "num_objects": 1 if values["presence"] else 0}
    return {"value": next(values[point] in (True, "open") for point in ("door", "window", "motion") if point in values)}


def _of_points(values: dict[str, Value]) -> dict[str, Body]:
    return _switch(values) | _inputs(values) | _alarms(values) | _measured(values)


def _switch(values: dict[str, Value]) -> dict[str, Body]:
    if "relay" not in values and "lock" not in values:
        return {}
    said: Body = {"source": "MQTT", "output": values.get("relay") is True or values.get("lock") == "unlocked"}
    if "power" in values:
        watt_hours = round(float(values.get("energy") or 0) * 1000, 1)
        said |= {"apower": values["power"], "voltage": values.get("voltage", 230.0)}
        said |= {"current": values.get("current", 0.0), "aenergy": {"total": watt_hours}}
    return {"switch:0": said}


def _inputs(values: dict[str, Value]) -> dict[str, Body]:
    present = [point for point in INPUTS if point in values]
    return {f"input:{number}": {"state": bool(values[point])} for number, point in enumerate(present)}


def _alarms(values: dict[str, Value]) -> dict[str, Body]:
    present = [point for point in ALARMS if point in values]
    return {f"{ALARMS[point]}:0": {"alarm": bool(values[point]), "mute": False} for point in present}


def _measured(values: dict[str, Value]) -> dict[str, Body]:
    said: dict[str, Body] = {}
    if "temperature" in values:
        celsius = round(float(values["temperature"] or 0), 1)
        said["temperature:0"] = {"tC": celsius, "tF": round(celsius * 1.8 + 32, 1)}
    if "humidity" in values:
        said["humidity:0"] = {"rh": round(float(values["humidity"] or 0), 1)}
    if "battery" in values:
        percent = int(float(values["battery"] or 0))
        cell = {"V": round(4.0 + percent / 50, 2), "percent": percent}
        said["devicepower:0"] = {"battery": cell, "external": {"present": False}}
    return said


def order(state: State, method: str, params: Body) -> tuple[str, Value] | None:
    """The point that a request sets, and to what; None: no such request. Raises KeyError for one without its value."""
    values, kind = state.values, _kind(state)
    if method in ("Switch.Set", "Switch.Toggle") and "lock" in values:
        on = params["on"] if method == "Switch.Set" else values["lock"] != "unlocked"
        return "lock", "unlocked" if on else "locked"
    if method == ("Light" if kind == "light" else "Switch") + ".Set" and "relay" in values:
        return "relay", bool(params["on"])
    if method == "Switch.Toggle" and "relay" in values:
        return "relay", not values["relay"]
    if method == "Thermostat.SetConfig" and kind == "thermostat":
        wanted = params["config"]
        if "target_C" in wanted:
            return "setpoint", float(wanted["target_C"])
        return "mode", "auto" if wanted["enable"] else "off"
    if method == "BluTrv.Call" and kind == "blu_trv" and params["method"] == "TRV.SetTarget":
        return "setpoint", float(params["params"]["target_C"])
    return None

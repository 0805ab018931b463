"""What can be ordered of a device is what its codec takes: every profile, every value that is offered."""

from datetime import UTC, datetime

import pytest

from devices.catalog import Catalog
from devices.command_values import INTERNAL, Orderable, orderables
from devices.errors import NotSupported
from devices.modbus.registers import encode
from devices.model import Command, Device, Profile, Value
from devices.mqtt.dialect import command_value
from devices.mqtt.router import MqttRouter
from devices.points import Kind

CATALOG = Catalog.load()
WRITABLE = [profile for name in CATALOG.ids() if orderables(profile := CATALOG.get(name))]
DESCRIBED = {"homie"}
"""Their devices describe themselves: what they take is known when they are heard."""


def values(one: Orderable) -> list[Value]:
    """Everything that is offered, and the ends of a range."""
    if one.kind is Kind.BOOLEAN:
        return [True, False]
    if one.kind is Kind.CHOICE:
        return list(one.choices)
    return [limit for limit in (one.minimum, one.maximum) if limit is not None]


def attempt(profile: Profile, point: str, value: Value) -> None:
    """Spell it as it goes over the wire; raises NotSupported."""
    if profile.dialect == "modbus":
        encode(profile.points[point], value)
        return
    command = Command("c", "d", point, value, datetime(2026, 11, 22, tzinfo=UTC))
    if profile.dialect == "esphome":  # its devices choose their topics, which are known when they are heard
        command_value(command, profile.points[point])
        return
    device = Device("d", "field", profile.id, f"{profile.dialect}/d", "101")
    MqttRouter([device], CATALOG).encode(command)


@pytest.mark.parametrize("profile", WRITABLE, ids=lambda profile: profile.id)
def test_every_value_that_is_offered_can_be_sent(profile: Profile) -> None:
    for one in orderables(profile):
        assert values(one), f"{one.point}: nothing is offered"
        for value in values(one):
            if profile.dialect in DESCRIBED:
                with pytest.raises(NotSupported, match="unheard"):
                    attempt(profile, one.point, value)
            else:
                attempt(profile, one.point, value)


@pytest.mark.parametrize("profile", WRITABLE, ids=lambda profile: profile.id)
def test_what_is_outside_is_refused(profile: Profile) -> None:
    for one in orderables(profile):
        wrong: list[Value] = ["bathtub"] if one.kind is not Kind.NUMBER else []
        wrong += [] if one.maximum is None else [one.maximum + 1]
        wrong += [] if one.minimum is None else [one.minimum - 1]
        for value in wrong:
            with pytest.raises(NotSupported):
                attempt(profile, one.point, value)


def test_a_lock_is_only_locked_or_unlocked_and_what_is_internal_is_not_offered() -> None:
    found = {profile.id: {one.point: one for one in orderables(profile)} for profile in WRITABLE}
    for points in found.values():
        assert not INTERNAL & points.keys()
        if "lock" in points:
            assert set(points["lock"].choices) == {"locked", "unlocked"}
    assert found["onokom_air_dk"]["setpoint"].minimum == 16
    assert found["onokom_air_dk"]["setpoint"].unit == "degC"
    assert "zigbee2mqtt/contact" not in found

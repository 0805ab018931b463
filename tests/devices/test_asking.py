"""Which devices can be asked for their state, and with what."""

import pytest

from devices.catalog import Catalog
from devices.model import Device, Power
from devices.mqtt.asking import questions

CATALOG = Catalog.load()
PROFILES = [CATALOG.get(name) for name in CATALOG.ids()]


@pytest.mark.parametrize(
    ("profile", "address", "asked"),
    [
        ("zigbee2mqtt/plug", "zigbee2mqtt/101_plug", [("zigbee2mqtt/101_plug/get", b'{"state":""}')]),
        ("tasmota/relay", "r101", [("cmnd/r101/STATE", b"")]),
        ("tasmota/relay", "hotel/%prefix%/r101", [("hotel/cmnd/r101/STATE", b"")]),
        ("zigbee2mqtt/contact", "zigbee2mqtt/101_door", []),
        ("shelly/switch", "s101", []),
    ],
)
def test_what_is_asked(profile: str, address: str, asked: list[tuple[str, bytes]]) -> None:
    assert questions(Device("d", "field", profile, address, "101"), CATALOG.get(profile)) == asked


def test_what_is_measured_grows_stale_by_itself_in_every_profile() -> None:
    endless = [
        f"{profile.id} {spec.name}"
        for profile in PROFILES
        for spec in profile.points.values()
        if spec.name in {"temperature", "humidity", "co2"} and spec.freshness_s is None
    ]
    assert endless == []


def test_a_battery_alarm_sensor_that_falls_silent_is_noticed() -> None:
    for profile in PROFILES:
        if profile.power is Power.BATTERY and {"leak", "smoke"} & profile.points.keys():
            assert profile.offline_after_s is not None, profile.id


def test_a_battery_device_may_be_silent_for_a_day_before_it_is_gone() -> None:
    for profile in PROFILES:
        if profile.power is Power.BATTERY and profile.offline_after_s is not None:
            assert profile.offline_after_s >= 86_400, profile.id

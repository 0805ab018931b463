"""The kinds of alerts: priority, and codes for cause, consequence and response (texts: the language catalogues)."""

from dataclasses import dataclass

PRIORITIES = ("critical", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault: what is behind it, what follows if nobody acts, what to do."""

    priority: str
    cause: str
    consequence: str
    response: str


KINDS: dict[str, Kind] = {
    "sos": Kind("critical", "help_called", "person_in_danger", "go_to_room_now"),
    "smoke": Kind("critical", "smoke_detected", "fire_danger", "follow_fire_plan"),
    "leak": Kind("critical", "water_detected", "water_damage", "shut_water_off"),
    "door_forced": Kind("high", "opened_without_key", "intruder_possible", "send_security"),
    "lock_tampered": Kind("high", "lock_opened_or_moved", "lock_not_trustworthy", "inspect_lock"),
    "tamper": Kind("high", "device_opened_or_moved", "device_not_trustworthy", "inspect_device"),
    "lock_jammed": Kind("high", "bolt_blocked", "door_not_locking", "inspect_lock"),
    "unknown_credential": Kind("high", "card_not_of_this_house", "intruder_possible", "check_lock_records"),
    "override_used": Kind("high", "opened_past_electronics", "entry_not_recorded", "ask_who_holds_the_key"),
    "motion_in_empty_room": Kind("high", "motion_without_entry", "intruder_possible", "send_security"),
    "lock_not_told": Kind("high", "lock_not_confirming", "ended_cards_still_open", "tell_lock_by_hand"),
    "line_down": Kind("high", "line_not_answering", "devices_not_heard", "check_line_and_power"),
    "device_offline": Kind("medium", "device_silent", "room_not_seen", "check_device_power"),
    "low_battery": Kind("medium", "battery_nearly_empty", "device_will_stop", "replace_battery"),
    "battery_runs_down": Kind("low", "battery_falling", "device_will_stop_by_then", "order_battery"),
    "many_offline": Kind("high", "devices_silent_together", "part_of_house_not_seen", "check_power_and_network"),
    "comm_errors": Kind("medium", "line_garbled", "values_late_or_missing", "check_cable_and_radio"),
    "sequence_gap": Kind("medium", "messages_lost_on_way", "values_late_or_missing", "check_cable_and_radio"),
    "audit_gap": Kind("medium", "records_not_told", "entries_not_known", "read_lock_out"),
    "encoder_errors": Kind("medium", "encoder_failing", "keys_not_made", "check_encoder"),
    "door_ajar": Kind("medium", "door_open_too_long", "room_not_secured", "close_door"),
    "window_open": Kind("low", "window_open_while_cooling", "energy_wasted", "close_window"),
    "setpoint_not_reached": Kind("medium", "room_not_following_setpoint", "guest_uncomfortable", "check_climate_unit"),
    "sensor_stuck": Kind("medium", "value_not_changing", "room_misjudged", "inspect_sensor"),
    "sensor_implausible": Kind("medium", "value_not_possible", "room_misjudged", "inspect_sensor"),
    "clock_wrong": Kind("medium", "clock_drifted", "keys_may_not_work", "set_clock"),
    "clock_drifts": Kind("low", "clock_drifted", "keys_will_not_work", "set_clock"),
    "notification_failed": Kind("high", "message_not_delivered", "nobody_told", "check_notifications"),
    "disk_low": Kind("high", "disk_nearly_full", "records_cannot_be_kept", "free_disk_space"),
    "backup_failed": Kind("high", "no_good_backup", "loss_not_recoverable", "check_backup_path"),
}
"""Every kind the edge raises, or the service itself."""

PARENTS = frozenset({"line_down", "many_offline"})
CHILDREN = frozenset(
    {"device_offline", "sensor_stuck", "sensor_implausible", "setpoint_not_reached", "comm_errors", "sequence_gap"}
)
"""What follows by itself from a line that is down or a power cut: suppressed while that stands, one alert a cause."""

BLOCKS = frozenset({"leak", "lock_tampered", "lock_jammed", "setpoint_not_reached"})
"""Kinds with which a room should not be sold until they are dealt with."""

NEEDS_WORK = BLOCKS | {
    *("tamper", "device_offline", "low_battery", "sensor_stuck", "sensor_implausible", "clock_wrong"),
    *("many_offline", "comm_errors", "encoder_errors", "sequence_gap", "audit_gap"),
}
"""Kinds that need somebody with tools: they open a work order."""

ADVISORY = {"smoke": "fire", "leak": "water", "sos": "help"}
"""Kinds nobody may rely on alone, and the part of the page `/what-this-is-not` that says what to have instead."""

OTHER = Kind("medium", "cause_not_known", "consequence_not_known", "inspect_device")
"""A kind this release has not heard of: shown, not dropped."""


def kind_of(name: str) -> Kind:
    """The catalogue entry of a kind, or the entry for unknown ones."""
    return KINDS.get(name, OTHER)


def priority_of(name: str, told: str) -> str:
    """The priority told by the edge where it is one, else the catalogue's."""
    return told if told in PRIORITIES else kind_of(name).priority

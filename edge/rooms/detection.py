"""How soon after it is there, at the latest, each fault of a room is raised. Counted from the first message that shows
it; how soon a device says so is its own affair (and its profile's freshness limit). `docs/alerts.md` has the table.
"""

from datetime import timedelta

from edge.rooms.parameters import RoomParameters

AT_ONCE = timedelta(seconds=1)


def raised_within(parameters: RoomParameters) -> dict[str, timedelta]:
    """The time by kind, as these parameters make it."""
    minutes = {
        "door_ajar": parameters.ajar_minutes,
        "window_open": parameters.window_minutes,
        "setpoint_not_reached": parameters.setpoint_minutes,
        "sensor_stuck": parameters.motion_stuck_hours * 60,
        "audit_gap": parameters.audit_gap_minutes,
    }
    at_once = (
        *("sos", "smoke", "leak", "door_forced", "lock_tampered", "tamper", "lock_jammed", "unknown_credential"),
        *("override_used", "low_battery", "battery_runs_down", "clock_wrong", "clock_drifts", "sensor_implausible"),
        *("device_offline", "motion_in_empty_room", "sequence_gap"),
    )
    return dict.fromkeys(at_once, AT_ONCE) | {kind: timedelta(minutes=m) + AT_ONCE for kind, m in minutes.items()}

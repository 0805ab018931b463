"""The timers and thresholds of a room, with their defaults; every one may be set for a property."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import cache
from typing import Any

from edge.rooms.spans import hours
from edge.rooms.weighing import Weighing


@dataclass(frozen=True, slots=True)
class RoomParameters(Weighing):
    """Units are in the names. `utc_offset_minutes` is the hotel's present distance from UTC (for day and night)."""

    search_minutes: float = 10  # at night: silence after the door until the room is vacant, at least
    grace_seconds: float = 15  # staff: motion this soon after the door may be somebody on the way out
    night_search_minutes: float = 30  # at night with several guests, and after a door edge nobody saw
    sleeper_search_minutes: float = 300  # one of several leaves at night: longer than a sleeper is still
    night_from: int = 22  # local hours
    night_until: int = 8
    sleep_until: int = 6
    utc_offset_minutes: float = 0
    hold_seconds: float = 100  # a motion sensor still on so long after the door saw somebody stay
    late_access_seconds: float = 10  # a lock's message may come this much after the door's
    entry_seconds: float = 60  # a card is followed by the door within this
    visit_max_minutes: float = 180  # motion after so long is not the staff's
    unheard_work_minutes: float = 25  # an attendant who came in and was not heard since, in a bathroom without a sensor
    staff_still_minutes: float = 30  # staff at work are felt each minute: so long without, and they left unheard
    cleaning_start_minutes: float = 2
    cleaning_min_minutes: float = 8
    work_from: int = 8  # local hours in which somebody without a card in an empty room may be an attendant
    work_until: int = 17
    uncarded_max_minutes: float = 45  # in a rented room, whoever stays longer is a guest whose card was not heard
    ajar_minutes: float = 5
    window_minutes: float = 5  # a window open while the room is cooled
    unrented_quiet_minutes: float = 30  # motion in an empty room so long after anybody may have come in
    setpoint_degrees: float = 2
    setpoint_minutes: float = 45
    motion_stuck_hours: float = 2
    presence_stuck_hours: float = 24
    temperature_stuck_hours: float = 24
    silent_entries: int = 5  # entries by card that a motion sensor slept through
    contact_accesses: int = 3  # cards at the lock that the door contact slept through
    bad_readings: int = 3
    battery_critical_percent: float = 10  # where the profile names none
    battery_hysteresis_percent: float = 5
    battery_lead_days: float = 28  # a battery whose trend reaches its limit within so many days is told
    lock_clock_drift_minutes: float = 2  # a lock's clock is off by more: it drifts
    lock_clock_wrong_minutes: float = 10  # by more than this, key cards fail at the wrong time
    sequence_gaps: int = 3  # gaps in a device's message numbers within an hour, and
    sequence_lost_percent: float = 5  # more than this share of its messages lost
    audit_gap_minutes: float = 10  # a lock's record that is passed over may come so much later
    chatter_times: int = 3  # a fault raised so often within a minute chatters
    chatter_quiet_minutes: float = 10  # and is cleared only when it was quiet for so long
    safety_clear_seconds: float = 10  # leak, smoke, sos: quiet for so long before they are cleared
    event_hold_minutes: float = 10  # a fault that is an event stands so long after the last one
    refresh_seconds: float = 60  # how often unchanged values are told again, so that their ages stay true

    @classmethod
    def of(cls, timers: Mapping[str, float]) -> "RoomParameters":
        """The defaults with those of `timers` that have a parameter's name; other names are left alone."""
        known = {field.name: field.type for field in fields(cls)}
        whole = {name for name, kind in known.items() if kind in (int, "int")}
        chosen: dict[str, Any] = {
            name: int(value) if name in whole else float(value) for name, value in timers.items() if name in known
        }
        return cls(**chosen)


@cache
def held_at_most(parameters: RoomParameters) -> Mapping[str, timedelta]:
    """How long a sensor that is on says that somebody is there, by point; one table for all rooms."""
    presence = hours(parameters.presence_stuck_hours)
    motion = hours(parameters.motion_stuck_hours)
    return {"bed": presence, "presence": presence, "bolt": presence, "motion": motion}

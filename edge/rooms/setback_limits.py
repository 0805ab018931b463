"""How far and how soon a room's climate may be taken back, with the reason of each number. Values within the codes.

Code: reference `occupancy.md`, section 4: WAC 51-11C-40374 (the 2021 IECC C403.7.4), ASHRAE 90.1-2016 6.4.3.3.5 on the
same basis. Hotels with more than 50 rooms: rented and empty, at least 4 F (2.2 K) within 30 minutes; not rented and
empty, 60 F (15.5 C) or less for heating and 80 F (26.7 C) or more for cooling; ventilation off within 20 minutes;
back at most 60 minutes before an arrival.
"""

from dataclasses import dataclass
from datetime import timedelta

MOST_RENTED_MINUTES = 30.0
LEAST_SHIFT_K = 2.2
MOST_DEEP_HEAT_C = 15.6
LEAST_DEEP_COOL_C = 26.6
MOST_VENTILATION_MINUTES = 20.0
MOST_UNRENTED_MINUTES = 960.0
MOST_PREHEAT_MINUTES = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Units are in the names."""

    rented_minutes: float = 15
    rented_shift_k: float = 2.5
    unrented_minutes: float = 20
    deep_heat_c: float = 15.5
    deep_cool_c: float = 27
    ventilation_minutes: float = 10
    preheat_minutes: float = 60
    no_show_hours: float = 6
    window_minutes: float = 2
    hand_hours: float = 8
    least_confidence: float = 0.6
    orders_an_hour: int = 12
    auto_means: str = "leave"
    welcome_c: float = 0

    @property
    def lowering_an_hour(self) -> int:
        """Orders that take something back may use half of them: the other half is for giving it back."""
        return max(1, self.orders_an_hour // 2)


@dataclass(frozen=True, slots=True)
class Pace:
    """How orders follow each other."""

    lasts: timedelta = timedelta(seconds=90)
    """An order is not sent later than this."""
    again: tuple[timedelta, ...] = tuple(timedelta(minutes=minutes) for minutes in (2, 5, 15, 60))
    """Between an order and the next for the same, while the device says something else; the last one repeated."""
    hour: timedelta = timedelta(hours=1)


PACE = Pace()

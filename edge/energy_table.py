"""`[energy]` of `service.toml`: what is taken back in empty rooms. The limits of the codes are in `setback_limits`."""

from typing import Literal

from pydantic import Field

from edge.rooms.setback_limits import (
    LEAST_DEEP_COOL_C,
    LEAST_SHIFT_K,
    MOST_DEEP_HEAT_C,
    MOST_PREHEAT_MINUTES,
    MOST_RENTED_MINUTES,
    MOST_UNRENTED_MINUTES,
    MOST_VENTILATION_MINUTES,
    Limits,
)
from edge.table import Table


class EnergyTable(Table):
    """What is taken back in empty rooms, within the code (2021 IECC C403.7.4, ASHRAE 90.1 6.4.3.3.5). The hotel's
    switch and a room's own, both in the PMS, win."""

    setbacks: Literal["auto", "off"] = Field(
        "auto",
        description="auto: in rooms whose device takes the setpoint; off: nowhere, unless the hotel's switch is on.",
    )
    auto_means: Literal["leave", "heat", "cool"] = Field(
        "leave",
        description="What units in automatic, or without a mode, do this season. leave: they are left alone, because a "
        "lower setting would make a unit cool that can.",
    )
    rented_minutes: float = Field(
        15,
        ge=1,
        le=MOST_RENTED_MINUTES,
        description="So long after the last sign of life a rented room that is empty is set back (code: 30).",
    )
    rented_shift_k: float = Field(
        2.5,
        ge=LEAST_SHIFT_K,
        le=8,
        description="By so much. The code asks for 4 F (2.2 K); 2.5 K is back in half an hour.",
    )
    unrented_minutes: float = Field(
        20, ge=1, le=MOST_UNRENTED_MINUTES, description="The same of a room that is not rented, which is set far back."
    )
    deep_heat_c: float = Field(
        15.5, ge=8, le=MOST_DEEP_HEAT_C, description="To this when heating (code: 60 F or less)."
    )
    deep_cool_c: float = Field(
        27, ge=LEAST_DEEP_COOL_C, le=35, description="To this when cooling (code: 80 F or more)."
    )
    ventilation_minutes: float = Field(
        10, ge=1, le=MOST_VENTILATION_MINUTES, description="The same of ventilation, which goes off (code: within 20)."
    )
    ventilation: tuple[str, ...] = Field(
        (), description='Devices whose relay is a room\'s ventilation, as patterns: ["*_fan"]. Nothing is guessed.'
    )
    preheat_minutes: float = Field(
        60, ge=0, le=MOST_PREHEAT_MINUTES, description="Before an arrival, and after a check-in, nothing is taken back."
    )
    no_show_hours: float = Field(
        6, ge=0, le=24, description="After the hour of arrival an expected guest is not coming."
    )
    welcome_c: float = Field(
        0, ge=0, le=30, description="Given to the next guest instead of what the last one had set; 0: what is there."
    )
    window_minutes: float = Field(
        2, ge=0.5, le=60, description="A window is open for so long: set far back, guest or not."
    )
    hand_hours: float = Field(
        8, ge=0, le=48, description="What somebody sets in an empty room counts for so long, or until somebody was in."
    )
    least_confidence: float = Field(
        0.6, ge=0, le=1, description="An empty room the sensors are less sure of is not set back any further."
    )
    orders_an_hour: int = Field(
        12, ge=4, le=60, description="To a room, at most. Half of them may take something back: registers wear out."
    )

    @property
    def limits(self) -> Limits:
        """As the rules take them."""
        return Limits(**{name: getattr(self, name) for name in Limits.__dataclass_fields__})

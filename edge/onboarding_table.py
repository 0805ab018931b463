"""`[onboarding]` of `service.toml`: whether devices that nobody configured are looked for, and what names tell."""

from pydantic import Field, field_validator

from edge.naming import NamingRules
from edge.table import Table


class OnboardingTable(Table):
    """Devices that speak and are not configured appear on a page and are placed from there."""

    discover: bool = Field(default=True, description="Listen for them, on a session of its own beside each MQTT line.")
    listen: tuple[str, ...] = Field(("#",), description="Topic filters that are listened to; all by default.")
    names: tuple[str, ...] = Field(
        ("{room}_{kind}",),
        description="Naming rules, the first that fits counts: a device called 101_door is placed in room 101.",
    )

    @field_validator("names")
    @classmethod
    def _are_rules(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        NamingRules(value)
        return value

    @field_validator("listen")
    @classmethod
    def _are_filters(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or any(not one or "#" in one[:-1] for one in value):
            raise ValueError("is a list of topic filters, with # at the end of one only")
        return value

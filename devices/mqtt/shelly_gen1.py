"""Shelly of the first generation: a topic for each value below `shellies/<model>-<id>`, `online` as last will.

A device's address is that stem, or STEM#CHANNEL for another channel than the first. Energy is told in watt-minutes by
relays and in watt-hours by energy meters. Battery devices have no last will: they sleep.
"""

from devices.mqtt.dialect import IGNORED
from devices.mqtt.topical import TopicDialect

COMMON = ("announce", "command")
"""Topics on which all of them speak or are spoken to."""


class ShellyGen1(TopicDialect):
    """The Gen1 Shellies of a line."""

    last_will = "online"
    words = {"true": True, "false": False}  # noqa: RUF012 - a table nobody changes

    @property
    def filters(self) -> tuple[str, ...]:
        """Everything of any Shelly beside the declared ones."""
        parents = {stem.rpartition("/")[0] for stem in self._members}
        return tuple(sorted(f"{parent}/#" for parent in parents))

    def verdict(self, topic: str) -> str | None:
        """What all of them share belongs to none."""
        parent, _, name = topic.rpartition("/")
        shared = name in COMMON and f"{parent}/#" in self.filters
        return IGNORED if shared else super().verdict(topic)

    def order_topic(self, state_topic: str) -> str:
        """`relay/0` is set on `relay/0/command`."""
        return f"{state_topic}/command"

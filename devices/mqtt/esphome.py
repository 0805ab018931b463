"""ESPHome: `<prefix>/<component>/<object id>/state`, orders on `.../command`, `<prefix>/status` as birth and last will.

A device's address is its topic prefix (the node's name unless its configuration says otherwise), or PREFIX#OBJECT where
a node has several of a kind. Object ids are the installer's own words: a profile leaves them open.
"""

from devices.mqtt.dialect import IGNORED
from devices.mqtt.topical import TopicDialect

HOME_ASSISTANT = "homeassistant/status"
"""The birth of Home Assistant, which looks like that of a node."""


class EspHome(TopicDialect):
    """The ESPHome nodes of a line."""

    last_will = "status"
    words = {"online": True, "offline": False}  # noqa: RUF012 - a table nobody changes

    @property
    def filters(self) -> tuple[str, ...]:
        """States of any node beside the declared ones; its log (`debug`) is not asked for."""
        parents = {stem.rpartition("/")[0] for stem in self._members}
        stems = [f"{parent}/+" if parent else "+" for parent in sorted(parents)]
        return tuple(f"{stem}/{rest}" for stem in stems for rest in ("status", "+/+/state", "+/+/+/state"))

    def verdict(self, topic: str) -> str | None:
        """Home Assistant is no node."""
        return IGNORED if topic == HOME_ASSISTANT else super().verdict(topic)

    def order_topic(self, state_topic: str) -> str:
        """`switch/light/state` is set on `switch/light/command`."""
        return f"{state_topic.removesuffix('/state')}/command"

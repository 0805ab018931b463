"""`[home_assistant]` of `service.toml`."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from edge.table import Table
from edge.url import BrokerUrl

TopicName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^+#/\x00]+(/[^+#/\x00]+)*$")]
OWN = "innkeeper"


class HomeAssistantTable(Table):
    """Devices, occupancy, cleaning and faults in Home Assistant, by MQTT discovery. Nothing can be switched from there.

    A password of the broker is in DATA/secrets/home_assistant. INNKEEPER_HOME_ASSISTANT_URL overrides `url`.
    """

    enabled: bool = Field(default=False, description="Whether they appear there.")
    url: str = Field("", description="Broker of Home Assistant, mqtt://user@host:port; empty: the service's own.")
    ca_file: str = Field("", description="Who vouches for that broker, relative to DATA; empty: the system's list.")
    discovery_prefix: TopicName = Field("homeassistant", description="The prefix that Home Assistant listens to.")
    topic: TopicName = Field("innkeeper_states", description="Where the states are; never below innkeeper/.")
    devices: bool = Field(default=True, description="The hotel's devices. Off, with rooms off: all is taken away.")
    rooms: bool = Field(default=True, description="Each room's occupancy, cleaning, requests and faults.")
    language: Literal["en", "zh-CN"] = Field("en", description="Of the names that are shown.")

    @field_validator("url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        if value:
            BrokerUrl.parse(value)
        return value

    @field_validator("topic", "discovery_prefix")
    @classmethod
    def _not_ours(cls, value: str) -> str:
        if value.split("/")[0] == OWN:
            raise ValueError("innkeeper/ is the service's own: nobody else may read it")
        return value

"""The output as the settings want it."""

from importlib import metadata
from pathlib import Path

from devices.model import LineState, LineStatus
from edge.broker import BrokerAddress, address_of
from edge.configuration import Configuration
from edge.home_assistant.documents import Place
from edge.home_assistant.output import LINE, HomeAssistantOutput, Shown
from edge.home_assistant.words import Words
from edge.hub import Hub
from edge.secret_files import secret, secret_path
from edge.settings import Settings
from edge.url import BrokerUrl
from gateway.lines.mqtt_settings import MqttSettings

STATES = {LineState.UP: "ok", LineState.STARTING: "degraded"}


def open_output(configuration: Configuration, data: Path, hub: Hub) -> HomeAssistantOutput | None:
    """The output; None where it is switched off."""
    wanted, house = configuration.settings.home_assistant, configuration.hotel.house
    if not wanted.enabled:
        return None
    place = Place(house.id, house.name, wanted.discovery_prefix, wanted.topic, metadata.version("innkeeper"))
    words = Words(wanted.language)
    shown = Shown(configuration.inventory, configuration.catalog, wanted.devices, wanted.rooms, words)
    return HomeAssistantOutput(hub, shown, place, line_settings(configuration.settings, data, place))


def line_settings(settings: Settings, data: Path, place: Place) -> MqttSettings:
    """How to reach Home Assistant's broker."""
    address = _address(settings, data)
    return MqttSettings(
        host=address.host,
        port=address.port,
        username=address.username,
        password=address.password,
        client_id=f"innkeeper-{place.property_id}-home-assistant",
        state_topic=place.status,
        tls=address.tls,
        ca_file=data / settings.home_assistant.ca_file if settings.home_assistant.ca_file else None,
    )


def _address(settings: Settings, data: Path) -> BrokerAddress:
    if not settings.home_assistant.url:
        return address_of(settings.broker, data, "innkeeper")
    url, password = BrokerUrl.parse(settings.home_assistant.url), None
    if secret_path(data, LINE).exists():
        password = secret(data, LINE)
    return BrokerAddress(url.host, url.port, url.username, url.password or password, url.tls)


def health_part(status: LineStatus) -> dict[str, object]:
    """The connection as a part of the health report: a line among lines."""
    state = STATES.get(status.state, "down")
    return {"part": f"line:{LINE}", "state": state, "code": status.cause, "detail": status.detail}

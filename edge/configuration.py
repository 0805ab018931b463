"""The three files of a configuration folder, read and checked together."""

from dataclasses import dataclass, replace
from pathlib import Path

from devices.catalog import Catalog
from devices.inventory import Inventory, Line, load_inventory
from devices.problems import ConfigurationError, Problem
from edge.broker import BrokerAddress
from edge.secret_files import secret_path, write_secret
from edge.settings import Settings, load_settings
from pms.hotelfile import Hotel, HotelFileError, load_hotel


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration without a fault."""

    folder: Path
    settings: Settings
    hotel: Hotel
    inventory: Inventory
    catalog: Catalog

    @property
    def hotel_file(self) -> Path:
        """For the PMS, which imports it."""
        return self.folder / "hotel.toml"


def load_configuration(folder: Path) -> Configuration:
    """Read hotel.toml, devices.toml and service.toml.

    Raises:
        ConfigurationError: with every problem of every file.
    """
    if not folder.is_dir():
        raise ConfigurationError([Problem(str(folder), "", "", "there is no such folder")])
    problems: list[Problem] = []
    catalog = Catalog.load([folder / "profiles"] if (folder / "profiles").is_dir() else [])
    settings, hotel, inventory = Settings(), None, None
    try:
        settings = load_settings(folder / "service.toml")
    except ConfigurationError as error:
        problems += error.problems
    try:
        hotel = load_hotel(folder / "hotel.toml")
    except HotelFileError as error:
        problems += [Problem(p.file, p.table and f"[{p.table}]", p.key, p.message, p.line) for p in error.problems]
    try:
        inventory = load_inventory(folder / "devices.toml", catalog, hotel.rooms if hotel else None)
    except ConfigurationError as error:
        problems += error.problems
    if problems or hotel is None or inventory is None:
        raise ConfigurationError(problems)
    return Configuration(folder, settings, hotel, inventory, catalog)


def over_own_broker(inventory: Inventory) -> frozenset[str]:
    """The MQTT lines that name no host: they go over the service's broker."""
    return frozenset(line.id for line in inventory.lines.values() if line.kind == "mqtt" and line.host is None)


def with_broker(configuration: Configuration, address: BrokerAddress, data: Path) -> Inventory:
    """The inventory with the service's broker written into the lines that name none."""
    inventory, house = configuration.inventory, configuration.hotel.house.id
    own = over_own_broker(inventory)
    path = None
    if address.password is not None:
        path = secret_path(data, "broker_session").absolute()
        write_secret(path, address.password)
    lines = {
        line.id: _over(line, address, path, f"innkeeper-{house}-{line.id}") if line.id in own else line
        for line in inventory.lines.values()
    }
    return Inventory(lines, inventory.devices)


def _over(line: Line, address: BrokerAddress, password_file: Path | None, client: str) -> Line:
    settings = replace(
        line.settings,
        username=address.username,
        password_file=str(password_file) if password_file else None,
        client_id=line.settings.client_id or client,
        tls=address.tls,
    )
    return replace(line, host=address.host, port=address.port, settings=settings)

"""What the broker is told of all users: the service's own by their secrets, devices by their hashes."""

from pathlib import Path

from edge.brokers.mosquitto import write_users
from edge.brokers.trouble import BrokerError
from edge.brokers.users import UsersDamagedError, load_users
from edge.secret_files import secret

OWN = ("innkeeper", "field")


def write_all_users(data: Path) -> None:
    """Write them for the next start, or for a broker that is told to read them again. Raises BrokerError."""
    try:
        devices = load_users(data)
    except UsersDamagedError as error:
        raise BrokerError(str(error)) from error
    own = {name: secret(data, f"broker_{name}") for name in OWN}
    write_users((data / "broker").absolute(), own, devices.values())

"""Which devices without a room serve the house, and which lie in a drawer."""

from devices.model import Device, Profile

SERVES_THE_HOUSE = frozenset({"smoke", "leak", "sos", "lock"})
"""Points for which a device has a place without having a room: a corridor, a plant room, the staff's door."""


def is_spare(device: Device, profile: Profile) -> bool:
    """Whether nobody is to be told how the device is: it has no room, and nothing that a house has outside of rooms.

    A detector of smoke or water, a lock and an encoder of key cards are never spare: better a false alarm of a
    detector in a drawer than a dead one in a corridor.
    """
    if device.room is not None or not profile.points:  # an encoder of cards says nothing of a room
        return False
    return not SERVES_THE_HOUSE & profile.points.keys()

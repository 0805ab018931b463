"""Hotels for measurements, as the text of their files."""

from collections.abc import Iterable

KINDS = ("contact", "motion", "climate", "leak")


def hotel_toml(rooms: Iterable[str]) -> str:
    """A hotel of one room type."""
    head = (
        '[property]\nid = "bench"\nname = "Bench"\ntime_zone = "Europe/Berlin"\ncurrency = "EUR"\n\n'
        '[[floor]]\nid = "1"\nname = "1"\n\n[[room_type]]\ncode = "STD"\nname = "Standard"\n'
    )
    return head + "".join(f'\n[[room]]\nnumber = "{room}"\ntype = "STD"\nfloor = "1"\n' for room in rooms)


def devices_toml(rooms: Iterable[str], kinds: Iterable[str] = KINDS) -> str:
    """Zigbee2MQTT devices, one of each kind in each room, on one MQTT line."""
    chosen = tuple(kinds)
    devices = [
        f'\n[[device]]\nid = "{room}_{kind}"\nline = "field"\nprofile = "zigbee2mqtt/{kind}"\n'
        f'address = "zigbee2mqtt/{room}_{kind}"\nroom = "{room}"\n'
        for room in rooms
        for kind in chosen
    ]
    return "".join(['[[line]]\nid = "field"\nkind = "mqtt"\n', *devices])


def payload(kind: str, number: int) -> bytes:
    """What the device would say the `number`-th time: every message changes a value."""
    odd = "true" if number % 2 else "false"
    battery = f'"battery":97,"linkquality":{100 + number % 100},"number":{number}'
    return {
        "contact": f'{{"contact":{odd},{battery}}}',
        "motion": f'{{"occupancy":{odd},"illuminance":{number % 300},{battery}}}',
        "climate": f'{{"temperature":{21 + number % 10 / 10},"humidity":{45 + number % 7 / 10},{battery}}}',
        "lock": f'{{"lock_state":"locked","state":"LOCK",{battery}}}',
        "leak": f'{{"water_leak":false,"tamper":false,{battery}}}',
    }[kind].encode()

"""The catalogue of permissions and the roles. Each has a description under `permission.<name>` in the languages."""

ROOMS_READ = "rooms.read"
ROOMS_HOUSEKEEPING = "rooms.housekeeping"
ROOMS_SELLABILITY = "rooms.sellability"
ROOMS_OCCUPANCY = "rooms.occupancy"
ROOMS_REQUEST = "rooms.request"
ROOMS_COMMAND = "rooms.command"
LOCKS_OPERATE = "locks.operate"
"""Locking and unlocking doors from afar: a card at the door needs somebody at the desk, this does not."""
PROPERTY_READ = "property.read"
PROPERTY_CHANGE = "property.change"
USERS_READ = "users.read"
USERS_CHANGE = "users.change"
GUESTS_READ = "guests.read"
GUESTS_CHANGE = "guests.change"
RESERVATIONS_READ = "reservations.read"
RESERVATIONS_CHANGE = "reservations.change"
STAYS_READ = "stays.read"
STAYS_CHANGE = "stays.change"
KEYS_READ = "keys.read"
KEYS_ISSUE = "keys.issue"
HOUSEKEEPING_READ = "housekeeping.read"
HOUSEKEEPING_WORK = "housekeeping.work"
HOUSEKEEPING_ASSIGN = "housekeeping.assign"
HOUSEKEEPING_INSPECT = "housekeeping.inspect"
ALERTS_READ = "alerts.read"
ALERTS_WORK = "alerts.work"
DEVICES_READ = "devices.read"
SYSTEM_READ = "system.read"
AUDIT_READ = "audit.read"

CATALOGUE: frozenset[str] = frozenset(
    value for name, value in list(globals().items()) if name.isupper() and isinstance(value, str)
)

_SHARED = frozenset({ROOMS_READ, PROPERTY_READ})

ROLES: dict[str, frozenset[str]] = {
    "manager": CATALOGUE,
    "frontdesk": _SHARED
    | {
        ROOMS_HOUSEKEEPING,
        ROOMS_SELLABILITY,
        ROOMS_OCCUPANCY,
        ROOMS_REQUEST,
        ROOMS_COMMAND,
        GUESTS_READ,
        GUESTS_CHANGE,
        RESERVATIONS_READ,
        RESERVATIONS_CHANGE,
        STAYS_READ,
        STAYS_CHANGE,
        KEYS_READ,
        KEYS_ISSUE,
        HOUSEKEEPING_READ,
        HOUSEKEEPING_ASSIGN,
        ALERTS_READ,
        DEVICES_READ,
        SYSTEM_READ,
    },
    "housekeeping": _SHARED
    | {ROOMS_HOUSEKEEPING, ROOMS_REQUEST, HOUSEKEEPING_READ, HOUSEKEEPING_WORK, HOUSEKEEPING_INSPECT},
    "maintenance": _SHARED | {ROOMS_SELLABILITY, ALERTS_READ, ALERTS_WORK, DEVICES_READ, SYSTEM_READ},
}
"""What each role may do. A property's own roles are a later floor; these four are always there."""

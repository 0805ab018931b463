"""The kinds of messages between edge and PMS, and the body of each (design section 3)."""

from pms.link.down import CommandBody, PropertyBody, RoomFactsBody
from pms.link.inventory_messages import CandidatesBody, InventoryChangeBody
from pms.link.key_messages import KeyCancelBody, KeyJobBody, KeyResultBody
from pms.link.messages import (
    AccessBody,
    Ack,
    CleaningBody,
    CommandResultBody,
    ConditionBody,
    DeviceBody,
    EnergyBody,
    Hello,
    Message,
    OrderBody,
    RoomBody,
    SystemBody,
    VisitBody,
)

UP: dict[str, type[Message]] = {
    "room": RoomBody,
    "access": AccessBody,
    "cleaning": CleaningBody,
    "visit": VisitBody,
    "condition": ConditionBody,
    "order": OrderBody,
    "command_result": CommandResultBody,
    "energy": EnergyBody,
    "key_result": KeyResultBody,
    "device": DeviceBody,
    "candidates": CandidatesBody,
    "system": SystemBody,
    "ack": Ack,
    "hello": Hello,
}
DOWN: dict[str, type[Message]] = {
    "property": PropertyBody,
    "room_facts": RoomFactsBody,
    "command": CommandBody,
    "key_job": KeyJobBody,
    "key_cancel": KeyCancelBody,
    "inventory_change": InventoryChangeBody,
    "ack": Ack,
    "hello": Hello,
}
MERGEABLE = {"room", "candidates", "system", "property", "room_facts"}
"""Kinds of which only the latest, by room, must arrive."""

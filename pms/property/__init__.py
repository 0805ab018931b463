"""The property: floors, room types, rooms, and what the house believes of each room."""

"""What empty rooms save: measured hours and degree-hours, the hotel's switch, a room's own, and who is expected."""

"""Housekeeping: the cleaning that is due, who does it, and what the rooms say of it themselves."""

"""The edge's own board of rooms and alarms: read only, for when the PMS cannot be reached. No personal data."""

"""The hotel core (PMS)."""

"""Onboarding: what the edge hears, and changes of the inventory."""

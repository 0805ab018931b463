"""Onboarding: devices heard and not configured, and the changes of the inventory that people ask for."""

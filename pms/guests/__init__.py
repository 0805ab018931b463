"""Guests: who stays here. Their names are encrypted at rest and never leave this department unasked."""

"""Locks: who opened, who was refused, who went out."""

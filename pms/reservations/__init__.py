"""Reservations: a room promised to a guest for nights, and the nights it holds."""

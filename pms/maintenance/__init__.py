"""Maintenance: alerts, which are conditions of rooms and devices and what people do about them."""

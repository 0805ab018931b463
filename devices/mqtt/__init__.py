"""Dialects of MQTT devices: one file each, and the router that knows which topic is whose."""

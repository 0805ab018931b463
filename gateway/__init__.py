"""Reaching devices: connect, poll, time out, reconnect."""

"""Brokers that the service starts itself: Mosquitto, or the small embedded one."""

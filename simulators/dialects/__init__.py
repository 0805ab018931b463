"""Simulated MQTT devices, a dialect a file; their payloads are spelled here, not by the product's codecs."""

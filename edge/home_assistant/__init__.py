"""The hotel's devices and what Innkeeper found out, shown in Home Assistant: MQTT discovery, read only, an option."""

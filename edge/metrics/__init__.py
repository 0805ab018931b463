"""Figures for Prometheus. None names a room, a guest or a device: only parts, lines, kinds and reasons."""

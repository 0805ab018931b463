"""Modbus units: which blocks to read, and what the registers mean."""

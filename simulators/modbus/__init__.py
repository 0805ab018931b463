"""Simulated Modbus units and the two ways to reach them: a socket and a serial bus on a pseudo-terminal."""

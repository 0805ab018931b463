"""The service in the hotel: what the rooms' signals mean, and the wiring."""

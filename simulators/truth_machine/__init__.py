"""A hotel whose truth is known: what people do, what the sensors tell of it, what errors and faults make of that.

Pure: no sockets, no clock, the same seed gives the same hotel. `hotel.py` is the way in.
"""

"""What goes on in a room. Pure: time comes in as `now`."""

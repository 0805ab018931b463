"""People, what they may do, and their sessions."""

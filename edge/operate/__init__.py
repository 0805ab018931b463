"""Looking after a hotel: install, upgrade, roll back, move, back up by itself, say how it is."""

"""Key cards in the PMS."""

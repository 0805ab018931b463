"""One script a change of the tables."""

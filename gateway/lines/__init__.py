"""Lines: one physical connection each, with an explicit state, backoff and a cause for every fall."""

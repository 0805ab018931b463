"""Who is told of alerts: people by roster and escalation list, others by webhook; from a table, at least once."""

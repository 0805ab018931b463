"""Who is told of alerts: people by roster and escalation list, other systems by webhook; sent from a table, at least once."""

"""Retention: what is past its period is deleted or redacted, each night, in small steps."""

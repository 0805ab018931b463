"""The tables' history: Alembic scripts, run by `pms.schema`."""

"""Retention"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Change the tables."""
    op.add_column("event", sa.Column("salt", sa.String(length=32), nullable=True))
    op.add_column("event", sa.Column("redacted", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "redaction_cursor",
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["property_id"], ["property.id"], name=op.f("fk_redaction_cursor_property_id_property")
        ),
        sa.PrimaryKeyConstraint("property_id", "name", name=op.f("pk_redaction_cursor")),
    )
    op.create_table(
        "retention_run",
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removing", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed", sa.Text(), nullable=False),
        sa.Column("trouble", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_retention_run_property_id_property")),
        sa.PrimaryKeyConstraint("property_id", name=op.f("pk_retention_run")),
    )

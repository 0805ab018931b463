"""Onboarding, and rooms in maintenance"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "device_candidates",
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("ignored", sa.Integer(), nullable=False),
        sa.Column("dropped", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["property_id"], ["property.id"], name=op.f("fk_device_candidates_property_id_property")
        ),
        sa.PrimaryKeyConstraint("property_id", name=op.f("pk_device_candidates")),
    )
    op.create_table(
        "inventory_change",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=True),
        sa.Column("line", sa.String(length=64), nullable=True),
        sa.Column("profile", sa.String(length=255), nullable=True),
        sa.Column("address", sa.String(length=1000), nullable=True),
        sa.Column("room", sa.String(length=20), nullable=True),
        sa.Column("room_before", sa.String(length=20), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("undoes", sa.String(length=64), nullable=True),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "action IN ('place', 'move', 'replace', 'remove', 'ignore', 'unignore')",
            name=op.f("ck_inventory_change_action"),
        ),
        sa.CheckConstraint(
            "state IN ('accepted', 'done', 'failed', 'expired', 'unknown')", name=op.f("ck_inventory_change_state")
        ),
        sa.ForeignKeyConstraint(
            ["property_id"], ["property.id"], name=op.f("fk_inventory_change_property_id_property")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_change")),
    )
    op.create_index("ix_inventory_change_created", "inventory_change", ["property_id", "created_at"], unique=False)

    op.add_column("room", sa.Column("maintenance_reason", sa.String(length=200), nullable=True))
    op.add_column("room", sa.Column("maintenance_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("room", sa.Column("maintenance_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("room", sa.Column("maintenance_by", sa.String(length=120), nullable=True))


def downgrade() -> None:
    """Change them back."""
    op.drop_column("room", "maintenance_by")
    op.drop_column("room", "maintenance_until")
    op.drop_column("room", "maintenance_since")
    op.drop_column("room", "maintenance_reason")

    op.drop_index("ix_inventory_change_created", "inventory_change")

    op.drop_table("inventory_change")
    op.drop_table("device_candidates")

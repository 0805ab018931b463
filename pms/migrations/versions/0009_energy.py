"""Energy: what was said of setbacks, and what they came to"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SECONDS = ("occupied_s", "vacant_s", "unknown_s", "setback_s", "deep_s", "window_s", "still_s", "degree_s", "drift_s")


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "energy_setting",
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("room", sa.String(length=20), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("expected", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_energy_setting_property_id_property")),
        sa.PrimaryKeyConstraint("property_id", "room", name=op.f("pk_energy_setting")),
    )
    op.create_table(
        "energy_day",
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("room", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Float(), nullable=False) for name in SECONDS),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_energy_day_property_id_property")),
        sa.PrimaryKeyConstraint("property_id", "room", "day", name=op.f("pk_energy_day")),
    )


def downgrade() -> None:
    """Change them back."""
    op.drop_table("energy_day")
    op.drop_table("energy_setting")

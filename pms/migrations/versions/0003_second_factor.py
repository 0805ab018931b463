"""Second factor"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "second_factor",
        *_person("second_factor"),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("property_id", "user_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "recovery_code",
        *_person("recovery_code"),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("property_id", "user_id", "digest", name=op.f("pk_recovery_code")),
    )
    op.create_table(
        "sign_in_challenge",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        *_person("sign_in_challenge"),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in_challenge")),
    )
    op.create_index("ix_sign_in_challenge_user_id", "sign_in_challenge", ["user_id"])
    op.create_table(
        "known_place",
        *_person("known_place"),
        sa.Column("place", sa.String(length=80), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("property_id", "user_id", "place", name=op.f("pk_known_place")),
    )
    op.add_column("session", sa.Column("factors", sa.Integer(), nullable=True))
    op.add_column("invitation", sa.Column("made_by", sa.String(length=120), nullable=True))


def _person(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f(f"fk_{table}_property_id_property")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f(f"fk_{table}_user_id_user"), ondelete="CASCADE"),
    )

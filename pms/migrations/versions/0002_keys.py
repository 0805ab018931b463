"""Key cards, room moves"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


JOB_STATES = "'accepted', 'queued', 'waiting', 'writing', 'checking', 'confirmed', 'failed', 'expired', 'unknown'"


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "card_job",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("task", sa.String(length=40), nullable=False),
        sa.Column("found", sa.Text(), nullable=True),
        sa.Column("encoder", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=True),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("card", sa.String(length=64), nullable=True),
        sa.Column("card_kind", sa.String(length=40), nullable=True),
        sa.CheckConstraint(
            f"state IN ({JOB_STATES})",
            name=op.f("ck_card_job_state"),
        ),
        sa.CheckConstraint("task IN ('read', 'erase')", name=op.f("ck_card_job_task")),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_card_job_property_id_property")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_job")),
    )
    with op.batch_alter_table("card_job", schema=None) as batch_op:
        batch_op.create_index("ix_card_job_state", ["property_id", "state"], unique=False)

    op.create_table(
        "credential_counter",
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["property_id"], ["property.id"], name=op.f("fk_credential_counter_property_id_property")
        ),
        sa.PrimaryKeyConstraint("property_id", name=op.f("pk_credential_counter")),
    )
    op.create_table(
        "room_keys",
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("room", sa.String(length=20), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("floor <= last + 1", name=op.f("ck_room_keys_floor")),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_room_keys_property_id_property")),
        sa.PrimaryKeyConstraint("property_id", "room", name=op.f("pk_room_keys")),
    )
    op.create_table(
        "key_card",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("stay_id", sa.String(length=64), nullable=False),
        sa.Column("room", sa.String(length=20), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("credential", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("life", sa.String(length=40), nullable=False),
        sa.Column("life_reason", sa.String(length=40), nullable=True),
        sa.Column("life_ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("life_ended_by", sa.String(length=120), nullable=True),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by", sa.String(length=120), nullable=True),
        sa.Column("encoder", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=True),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("card", sa.String(length=64), nullable=True),
        sa.Column("card_kind", sa.String(length=40), nullable=True),
        sa.CheckConstraint("life IN ('pending', 'active', 'ended', 'never')", name=op.f("ck_key_card_life")),
        sa.CheckConstraint(
            f"state IN ({JOB_STATES})",
            name=op.f("ck_key_card_state"),
        ),
        sa.CheckConstraint("type IN ('new', 'duplicate', 'replace', 'one_shot')", name=op.f("ck_key_card_type")),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_key_card_property_id_property")),
        sa.ForeignKeyConstraint(["stay_id"], ["reservation.id"], name=op.f("fk_key_card_stay_id_reservation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_card")),
        sa.UniqueConstraint("property_id", "credential", name=op.f("uq_key_card_property_id_credential")),
    )
    with op.batch_alter_table("key_card", schema=None) as batch_op:
        batch_op.create_index("ix_key_card_life", ["property_id", "life"], unique=False)
        batch_op.create_index("ix_key_card_room", ["property_id", "room", "id"], unique=False)
        batch_op.create_index("ix_key_card_state", ["property_id", "state"], unique=False)
        batch_op.create_index("ix_key_card_stay", ["property_id", "stay_id", "id"], unique=False)
        batch_op.create_index(
            "uq_key_card_sequence",
            ["property_id", "room", "sequence"],
            unique=True,
            sqlite_where=sa.text("type IN ('new', 'replace')"),
            postgresql_where=sa.text("type IN ('new', 'replace')"),
        )

    op.create_table(
        "stay_move",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("stay_id", sa.String(length=64), nullable=False),
        sa.Column("from_room", sa.String(length=20), nullable=False),
        sa.Column("to_room", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_stay_move_property_id_property")),
        sa.ForeignKeyConstraint(["stay_id"], ["reservation.id"], name=op.f("fk_stay_move_stay_id_reservation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stay_move")),
    )
    with op.batch_alter_table("stay_move", schema=None) as batch_op:
        batch_op.create_index("ix_stay_move_stay", ["property_id", "stay_id", "at"], unique=False)

    with op.batch_alter_table("property", schema=None) as batch_op:
        batch_op.add_column(sa.Column("key_settings", sa.Text(), nullable=True))

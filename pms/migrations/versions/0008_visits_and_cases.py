"""Visits and cases"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STATES = "state IN ('pending', 'assigned', 'in_progress', 'proposed', 'done', 'inspected', 'cancelled', 'reopened')"
TYPES = "type IN ('departure', 'stayover', 'pickup', 'deep', 'turndown')"
KINDS = (
    "kind IN ('cleaning', 'turndown', 'inspection', 'engineering', 'room_service', 'welfare', 'security', 'errand', "
    "'look', 'guest', 'other')"
)
OPEN = "state IN ('assigned', 'in_progress', 'pending', 'proposed', 'reopened')"


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "guest_sign",
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("room", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_guest_sign_property_id_property")),
        sa.PrimaryKeyConstraint("property_id", "room", name=op.f("pk_guest_sign")),
    )
    op.create_table(
        "lock_audit",
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("room", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("credential", sa.String(length=120), nullable=False),
        sa.Column("card_class", sa.String(length=40), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_lock_audit_property_id_property")),
        sa.PrimaryKeyConstraint("property_id", "room", "at", "credential", name=op.f("pk_lock_audit")),
    )
    op.create_table(
        "person_count",
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("room", sa.String(length=20), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_person_count_property_id_property")),
        sa.PrimaryKeyConstraint("property_id", "room", name=op.f("pk_person_count")),
    )
    op.create_table(
        "room_case",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("room", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("stay", sa.String(length=64), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dismissed_by", sa.String(length=64), nullable=True),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('skip', 'sleep', 'persons', 'departed', 'overdue', 'early', 'welfare')",
            name=op.f("ck_room_case_kind"),
        ),
        sa.CheckConstraint("state IN ('open', 'dismissed', 'closed')", name=op.f("ck_room_case_state")),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_room_case_property_id_property")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_case")),
    )
    with op.batch_alter_table("room_case", schema=None) as batch_op:
        batch_op.create_index("ix_room_case_state", ["property_id", "state", "opened_at"], unique=False)
        batch_op.create_index(
            "uq_room_case_present",
            ["property_id", "room", "kind"],
            unique=True,
            sqlite_where=sa.text("state IN ('dismissed', 'open')"),
            postgresql_where=sa.text("state IN ('dismissed', 'open')"),
        )

    op.create_table(
        "staff_card",
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("credential", sa.String(length=120), nullable=False),
        sa.Column("department", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "department IN ('housekeeping', 'inspection', 'engineering', 'room_service', 'security', 'management')",
            name=op.f("ck_staff_card_department"),
        ),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_staff_card_property_id_property")),
        sa.PrimaryKeyConstraint("property_id", "credential", name=op.f("pk_staff_card")),
    )
    op.create_table(
        "staff_visit",
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("visit", sa.String(length=160), nullable=False),
        sa.Column("room", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("card_class", sa.String(length=40), nullable=False),
        sa.Column("credential", sa.String(length=120), nullable=True),
        sa.Column("audit_class", sa.String(length=40), nullable=True),
        sa.Column("audit_credential", sa.String(length=120), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("kind_source", sa.String(length=40), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("spell", sa.String(length=120), nullable=True),
        sa.Column("task_id", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            KINDS,
            name=op.f("ck_staff_visit_kind"),
        ),
        sa.CheckConstraint("kind_source IN ('rule', 'manual')", name=op.f("ck_staff_visit_kind_source")),
        sa.CheckConstraint("source IN ('sensed', 'audit')", name=op.f("ck_staff_visit_source")),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_staff_visit_property_id_property")),
        sa.PrimaryKeyConstraint("property_id", "visit", name=op.f("pk_staff_visit")),
    )
    with op.batch_alter_table("staff_visit", schema=None) as batch_op:
        batch_op.create_index("ix_staff_visit_credential", ["property_id", "credential", "entered_at"], unique=False)
        batch_op.create_index("ix_staff_visit_entered", ["property_id", "entered_at"], unique=False)
        batch_op.create_index("ix_staff_visit_room", ["property_id", "room", "entered_at"], unique=False)

    with op.batch_alter_table("housekeeping_task") as table:
        table.drop_index("uq_housekeeping_task_open")
    with op.batch_alter_table("housekeeping_task") as table:
        table.add_column(sa.Column("confirmed", sa.String(length=20), nullable=True))
        table.drop_constraint(op.f("ck_housekeeping_task_state"), type_="check")
        table.drop_constraint(op.f("ck_housekeeping_task_type"), type_="check")
        table.create_check_constraint(op.f("ck_housekeeping_task_state"), STATES)
        table.create_check_constraint(op.f("ck_housekeeping_task_type"), TYPES)
    with op.batch_alter_table("housekeeping_task") as table:
        table.create_index(
            "uq_housekeeping_task_open",
            ["property_id", "room"],
            unique=True,
            sqlite_where=sa.text(OPEN),
            postgresql_where=sa.text(OPEN),
        )

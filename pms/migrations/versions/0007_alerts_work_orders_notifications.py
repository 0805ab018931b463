"""Alerts, work orders, notifications"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "contact",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("priority", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("priority IN ('critical', 'high', 'medium', 'low')", name=op.f("ck_contact_priority")),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_contact_property_id_property")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_table(
        "notification",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("once", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("priority", sa.String(length=40), nullable=False),
        sa.Column("alerts", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=True),
        sa.Column("contact_id", sa.String(length=64), nullable=True),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'dead', 'dropped')", name=op.f("ck_notification_state")),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_notification_property_id_property")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint("property_id", "once", name=op.f("uq_notification_property_id_once")),
    )
    op.create_index("ix_notification_due", "notification", ["property_id", "state", "due_at"], unique=False)

    op.create_table(
        "work_order",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("room", sa.String(length=20), nullable=True),
        sa.Column("device", sa.String(length=120), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("blocked_reason", sa.Text(), nullable=True),
        sa.Column("proposal", sa.String(length=40), nullable=False),
        sa.Column("alert_id", sa.String(length=64), nullable=True),
        sa.Column("worker", sa.String(length=120), nullable=True),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("proposal IN ('none', 'open', 'accepted', 'declined')", name=op.f("ck_work_order_proposal")),
        sa.CheckConstraint("state IN ('open', 'in_progress', 'blocked', 'done')", name=op.f("ck_work_order_state")),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_work_order_property_id_property")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order")),
    )
    op.create_index("ix_work_order_state", "work_order", ["property_id", "state", "created_at"], unique=False)
    op.create_index(
        "uq_work_order_alert",
        "work_order",
        ["property_id", "alert_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'done' AND alert_id IS NOT NULL"),
        postgresql_where=sa.text("state <> 'done' AND alert_id IS NOT NULL"),
    )

    op.create_table(
        "duty_shift",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("contact_id", sa.String(length=64), nullable=False),
        sa.Column("weekdays", sa.String(length=7), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_duty_shift_contact_id_contact"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_duty_shift_property_id_property")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_shift")),
    )
    op.create_table(
        "escalation_step",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("contact_id", sa.String(length=64), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_escalation_step_contact_id_contact"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_escalation_step_property_id_property")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_step")),
        sa.UniqueConstraint(
            "property_id", "minutes", "contact_id", name=op.f("uq_escalation_step_property_id_minutes_contact_id")
        ),
    )
    op.create_table(
        "work_order_note",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("property_id", sa.String(length=64), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_work_order_note_order_id_work_order")),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_work_order_note_property_id_property")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order_note")),
    )
    op.create_index("ix_work_order_note_order", "work_order_note", ["order_id", "at"], unique=False)

    op.add_column("alert", sa.Column("line", sa.String(length=120), nullable=True))
    op.add_column("alert", sa.Column("suppressed_by", sa.String(length=200), nullable=True))
    op.add_column("alert", sa.Column("out_of_service_by", sa.String(length=120), nullable=True))
    op.add_column("alert", sa.Column("out_of_service_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("alert", sa.Column("out_of_service_reason", sa.Text(), nullable=True))
    op.add_column("alert", sa.Column("escalated", sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix_alert_suppressed_by", "alert", ["property_id", "suppressed_by"], unique=False)

"""Steps of commands"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STATES = "state IN ('accepted', 'sent', 'acknowledged', 'done', 'failed', 'expired', 'unknown')"


def upgrade() -> None:
    """Change the tables. Of an order that is there already it is known how it ended, not how it got there."""
    with op.batch_alter_table("command_job") as table:
        table.add_column(sa.Column("step", sa.String(length=40), server_default="accepted", nullable=False))
        table.add_column(sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True))
        table.drop_constraint(op.f("ck_command_job_state"), type_="check")
        table.create_check_constraint(op.f("ck_command_job_state"), STATES)
    op.execute("UPDATE command_job SET step = 'verified' WHERE state = 'done'")
    op.execute("UPDATE command_job SET step = 'sent' WHERE state = 'sent'")
    with op.batch_alter_table("command_job") as table:
        table.alter_column("step", server_default=None)

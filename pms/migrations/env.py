"""Alembic's entry: works on the connection that `pms.schema` hands over; there is no other way in."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.types import TypeDecorator

from pms import tables


def render_item(kind: str, item: Any, _autogen: AutogenContext) -> str | Literal[False]:
    """Our own column types are written as what they are in the database: scripts do not depend on our code."""
    if kind == "type" and isinstance(item, TypeDecorator) and type(item).__module__.startswith("pms."):
        return f"sa.{item.impl_instance!r}"
    return False


def run() -> None:
    """Run the scripts on the connection in the configuration's attributes."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=tables.metadata(),
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
        transaction_per_migration=False,
        compare_type=True,
        compare_server_default=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


run()

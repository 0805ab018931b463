"""The scripts make exactly the tables of the models, and lose no row."""

import asyncio
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import CheckConstraint, Column, Connection, String, func, inspect, select

from pms import schema, tables
from pms.kernel.database import Database
from pms.kernel.errors import DatabaseDamaged
from pms.keys.rules import KeySettings


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, tables.metadata()))


def checks(connection: Connection) -> dict[str, set[str]]:
    inspector = inspect(connection)
    return {
        table: {str(check["name"]) for check in inspector.get_check_constraints(table)}
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


async def test_the_scripts_lead_to_the_models(database_url: str) -> None:
    """When this fails: `python -m pms.migrations <next revision> "<what changes>"`."""
    await schema.migrate(database_url)
    assert await schema.on_connection(database_url, differences) == []
    declared = {
        table.name: {str(one.name) for one in table.constraints if isinstance(one, CheckConstraint)}
        for table in tables.metadata().sorted_tables
    }
    made = await schema.on_connection(database_url, checks)
    assert {table: len(names) for table, names in made.items()} == {
        table: len(names) for table, names in declared.items()
    }


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    await schema.migrate(database_url)
    assert await schema.revision(database_url) == schema.newest()
    await schema.migrate(database_url)
    assert await schema.revision(database_url) == schema.newest()


async def test_two_processes_may_migrate_at_once(database_url: str) -> None:
    await asyncio.gather(*(schema.migrate(database_url) for _ in range(3)))
    assert await schema.revision(database_url) == schema.newest()


async def test_the_books_of_a_newer_release_are_left_alone(database_url: str) -> None:
    await schema.migrate(database_url)
    await schema.on_connection(
        database_url,
        lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'future'"),
    )
    with pytest.raises(DatabaseDamaged, match="newer release"):
        await schema.migrate(database_url)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # PostgreSQL does this by itself
async def test_rows_that_point_to_nothing_stop_a_migration(database_url: str) -> None:
    await schema.migrate(database_url)
    await schema.on_connection(
        database_url,
        lambda connection: connection.exec_driver_sql(
            "INSERT INTO floor (property_id, code, name, position) VALUES ('gone', '1', 'First', 0)"
        ),
    )
    with pytest.raises(DatabaseDamaged, match="floor"):
        await schema.migrate(database_url)


def test_every_table_belongs_to_a_property() -> None:
    without = {
        table.name
        for table in tables.metadata().sorted_tables
        if "property_id" not in table.columns and table.name not in {"property", "user"}
    }
    assert without == set()


def rebuild(connection: Connection) -> None:
    """What a later script may do: rebuild a table that others point to."""
    operations = Operations(MigrationContext.configure(connection))
    with operations.batch_alter_table("property", recreate="always") as table:
        table.add_column(Column("later", String(10)))


def row_counts(connection: Connection) -> dict[str, int]:
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in tables.metadata().sorted_tables
    }


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # PostgreSQL does this by itself
async def test_rebuilding_a_table_keeps_what_points_to_it_and_its_checks(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL alters its tables in place")
    await database.close()
    before = await schema.on_connection(database.url, row_counts)
    assert before["room"] == 5
    constraints = await schema.on_connection(database.url, checks)
    await schema.on_connection(database.url, rebuild)
    assert await schema.on_connection(database.url, row_counts) == before
    assert await schema.on_connection(database.url, checks) == constraints


async def test_books_from_before_key_cards_keep_their_house_and_get_the_defaults(database_url: str) -> None:
    """A property imported by the first release has no settings for keys."""
    await schema.on_connection(database_url, first_release)
    old = (
        "INSERT INTO property"
        " (id, name, time_zone, language, currency, day_starts, business_date, timers, created_at, version)"
        " VALUES ('old', 'Old', 'UTC', 'en', 'EUR', '04:00:00', '2026-11-22', '{}', '2026-11-22 00:00:00+00', 1)"
    )
    await schema.on_connection(database_url, lambda connection: connection.exec_driver_sql(old))
    await schema.migrate(database_url)
    found = await schema.on_connection(
        database_url, lambda connection: connection.exec_driver_sql("SELECT id, key_settings FROM property").one()
    )
    assert tuple(found) == ("old", None)
    assert KeySettings.of(found[1]) == KeySettings()


def first_release(connection: Connection) -> None:
    """The tables as they were before key cards."""
    command.upgrade(schema.configuration(connection), "0001")

"""`python -m pms.migrations 0002 "what changes"`: write the script that leads from the scripts here to the models."""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command

from pms.kernel.engines import full_url
from pms.schema import configuration, migrate, on_connection


async def write(revision: str, message: str) -> None:
    """Compare the models with a database made by the scripts so far, and write the difference down."""
    with tempfile.TemporaryDirectory() as folder:
        url = full_url("sqlite", Path(folder))
        await migrate(url)
        await on_connection(
            url,
            lambda connection: command.revision(
                configuration(connection), message=message, autogenerate=True, rev_id=revision
            ),
        )


asyncio.run(write(sys.argv[1], sys.argv[2]))

"""`innkeeper audit verify`: whether the books still say what was written into them."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from edge.console import CONFIG, DATA, FAILED, Config, Data, Json, answering, books, finish, opened, tell

if TYPE_CHECKING:
    from pms.kernel.audit import Verdict

audit = typer.Typer(no_args_is_help=True, help="The audit trail: everything that happened, chained by hash.")


@audit.callback()
def _audit() -> None:
    """So that `verify` is a command of its own."""


@audit.command()
def verify(config: Config = CONFIG, data: Data = DATA, as_json: Json = False) -> None:
    """Check the chain: every event in full, redacted ones by their links and by the redaction that covers them."""
    from pms import commands

    with answering():
        verdicts = finish(commands.audit_verify(books(opened(config), data)))
        answer: dict[str, Any] = {"properties": [asdict(verdict) for verdict in verdicts]}
        tell(answer, "\n".join(line for verdict in verdicts for line in _lines(verdict)), as_json=as_json)
        if any(verdict.cause for verdict in verdicts):
            raise typer.Exit(FAILED)


def _lines(verdict: "Verdict") -> list[str]:
    found = f"{verdict.property_id}: {verdict.events} events, {verdict.redacted} of them redacted"
    if verdict.cause:
        return [f"{found}; BROKEN at event {verdict.broken_at}: {verdict.cause}"]
    covered = [f"  {one.count} of {one.name} up to event {one.through}, by event {one.by}" for one in verdict.covered]
    return [f"{found}; the chain holds", *covered]

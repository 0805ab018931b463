"""Commands that look after a hotel: check, migrate, people, replay (backups: `cli_backup`).

Each imports what it works with: `innkeeper edge` shall not carry the weight of the PMS.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from devices.problems import ConfigurationError
from edge import checks
from edge.configuration import load_configuration
from edge.console import (
    CONFIG,
    DATA,
    WRONG_INPUT,
    Config,
    Data,
    Json,
    answering,
    books,
    finish,
    log_to_stderr,
    opened,
    tell,
)
from edge.installed import take_environment
from edge.journal_file import JOURNAL, open_journal

people = typer.Typer(no_args_is_help=True, help="People who may sign in.")
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def check(config: Config = CONFIG, data: Data = DATA, as_json: Json = False) -> None:
    """What is wrong with a configuration: file, line, table, key. What cannot be reached is a warning."""
    with answering():
        try:
            take_environment(config)
            warned = checks.warnings(load_configuration(config), data)
            problems = []
        except ConfigurationError as error:
            warned, problems = [], error.problems
        answer = {"problems": [_problem(one) for one in problems], "warnings": warned}
        lines = [str(problem) for problem in problems] + [f"warning: {text}" for text in warned]
        tell(answer, "\n".join(lines) or "nothing is wrong", as_json=as_json)
        if problems:
            raise typer.Exit(WRONG_INPUT)


def migrate(config: Config = CONFIG, data: Data = DATA, as_json: Json = False) -> None:
    """Bring journal and books to this release; a backup is made first where something changes."""
    from pms import commands

    with answering():
        configuration = opened(config)
        open_journal(data / JOURNAL).close()
        saved = finish(commands.migrate(books(configuration, data)))
        answer = {"migrated": True, "backup": saved}
        tell(answer, f"up to date{f'; backup: {saved}' if saved else ''}", as_json=as_json)


def replay(
    log: Annotated[Path, typer.Argument(metavar="LOG.csv")],
    away: Annotated[Path | None, typer.Option(help="left,returned: outside of it the room is occupied.")] = None,
    asleep: Annotated[Path | None, typer.Option(help="start,end of sleep.")] = None,
    timeline: Annotated[Path | None, typer.Option(help="Write time,room,occupancy here.")] = None,
    as_json: Json = False,
) -> None:
    """A recorded log through the rooms' own logic, and how well it knew."""
    from edge import replay as replaying

    log_to_stderr("warning", "text")
    with answering():
        code = replaying.run(log, away, asleep, timeline, as_json=as_json)
    if code:
        raise typer.Exit(code)


@people.command("add")
def user_add(
    name: str,
    role: Annotated[str, typer.Option(help="manager, frontdesk, housekeeping or maintenance.")],
    password_stdin: FromStdin = False,
    config: Config = CONFIG,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Make a person."""
    from pms import commands

    with answering():
        configuration = opened(config)
        finish(commands.user_add(books(configuration, data), name, role, _password(from_stdin=password_stdin)))
        tell({"added": name, "role": role}, f"{name} may sign in as {role}", as_json=as_json)


@people.command("list")
def user_list(config: Config = CONFIG, data: Data = DATA, as_json: Json = False) -> None:
    """Everybody."""
    from pms import commands

    with answering():
        found = finish(commands.user_list(books(opened(config), data)))
        items = [{"username": one.username, "role": one.role, "disabled": one.disabled} for one in found]
        lines = [f"{one.username}\t{one.role}{'  disabled' if one.disabled else ''}" for one in found]
        tell({"items": items}, "\n".join(lines) or "nobody yet", as_json=as_json)


@people.command("disable")
def user_disable(name: str, config: Config = CONFIG, data: Data = DATA, as_json: Json = False) -> None:
    """Bar a person; their sessions end."""
    from pms import commands

    with answering():
        finish(commands.user_disable(books(opened(config), data), name))
        tell({"disabled": name}, f"{name} may not sign in any more", as_json=as_json)


@people.command("reset")
def user_reset(
    name: str,
    password_stdin: FromStdin = False,
    config: Config = CONFIG,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Give a person a new password and let them in again."""
    from pms import commands

    with answering():
        configuration = opened(config)
        finish(commands.user_reset(books(configuration, data), name, _password(from_stdin=password_stdin)))
        tell({"reset": name}, f"{name} has a new password", as_json=as_json)


@people.command("reset-factor")
def user_reset_factor(name: str, config: Config = CONFIG, data: Data = DATA, as_json: Json = False) -> None:
    """Take a person's second factor away (the phone is lost); their sessions end."""
    from pms import commands

    with answering():
        finish(commands.user_reset_factor(books(opened(config), data), name))
        tell({"reset": name}, f"{name} sets up a new second factor at the next sign-in", as_json=as_json)


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    entered: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return entered


def _problem(problem: object) -> dict[str, object]:
    return {name: getattr(problem, name) for name in ("file", "table", "key", "message", "line")}

"""`innkeeper install`, `upgrade`, `rollback`, `move`, `health`, `support-bundle`: the machine and the release on it."""

import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from edge.console import CONFIG, DATA, FAILED, Config, Data, Json, answering, books, opened, say, tell
from edge.installed import take_environment
from edge.operate.layout import SYSTEM_PREFIX, Layout, OperationError
from edge.operate.steps import Steps
from edge.service import version

if TYPE_CHECKING:
    from edge.operate.upgrade import Upgrade

PREFIX = SYSTEM_PREFIX
Prefix = Annotated[Path, typer.Option("--prefix", help="Where the releases are; a folder of your own needs no root.")]
OwnConfig = Annotated[Path | None, typer.Option("--config", help="/etc/innkeeper, or PREFIX/config when absent.")]
OwnData = Annotated[Path | None, typer.Option("--data", help="/var/lib/innkeeper, or PREFIX/data when absent.")]
Wheels = Annotated[Path | None, typer.Option("--wheels", help="Folder with all wheels, for a machine without network.")]
SUPPORT = "innkeeper-support.tar.gz"
RELEASE = "The release, innkeeper-VERSION.whl; a copy of what runs this command when absent."
Wheel = Annotated[Path | None, typer.Argument(help=RELEASE, exists=True, dir_okay=False)]
Dry = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
Part = Annotated[Literal["run", "edge", "pms"], typer.Option("--part", help="Which half runs on this machine.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
moving = typer.Typer(no_args_is_help=True, help="Take the whole hotel to another machine.")


def add_to(app: typer.Typer) -> None:
    """Make them commands of the program."""
    for command in (install, upgrade, rollback, health):
        app.command()(command)
    app.command("support-bundle")(support_bundle)
    app.add_typer(moving, name="move")


def install(
    wheel: Wheel = None,
    wheels: Wheels = None,
    prefix: Prefix = PREFIX,
    config: OwnConfig = None,
    data: OwnData = None,
    part: Part = "run",
    dry_run: Dry = False,
    as_json: Json = False,
) -> None:
    """Put a release, the configuration, the data folder and the systemd units in place. Can be repeated."""
    from edge.operate import install as installing

    with answering():
        layout = Layout.at(prefix, config, data)
        steps = _steps(as_json=as_json, dry=dry_run)
        installed = installing.install(layout, wheel, wheels, part, steps)
        tell({"installed": installed, "steps": steps.done}, f"installed: {installed}", as_json=as_json)


def upgrade(
    wheel: Wheel = None,
    wheels: Wheels = None,
    prefix: Prefix = PREFIX,
    config: OwnConfig = None,
    data: OwnData = None,
    part: Part = "run",
    dry_run: Dry = False,
    as_json: Json = False,
) -> None:
    """Build it beside, back up, migrate, switch, look whether it is well; back by itself when it is not."""
    with answering(), _held_together():
        work = _work(Layout.at(prefix, config, data), part, _steps(as_json=as_json, dry=dry_run))
        answer = work.upgrade(wheel, wheels)
        text = "nothing was changed" if dry_run else f"{answer['from']} -> {answer['to']}; innkeeper rollback goes back"
        tell(answer, text, as_json=as_json)


def rollback(
    to: Annotated[
        str | None, typer.Option("--to", help="Version; the one before the last upgrade when absent.")
    ] = None,
    yes: Yes = False,
    prefix: Prefix = PREFIX,
    config: OwnConfig = None,
    data: OwnData = None,
    part: Part = "run",
    as_json: Json = False,
) -> None:
    """Back to the release before, with the databases of before the upgrade. Says what is lost and asks first."""
    with answering(), _held_together():
        work = _work(Layout.at(prefix, config, data), part, _steps(as_json=as_json))
        way = work.way_back(to)
        if not as_json:
            say("\n".join([f"{way.current.version} -> {way.target.version}", *work.lost_lines(way)]))
        lost = work.lost(way) if as_json else {}
        _agree(yes=yes, question=f"Go back to {way.target.version}?")
        answer = work.rollback(way) | ({"lost": lost} if lost else {})
        tell(answer, f"{answer['from']} -> {answer['to']}", as_json=as_json)


def health(config: Config = CONFIG, data: Data = DATA, as_json: Json = False) -> None:
    """How the running service is, and its release. Exit 0: the house may be used."""
    from edge.operate.asking import ask

    with answering():
        found = ask(opened(config).settings.http, data)
        tell(found.answer(), "\n".join(found.lines()), as_json=as_json)
        if not found.ready:
            raise typer.Exit(FAILED)


def support_bundle(
    to: Annotated[Path, typer.Argument(help="The file to write, or a folder for it.")] = Path(SUPPORT),
    log: Annotated[Path | None, typer.Option(help="A log in JSON lines: times and names of events are taken.")] = None,
    config: Config = CONFIG,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """What somebody who helps needs to see. No guest, no name, no password, no payload is in it."""
    from edge.operate import bundle

    with answering():
        take_environment(config)
        to = to / SUPPORT if to.is_dir() else to
        names = bundle.write(to, config, data, log)
        tell({"file": to, "members": names}, f"{to}: {', '.join(names)}", as_json=as_json)


@moving.command("pack")
def move_pack(
    to: Annotated[Path, typer.Argument(help="The file to write, for example hotel.move.tar.")],
    config: Config = CONFIG,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Configuration, databases and secrets in one file. The service has to be stopped, or its last minutes are lost."""
    from edge.operate import moving as packing

    with answering():
        configuration = opened(config)
        members = packing.pack(books(configuration, data), config, to, version())
        tell(
            {"file": to, "members": members},
            "\n".join([f"{to}: {', '.join(members)}", *packing.AFTER]),
            as_json=as_json,
        )


@moving.command("unpack")
def move_unpack(
    file: Annotated[Path, typer.Argument(help="What `move pack` wrote.", exists=True, dir_okay=False)],
    yes: Yes = False,
    config: Config = CONFIG,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Put it in place here. Says what is replaced and asks first; what is replaced is put aside."""
    from edge.operate import moving as packing

    with answering():
        take_environment(config)
        there = packing.replaced(config, data)
        if there:
            if not as_json:
                say(f"would be replaced: {', '.join(there)}")
            _agree(yes=yes, question="Replace it? It is put aside, not deleted")
        aside = packing.unpack(file, config, data)
        tell({"unpacked": file, "put_aside": aside}, "\n".join(packing.NEXT), as_json=as_json)


def _work(layout: Layout, part: str, steps: Steps) -> "Upgrade":
    from edge.operate.running import Service
    from edge.operate.upgrade import Upgrade

    take_environment(layout.config)
    return Upgrade(layout, Service(layout, part), steps)


def _steps(*, as_json: bool, dry: bool = False) -> Steps:
    return Steps(_quiet if as_json else _told, dry)


def _told(text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal went away: the work goes on
        say(text)


def _quiet(_: str) -> None:
    """For programs the steps are in the answer."""


def _agree(*, yes: bool, question: str) -> None:
    """Raises OperationError unless somebody says yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise OperationError("nobody is here to ask: with --yes it is done")
    if not typer.confirm(question):
        raise OperationError("nothing was changed")


@contextlib.contextmanager
def _held_together() -> Iterator[None]:
    """A lost terminal does not break the work off; a request to end does, and what was begun is undone."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = [
        (signal.SIGHUP, signal.signal(signal.SIGHUP, signal.SIG_IGN)),
        (signal.SIGTERM, signal.signal(signal.SIGTERM, end)),
    ]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)

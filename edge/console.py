"""What commands have in common: where things are, what is printed, what an error becomes."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import structlog
import typer

from devices.problems import ConfigurationError
from edge.archive_error import ArchiveError
from edge.broker import BrokerError
from edge.configuration import Configuration, load_configuration
from edge.folder import FolderInUseError
from edge.installed import folders, hand_over, take_environment
from edge.journal_file import JournalDamagedError
from edge.sqlite_writer import DiskError
from pms.hotelfile import HotelFileError
from pms.kernel.errors import CannotServe, DatabaseDamaged, Refusal, StorageFailed

if TYPE_CHECKING:
    from pms.commands import Books

T = TypeVar("T")


def _handed_over(context: typer.Context, data: Path) -> Path:
    """Whatever the command makes there as root is the owner's when it has ended."""
    context.call_on_close(lambda: hand_over(data))
    return data


FAILED, WRONG_INPUT = 1, 2
Config = Annotated[Path, typer.Option("--config", help="Folder with hotel.toml, devices.toml and service.toml.")]
Data = Annotated[Path, typer.Option("--data", help="Folder with databases and secrets.", callback=_handed_over)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, for programs.")]
CONFIG, DATA = folders(Path(__file__))

_RENDERERS: dict[str, Callable[[], Any]] = {
    "json": structlog.processors.JSONRenderer,
    "text": lambda: structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
}
_WRONG = (CannotServe, ConfigurationError, HotelFileError, Refusal)
_FAILED = (
    ArchiveError,
    BrokerError,
    DatabaseDamaged,
    DiskError,
    FolderInUseError,
    JournalDamagedError,
    StorageFailed,
    OSError,
)


def say(text: str) -> None:
    """A line for the person at the console."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def tell(answer: dict[str, Any], text: str, *, as_json: bool) -> None:
    """The answer of a command."""
    say(json.dumps(answer, default=str) if as_json else text)


def books(configuration: Configuration, data: Path) -> "Books":
    """The PMS's books of a configuration."""
    from pms.commands import Books

    return Books(data, configuration.settings.database.url, configuration.hotel_file)


def opened(config: Path) -> Configuration:
    """The configuration; its logging is set up, and what the command writes is for its user alone."""
    os.umask(0o077)
    take_environment(config)
    configuration = load_configuration(config)
    log_to_stderr(configuration.settings.log.level, configuration.settings.log.format)
    return configuration


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run asynchronous work to its end."""
    return asyncio.run(work)


@contextmanager
def answering() -> Iterator[None]:
    """Errors a person can act on become a line and an exit code; anything else is a fault of ours and shows itself."""
    try:
        yield
    except _WRONG as error:
        refuse(str(error), WRONG_INPUT)
    except _FAILED as error:
        refuse(_text(error), FAILED)
    except BaseExceptionGroup as group:
        known, rest = group.split((*_WRONG, *_FAILED))
        if known is None or rest is not None:
            raise
        errors = list(_leaves(known))
        code = WRONG_INPUT if all(isinstance(error, _WRONG) for error in errors) else FAILED
        refuse("; ".join(_text(error) for error in errors), code)


def log_to_stderr(level: str, style: str) -> None:
    """Standard output is for answers; what happens goes to standard error."""
    number = logging.getLevelNamesMapping()[level.upper()]
    renderer: Any = _RENDERERS[style]()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=max(number, logging.WARNING), stream=sys.stderr)
    for chatty in ("pymodbus", "amqtt", "transitions", "mqtt"):
        logging.getLogger(chatty).setLevel(logging.CRITICAL)


def _text(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error)


def _leaves(group: BaseExceptionGroup[Any]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def refuse(message: str, code: int) -> NoReturn:
    """Say what is wrong and end the command."""
    sys.stderr.write(message.rstrip() + "\n")
    raise typer.Exit(code)

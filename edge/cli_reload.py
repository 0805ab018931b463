"""`innkeeper reload`: the running service takes what has changed in its configuration."""

import os

import typer

from edge.console import CONFIG, DATA, FAILED, WRONG_INPUT, Config, Data, Json, answering, refuse, tell
from edge.reload_call import NobodyAnswersError, call, lines

WRONG_FILE = "bad_file"


def reload(config: Config = CONFIG, data: Data = DATA, as_json: Json = False) -> None:  # noqa: ARG001 - it has its own
    """Take what has changed in devices.toml without a restart; a bad file changes nothing. Exit 2: it is bad."""
    os.umask(0o077)
    with answering():
        try:
            answer = call(data)
        except NobodyAnswersError as error:
            refuse(str(error), FAILED)
        tell(answer, "\n".join(lines(answer)), as_json=as_json)
        if answer["reason"]:
            raise typer.Exit(WRONG_INPUT if answer["reason"] == WRONG_FILE else FAILED)

"""The `innkeeper` command: a service, or any other command."""

import sys

UNUSED = {"run": ("rich",), "edge": ("rich", "greenlet"), "pms": ("rich",)}
"""By service: what the logging library would load only because it is installed."""


def main() -> None:
    """The program. A service loads nothing of the other commands."""
    service = sys.argv[1] if len(sys.argv) > 1 else ""
    if service in UNUSED:
        for name in UNUSED[service]:
            sys.modules.setdefault(name, None)  # type: ignore[arg-type]
        from edge.cli_serve import app
    else:
        from edge.commands import app
    app()


if __name__ == "__main__":
    main()

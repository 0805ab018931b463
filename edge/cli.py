"""The `innkeeper` command: a service, or any other command."""

import sys

SERVICES = ("run", "edge", "pms")


def main() -> None:
    """The program. A service loads nothing of the other commands, and not the library that colours their help."""
    if sys.argv[1:2] and sys.argv[1] in SERVICES:
        sys.modules.setdefault("rich", None)  # type: ignore[arg-type]
        from edge.cli_serve import app
    else:
        from edge.commands import app
    app()


if __name__ == "__main__":
    main()

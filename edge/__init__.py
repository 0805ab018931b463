"""The service in the hotel: what the rooms' signals mean, and the wiring."""

import sys

if sys.argv[1:2] in (["run"], ["edge"], ["pms"]):
    # Libraries load rich for coloured help and tracebacks when it is there: 3 MB that a service has no use for.
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]

"""The service as an upgrade sees it: stopped, started, asked. By systemd, or for a trial by ourselves."""

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from edge.folder import in_use
from edge.operate.asking import Answer, ask
from edge.operate.install import SYSTEMD
from edge.operate.layout import UNITS, Layout, OperationError, Release
from edge.operate.steps import call, own_environment, owner_of
from edge.settings import load_settings

PATIENCE_S = 120.0
STOP_S = 90.0
POLL_S = 0.5


class Service:
    """What runs of a layout. `part` is what a trial starts where there is no systemd."""

    def __init__(self, layout: Layout, part: str) -> None:
        self._layout = layout
        self._part = part
        self.units = _active() if layout.system and SYSTEMD.exists() else []

    def stop(self) -> None:
        """Stop the units. Raises OperationError when something else still runs over the data."""
        for unit in self.units:
            call(["systemctl", "stop", unit])
        for part in ("edge", "pms"):
            if in_use(self._layout.data, part):
                raise OperationError(f"a running {part} uses {self._layout.data} and no unit of ours: stop it first")

    def start(self) -> None:
        """Start the units that ran."""
        for unit in self.units:
            call(["systemctl", "start", "--no-block", unit])

    def answer(self) -> Answer:
        """What it says now."""
        settings = load_settings(self._layout.config / "service.toml")
        return ask(settings.http, self._layout.data)

    def prove(self, release: Release, before: Answer) -> Answer:
        """Start the release and wait until it says that it is well, in its own version.

        Without units it is started for the proof alone and stopped again. A house that was not ready before need not be
        afterwards: it has to answer.

        Raises:
            OperationError: it does not.
        """
        if self.units:
            self.start()
            return self._wait(release, before, lambda: None)
        return self._trial(release, before)

    def _trial(self, release: Release, before: Answer) -> Answer:
        layout = self._layout
        words = [str(release.program), self._part, "--config", str(layout.config), "--data", str(layout.data)]
        with (release.folder / "trial.log").open("wb") as said:
            user = owner_of(layout)
            process = subprocess.Popen(
                words, stdout=said, stderr=said, user=user, cwd=layout.prefix, env=own_environment()
            )
        try:
            return self._wait(release, before, process.poll)
        finally:
            _end(process)

    def _wait(self, release: Release, before: Answer, ended: Callable[[], int | None]) -> Answer:
        deadline, found = time.monotonic() + PATIENCE_S, self.answer()
        while not (found.ready and found.version == release.version):
            code = ended()
            if code is not None:
                raise OperationError(f"{release.version} ended with {code}: see {release.folder / 'trial.log'}")
            if time.monotonic() > deadline:
                break
            time.sleep(POLL_S)
            found = self.answer()
        if found.version != release.version or not (found.ready or before.state in {"starting", "down", "degraded"}):
            raise OperationError(f"{release.version} is not well: {'; '.join(found.lines())}")
        return found


def _active() -> list[str]:
    states = {unit: subprocess.run(["systemctl", "is-active", "--quiet", unit], check=False) for unit in UNITS}
    return [unit for unit, state in states.items() if state.returncode == 0]


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def settled(data: Path) -> bool:
    """Whether nothing runs over the folder."""
    return not in_use(data, "edge") and not in_use(data, "pms")

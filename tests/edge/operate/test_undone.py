"""Upgrades that were killed or could not begin: what is found afterwards, and what is started again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edge.operate import running
from edge.operate.layout import Layout, OperationError
from edge.operate.running import Service
from edge.operate.steps import Steps
from edge.operate.upgrade import Upgrade

SYSTEMCTL = """\
#!/bin/sh
# a unit is active while its file is there
echo "$@" >> "{folder}/said"
for unit; do :; done
case "$1" in
  is-active) test -e "{folder}/$unit" ;;
  stop) rm -f "{folder}/$unit" ;;
  start) touch "{folder}/$unit" ;;
esac
"""
UNIT = "innkeeper.service"
Made = tuple[Layout, Callable[[], Upgrade], Path]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """Two releases on a machine with systemd; the second is current and its unit is active."""
    systemd = tmp_path / "systemd"
    systemd.mkdir()
    (systemd / "systemctl").write_text(SYSTEMCTL.format(folder=systemd))
    (systemd / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{systemd}:/usr/bin:/bin")
    monkeypatch.setattr(running, "SYSTEMD", systemd)
    layout = Layout(tmp_path, tmp_path / "config", tmp_path / "data", tmp_path / "units", system=True)
    for version in ("1.0", "1.1", "1.2"):
        layout.release(version).folder.mkdir(parents=True)
        layout.release(version).completed("")
    layout.make_current(layout.release("1.1"))
    layout.release("1.1").remember(
        {"from": "1.0", "at": "2026-01-01", "backup": "gone", "secrets": None, "schemas": {}}
    )
    (systemd / UNIT).touch()
    return layout, lambda: Upgrade(layout, Service(layout, "run"), Steps(print)), systemd


def test_killed_before_there_is_a_backup_it_goes_back_to_what_ran_and_starts_it(made: Made) -> None:
    layout, upgrade, systemd = made
    layout.begin({"from": "1.1", "to": "1.2", "at": "2026-02-02", "units": [UNIT]})
    (systemd / UNIT).unlink()  # stopped when it was killed
    way = upgrade().way_back(None)
    assert (way.target.version, way.saved, way.unfinished) == ("1.1", None, True)
    upgrade().rollback(way)
    current = layout.current()
    assert current is not None
    assert current.version == "1.1", "not one more release back"
    assert (systemd / UNIT).exists(), "what the upgrade had stopped runs again"
    assert layout.unfinished() is None


def test_a_backup_that_cannot_be_made_leaves_everything_as_it_was(made: Made) -> None:
    layout, upgrade, systemd = made
    with pytest.raises(OperationError):
        upgrade()._stopped_and_saved(layout.release("1.1"))
    assert (systemd / UNIT).exists()
    assert layout.unfinished() is None

"""devices.toml may be written by the service, and no other file of the configuration."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from devices.problems import ConfigurationError
from edge.installed import take_environment
from edge.operate.install import unit_text
from edge.operate.layout import UNITS, Layout
from edge.operate.writable import let_write, may_write
from tests.edge.operate.test_deploy import unit

EXAMPLE = Path(__file__).parents[3] / "config" / "example"


def test_the_folder_is_sticky_and_the_file_the_services_own(tmp_path: Path) -> None:
    config = shutil.copytree(EXAMPLE, tmp_path / "config")
    config.chmod(0o755)
    user, group = os.getuid(), os.getgid()
    assert not may_write(config, user, group)
    assert not may_write(tmp_path / "absent", user, group)
    let_write(config, user, group)
    assert may_write(config, user, group)
    assert not may_write(config, user + 1, group)
    assert stat.S_IMODE(config.stat().st_mode) == 0o1775


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_nothing_but_the_devices_can_be_replaced(tmp_path: Path) -> None:
    nobody = 65534
    config = shutil.copytree(EXAMPLE, tmp_path / "config")
    for folder in tmp_path.parents:
        if folder.is_relative_to("/tmp/pytest-of-root"):
            folder.chmod(0o755)
    tmp_path.chmod(0o755)
    let_write(config, nobody, nobody)
    child = os.fork()
    if not child:
        os.setgid(nobody)
        os.setuid(nobody)
        outcome = 0
        for name in ("devices.toml", "service.toml"):
            (config / "draft").write_text("")
            try:
                (config / "draft").replace(config / name)
            except PermissionError:
                outcome += 1 if name == "service.toml" else 10
        os._exit(outcome)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_an_environment_that_the_service_has_put_there_is_not_taken_up(tmp_path: Path) -> None:
    file = tmp_path / "environment"
    file.write_text("LD_PRELOAD=evil.so\n")
    taken: dict[str, str] = {}
    os.chown(file, 65534, 65534)
    with pytest.raises(ConfigurationError, match="belongs neither"):
        take_environment(tmp_path, taken)
    assert taken == {}
    os.chown(file, 0, 0)
    take_environment(tmp_path, taken)
    assert taken == {"LD_PRELOAD": "evil.so"}


@pytest.mark.parametrize("name", [name for name in UNITS if "pms" not in name])
def test_the_units_reload_by_signal_and_may_write_the_folder(name: str, tmp_path: Path) -> None:
    text = unit_text(name, Layout.at(tmp_path, None, None))
    assert unit(text)["Service"]["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert f"ReadWritePaths=-{tmp_path}/config" in text

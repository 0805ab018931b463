"""Versions, links and marks of an installation; what of an environment is taken along."""

from pathlib import Path

import pytest

from edge.operate.building import foreign
from edge.operate.layout import Layout, OperationError, order


def test_versions_are_in_order() -> None:
    wanted = ["0.1.0.dev3", "0.1.0rc1", "0.1.0", "0.1.9", "0.1.10", "0.2", "1.0a1", "1.0"]
    assert sorted(wanted[4:] + wanted[:4], key=order) == wanted
    assert order("1.0") == order("1.0.0")


@pytest.mark.parametrize("version", ["", "..", "../../etc", "1/2", "latest"])
def test_what_is_no_version_names_no_folder(tmp_path: Path, version: str) -> None:
    with pytest.raises(OperationError, match="is no version"):
        Layout.at(tmp_path, None, None).release(version)


def test_a_whole_machine_and_a_prefix_of_ones_own(tmp_path: Path) -> None:
    machine = Layout.at(Path("/opt/innkeeper"), None, None)
    assert (machine.system, str(machine.config), str(machine.data)) == (True, "/etc/innkeeper", "/var/lib/innkeeper")
    own = Layout.at(tmp_path, None, None)
    assert (own.system, own.config, own.data) == (False, tmp_path / "config", tmp_path / "data")


def test_the_link_is_switched_and_switched_back(tmp_path: Path) -> None:
    layout = Layout.at(tmp_path, None, None)
    assert layout.current() is None
    for version in ("1.0", "1.1", "1.0"):
        release = layout.release(version)
        release.folder.mkdir(parents=True, exist_ok=True)
        layout.make_current(release)
        assert layout.current() == release
    assert layout.releases() == [], "none was built to the end"
    layout.release("1.1").completed("abc")
    assert [one.version for one in layout.releases()] == ["1.1"]


def test_a_mark_that_is_half_written_or_gone_is_none(tmp_path: Path) -> None:
    layout = Layout.at(tmp_path, None, None)
    assert layout.unfinished() is None
    layout.begin({"from": "1.0", "to": "1.1"})
    assert layout.unfinished() == {"from": "1.0", "to": "1.1"}
    layout.ended()
    layout.ended()
    assert layout.unfinished() is None


def test_a_copy_takes_along_what_it_needs_and_nothing_that_points_elsewhere() -> None:
    names = ["aiohttp", "aiohttp-3.dist-info", "edge", "pip", "pip-24.dist-info", "innkeeper-0.1.0.dist-info"]
    names += ["_editable_impl_innkeeper.pth", "__editable___x.py", "distutils-precedence.pth", "six.py", "__pycache__"]
    assert [path.name for path in foreign(Path(name) for name in names)] == ["aiohttp", "aiohttp-3.dist-info", "six.py"]

"""A file is replaced at once or not at all, and never over somebody's change."""

import os
import stat
from pathlib import Path

import pytest

from edge.replacing_file import FileChangedError, replace_file


def test_mode_and_link_are_kept(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "devices.toml"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    replace_file(link, b"old", b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["devices.toml", "real.toml"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_owner_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "devices.toml"
    path.write_bytes(b"old")
    os.chown(path, 65534, 65533)
    replace_file(path, b"old", b"new")
    assert (path.stat().st_uid, path.stat().st_gid) == (65534, 65533)


def test_what_somebody_wrote_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "devices.toml"
    path.write_bytes(b"theirs")
    with pytest.raises(FileChangedError):
        replace_file(path, b"old", b"new")
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_which_nothing_can_be_made_leaves_the_file(tmp_path: Path) -> None:
    path = tmp_path / "devices.toml"
    path.write_bytes(b"old")
    (tmp_path / ".devices.toml.new").mkdir()
    with pytest.raises(OSError):
        replace_file(path, b"old", b"new")
    assert path.read_bytes() == b"old"

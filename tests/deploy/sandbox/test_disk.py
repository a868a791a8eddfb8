"""The engine's disk as its superblock tells of it."""

import subprocess
from pathlib import Path

import pytest

from deploy.sandbox import disk as engine_disk
from deploy.sandbox.disk import is_let_go, was_in_use


@pytest.fixture(name="disk")
def _disk(tmp_path: Path) -> Path:
    disk = tmp_path / "disk.img"
    with disk.open("wb") as file:
        file.truncate(16 * 1024 * 1024)
    subprocess.run(["/sbin/mkfs.ext4", "-q", "-F", disk], check=True)
    return disk


def test_a_disk_that_was_unmounted_was_not_in_use(disk: Path) -> None:
    assert not was_in_use(disk)


def test_a_disk_whose_machine_stopped_was_in_use(disk: Path) -> None:
    subprocess.run(["/sbin/debugfs", "-w", "-R", "feature needs_recovery", disk], check=True, capture_output=True)
    assert was_in_use(disk)


def test_an_empty_file_is_no_disk_in_use(tmp_path: Path) -> None:
    (tmp_path / "disk.img").touch()
    assert not was_in_use(tmp_path / "disk.img")


def a_device(devices: Path, disk: Path) -> Path:
    """As the kernel tells of a loop device that stands on `disk`."""
    told = devices / "loop3" / "loop" / "backing_file"
    told.parent.mkdir(parents=True)
    told.write_text(f"{disk}\n")
    return told


def test_a_disk_that_is_still_mounted_is_waited_for(
    disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = a_device(tmp_path / "block", disk)
    monkeypatch.setattr(engine_disk, "LOOP_DEVICES", tmp_path / "block")
    assert not is_let_go(disk, seconds=0)
    monkeypatch.setattr("deploy.sandbox.disk.time.sleep", lambda seconds: told.unlink())
    assert is_let_go(disk)


def test_the_disk_of_another_engine_is_no_matter(disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_device(tmp_path / "block", tmp_path / "other.img")
    monkeypatch.setattr(engine_disk, "LOOP_DEVICES", tmp_path / "block")
    assert is_let_go(disk, seconds=0)

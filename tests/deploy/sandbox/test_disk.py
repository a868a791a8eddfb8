"""The engine's disk as its superblock tells of it."""

import subprocess
from pathlib import Path

import pytest

from deploy.sandbox.disk import was_in_use


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

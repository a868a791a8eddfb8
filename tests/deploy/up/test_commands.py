"""The commands behind the Makefile, as a person types them."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.up.__main__ import sentence_for
from deploy.up.instance import REPOSITORY

SOMEBODY_ELSE = 65534


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of a clone as the commands need before they do anything."""
    for folder in ("deploy/up", "platform/config"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "var").mkdir()
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    return tmp_path


def run(clone: Path, *words: str, user: int | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable if user is None else "/usr/bin/python3", "-m", "deploy.up", *words],
        cwd=clone,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environment},
        user=user,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_does_not_run_is_said_and_told_how_to_start(clone: Path) -> None:
    done = run(clone, "status")

    assert done.returncode == 4
    assert "is not running: start it with `make up`" in done.stdout


def test_stopping_what_does_not_run_is_fine_and_twice_too(clone: Path) -> None:
    assert [run(clone, "down").returncode for _ in range(2)] == [0, 0]


def test_nothing_is_removed_without_asking(clone: Path) -> None:
    (clone / "var/db.sqlite3").write_text("precious")

    done = run(clone, "reset")

    assert done.returncode == 1
    assert "make reset YES=1" in done.stderr
    assert (clone / "var/db.sqlite3").exists()
    assert run(clone, "reset", "--yes").returncode == 0
    assert not (clone / "var").exists()


def test_logs_that_are_not_there_are_said_so(clone: Path) -> None:
    assert "run `make up` first" in run(clone, "logs").stderr
    (clone / "var/log").mkdir()
    (clone / "var/log/web.log").touch()
    assert "choose from web" in run(clone, "logs", "wbe").stderr


@pytest.mark.parametrize("command", ["up", "down"])
def test_somebody_else_is_told_in_a_sentence_that_it_is_not_theirs(clone: Path, command: str) -> None:
    given = {"SANDBOX_ENGINES": "tcp://127.0.0.1:1", "REDIS_URL": "redis://127.0.0.1:1/0"}

    done = run(clone, command, user=SOMEBODY_ELSE, **given)

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "sudo" in done.stderr


def test_a_second_command_waits_its_turn(clone: Path) -> None:
    holder = subprocess.Popen(
        ["flock", "--no-fork", "--exclusive", clone / "var/up.lock", "sh", "-c", "echo held; exec sleep 600"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"

        done = run(clone, "down")
    finally:
        holder.terminate()
        holder.communicate()

    assert done.returncode == 1
    assert "Another command is bringing this Drydock up or down" in done.stderr


def test_a_wrong_setting_is_said_before_anything_is_done(clone: Path) -> None:
    done = run(clone, "status", DRYDOCK_INSTANCE="Not A Name")

    assert done.returncode == 1
    assert "DRYDOCK_INSTANCE" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "The disk is full"), (errno.EACCES, "belongs to another user"), (errno.EROFS, "cannot be written")],
)
def test_a_machine_that_refuses_is_explained(number: int, words: str) -> None:
    assert words in sentence_for(OSError(number, "no", "/some/file"))


def test_what_nobody_knows_is_shown_whole() -> None:
    with pytest.raises(OSError, match="odd"):
        sentence_for(OSError(errno.EIO, "odd"))

"""One job at a time on an engine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from graders.sandbox import turn
from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.turn import EngineBusy, engine_turn

HOLD = """
import sys, time
from graders.sandbox.turn import engine_turn
with engine_turn(sys.argv[1], wait_seconds=0):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_job_waits_no_longer_than_it_is_ready_to(tmp_path: Path) -> None:
    with engine_turn(f"unix://{tmp_path}", wait_seconds=0):
        with pytest.raises(EngineBusy, match="busy"), engine_turn(f"unix://{tmp_path}", wait_seconds=0.1):
            pass
        with engine_turn(f"unix://{tmp_path}/other", wait_seconds=0):
            pass
    with engine_turn(f"unix://{tmp_path}", wait_seconds=0):
        pass


def test_whether_an_engine_was_left_clean_is_told_to_whoever_is_next(tmp_path: Path) -> None:
    url = f"unix://{tmp_path}"
    with engine_turn(url, wait_seconds=0) as turn:
        assert not turn.begin()  # nobody has said anything yet
        turn.leave_clean()
    with engine_turn(url, wait_seconds=0) as turn:
        assert turn.begin()  # and ends without a word, as a killed one does
    with engine_turn(url, wait_seconds=0) as turn:
        assert not turn.begin()
        turn.leave_clean()
    with engine_turn(url, wait_seconds=0):
        pass  # one that does not begin changes nothing
    with engine_turn(url, wait_seconds=0) as turn:
        assert turn.begin()


def test_a_killed_process_gives_its_turn_back(tmp_path: Path) -> None:
    url = f"unix://{tmp_path}"
    with subprocess.Popen([sys.executable, "-c", HOLD, url], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(EngineBusy), engine_turn(url, wait_seconds=0):
            pass
        holder.kill()
        holder.wait()
        with engine_turn(url, wait_seconds=5):
            pass


def test_a_folder_that_somebody_else_has_put_there_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / f"drydock-engines-{os.getuid()}").symlink_to(tmp_path / "theirs")
    monkeypatch.setattr(turn, "_FOLDERS", tmp_path)
    with pytest.raises(SandboxUnavailable, match="belongs to somebody else"), engine_turn("unix:///x", wait_seconds=0):
        pass
    assert list((tmp_path / "theirs").iterdir()) == []

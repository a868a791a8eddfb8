"""An exam on PostgreSQL whose web processes are killed and started again under way loses no answer."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
EXAM = ("--students", "30", "--start-within", "3", "--save-every", "1", "--lasts", "14", "--kill-every", "2.5")


@pytest.mark.processes
@pytest.mark.timeout(240)
def test_no_answer_is_lost_while_web_processes_are_killed_and_restarted() -> None:
    held = subprocess.run(
        [sys.executable, "-m", "benchmarks.exam", *EXAM],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=220,
    )

    assert held.returncode == 0, held.stdout[-3000:] + held.stderr[-3000:]
    told = json.loads(held.stdout.splitlines()[-1])
    assert told["lost"] == 0
    assert told["students"] == 30
    assert told["saves"] > 100
    assert told["kills"] > told["restarts"] >= 1
    assert told["sent_again"] > 0, "nobody noticed that anything was killed"

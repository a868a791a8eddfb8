"""What workers under test run on: a sandbox and a storage that kill their own process, where a test asked for it.

A test asks by a file `<stage>-<last part of the job's name>` in the folder KILLS, which for a submission is the first 8
of its key and for a proof its seed; each is used up by one kill. While there is a file `hold-…`, a build goes on.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage

from graders.sandbox.fake import BuildCall, FakeJob, FakeSandbox

BUILD_SECONDS = 0.1


def die_if_asked(stage: str, key: str) -> None:
    """End this process as `kill -9` does, once for each request."""
    try:
        (Path(os.environ["KILLS"]) / f"{stage}-{key}").unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def hold_while_asked(key: str) -> None:
    """Stay where it is for as long as the test wants it, to be killed there."""
    while (Path(os.environ["KILLS"]) / f"hold-{key}").exists():
        time.sleep(BUILD_SECONDS)


class DeadlySandbox(FakeSandbox):
    """Takes a moment for each build, and may die with the job just opened or in the middle of a build."""

    @contextmanager
    def job(self, job_id: str) -> Iterator[FakeJob]:
        """Open a job, perhaps the process's last."""
        die_if_asked("claim", _key(job_id))
        with super().job(job_id) as job:
            yield job


def open_sandbox(url: str) -> DeadlySandbox:
    """What SANDBOX_FACTORY names."""

    def build(call: BuildCall) -> None:
        time.sleep(BUILD_SECONDS)
        die_if_asked("build", _key(call.job_id))
        hold_while_asked(_key(call.job_id))

    return DeadlySandbox(name=url, on_build=build)


class DeadlyStorage(FileSystemStorage):
    """Keeps files, and may die once a report is stored and before its grade is committed."""

    def _save(self, name: str, content: Any) -> str:
        saved = super()._save(name, content)
        if name.endswith("report.json"):
            die_if_asked("report", name.split("/")[1][:8])
        return saved


def _key(job_id: str) -> str:
    return job_id.rpartition("-")[2]

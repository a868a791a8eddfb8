"""Runs a checker that a lab brings, in a container of its own over what was recorded, never beside the student's code.

The container is as bounded as a student's: no network, no capabilities, the lab's limits. It finds what Gradescope's
autograders find (https://gradescope-autograders.readthedocs.io, "Autograder Specifications"): its own files in
/autograder/source, what was handed in in /autograder/submission, and a place for /autograder/results/results.json.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from graders.sandbox.base import ContainerSpec, Job, RunLimits, RunResult

ROOT = "/autograder"
RECORD = "record.json"
RESULTS = f"{ROOT}/results/results.json"
MOST_RESULT_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Checker:
    """A checker of the lab's own."""

    base: str
    """Name of the base image that it runs in."""
    command: tuple[str, ...]
    folder: str
    """Folder of the lab with its files."""
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Checked:
    """How a checker ended, and what it wrote: its results file, or else what it printed."""

    result: RunResult
    results: bytes
    cut: bool = False


def run_checker(
    checker: Checker,
    job: Job,
    *,
    image: str,
    limits: RunLimits,
    source: Mapping[str, bytes],
    submission: Mapping[str, bytes],
    record: bytes,
) -> Checked:
    """Run it to its end, within its time. Raises SandboxUnavailable from the engine only."""
    files = {
        RECORD: record,
        "results/.keep": b"",
        **{f"source/{path}": content for path, content in source.items()},
        **{f"submission/{path}": content for path, content in submission.items()},
    }
    spec = ContainerSpec(image=image, args=checker.command, stdin=record, folders={ROOT: files}, limits=limits)
    container = job.start(spec)
    result = container.wait()
    written = container.read_file(RESULTS, max_bytes=MOST_RESULT_BYTES)
    if written is not None and written.content:
        return Checked(result=result, results=written.content, cut=written.content_cut)
    return Checked(result=result, results=result.stdout, cut=result.stdout_cut)

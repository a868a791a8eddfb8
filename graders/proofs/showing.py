"""Shows builds and runs as somebody's terminal would: the command they would type, and what it prints."""

import shlex
from collections.abc import Iterator

from graders.actions import DEFAULT, Build, Run
from graders.causes import engine_words, without_places
from graders.proofs.seen import Terminal
from graders.sandbox.base import BuildResult, RunResult, StepState

_IMAGE = "image"
"""What the image is called where the proof has one build."""


def _name(build: str) -> str:
    return _IMAGE if build == DEFAULT else build


def shown_dockerfile(path: str, text: bytes, terminal: Terminal) -> None:
    """What is going to be built."""
    terminal.typed(shlex.join(["cat", path]))
    terminal.out(text)


def shown_build(name: str, build: Build, result: BuildResult, terminal: Terminal) -> None:
    """A build: `docker build` and its steps, each with what it printed."""
    words = ["docker", "build"]
    words += [word for key, value in build.args.items() for word in ("--build-arg", f"{key}={value}")]
    words += [word for key in build.secrets for word in ("--secret", f"id={key},src={key}")]
    words += ["--target", build.target] if build.target else []
    words += ["-f", build.dockerfile] if build.dockerfile != "Dockerfile" else []
    terminal.typed(shlex.join([*words, "-t", _name(name), "."]))
    for step in result.steps:
        if step.state is StepState.NOT_REACHED:
            continue
        cached = "CACHED " if step.state is StepState.CACHED else ""
        terminal.out(f"{cached}{step.name}\n{without_places(step.log)}")
    if not result.ok:
        terminal.err(f"ERROR: {engine_words(without_places(result.error))}")


def shown_run(run: Run, result: RunResult, terminal: Terminal) -> None:
    """A run: `docker run` and what it printed."""
    terminal.typed(shlex.join([*_words(run), _name(run.build), *(run.args or ())]))
    terminal.out(result.stdout)
    terminal.err(result.stderr)
    if result.start_error:
        terminal.err(f"docker: Error response from daemon: {engine_words(result.start_error)}.")
    if result.exit_code:
        terminal.note(f"exit code {result.exit_code}")


def _words(run: Run) -> Iterator[str]:
    yield from ("docker", "run", "--rm")
    for name, value in run.env.items():
        yield from ("-e", f"{name}={value}")
    for path, volume in run.volumes.items():
        yield from ("-v", f"{volume}:{path}")
    for path in (*run.anonymous, *run.folders):
        yield from ("-v", path)
    for path in run.tmpfs:
        yield from ("--tmpfs", path)
    if run.entrypoint is not None:
        yield from ("--entrypoint", " ".join(run.entrypoint))
    if run.hostname is not None:
        yield from ("--hostname", run.hostname)
    if run.user is not None:
        yield from ("--user", run.user)
    if run.read_only:
        yield "--read-only"
    if run.stdin:
        yield "-i"

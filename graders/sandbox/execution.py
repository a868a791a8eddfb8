"""Runs a program inside a running container: bounded in time and output, as `docker exec` is not."""

import json
import time
from collections.abc import Sequence

from graders.sandbox.base import Limit, RunResult
from graders.sandbox.connection import Engine, RawStream, engine_call, request_path
from graders.sandbox.limits import exec_fault
from graders.sandbox.output import Output


def run_inside(
    engine: Engine, container_id: str, command: Sequence[str], *, user: str | None, seconds: float, output_bytes: int
) -> RunResult:
    """Run it and wait for it.

    The engine cannot end such a program alone: one that runs into `seconds`, or prints more than `output_bytes`, lives
    on until its container ends, heard by nobody.
    """
    client = engine.client
    started = time.monotonic()
    with engine_call("running a program in a container"):
        made = client.exec_create(container_id, list(command), stdout=True, stderr=True, user=user or "")["Id"]
        stream = RawStream(
            engine.address,
            request_path(client, f"/exec/{made}/start"),
            json.dumps({"Detach": False, "Tty": False}).encode(),
        )
    output = Output(stream, cap=output_bytes, on_overflow=stream.abort)
    output.start()
    in_time = output.closed.wait(seconds)
    output.finish(patience=0)
    with engine_call("running a program in a container"):
        exit_code = client.exec_inspect(made)["ExitCode"]
    stdout, stderr = output.so_far()
    stdout_cut, stderr_cut = output.was_cut()
    fault = exec_fault(exit_code, stdout or stderr)
    limit = Limit.OUTPUT if output.overflown and not fault else None if in_time else Limit.WALL
    return RunResult(
        exit_code=exit_code if limit is None else None,
        stdout=stdout if not fault else b"",
        stderr=stderr,
        seconds=time.monotonic() - started,
        limit=limit,
        stdout_cut=stdout_cut,
        stderr_cut=stderr_cut,
        start_error=fault,
    )

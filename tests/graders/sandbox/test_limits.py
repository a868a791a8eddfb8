"""What the engine's words and exit codes mean: whose fault, and which limit."""

import pytest

from graders.sandbox import limits
from graders.sandbox.base import Limit

RUNC = "failed to create shim task: OCI runtime create failed: runc create failed: "
START = RUNC + "unable to start container process: "


@pytest.mark.parametrize(
    ("exit_code", "error", "log", "expected"),
    [
        (137, "executor failed running [x]: exit code: 137", "", Limit.MEMORY),
        (1, "exit code: 1", "cc1: out of memory allocating 64 bytes\n", Limit.MEMORY),
        (1, "exit code: 1", "MemoryError\n", Limit.MEMORY),
        (1, "exit code: 1", "dd: error writing '/x': No space left on device\n", Limit.DISK),
        (None, "failed to copy files: write /x: no space left on device", "", Limit.DISK),
        (2, "exit code: 2", "/bin/sh: can't fork: Resource temporarily unavailable\n", Limit.PIDS),
        (2, "exit code: 2", "/bin/sh: 1: Cannot fork\n", Limit.PIDS),
        (1, "exit code: 1", "RuntimeError: can't start new thread\n", Limit.PIDS),
        (1, "exit code: 1", "no such file\n", None),
        (1, "exit code: 1", "No space left on device" + "\n" * 5000, None),
    ],
)
def test_the_limit_that_ended_a_build(exit_code: int | None, error: str, log: str, expected: Limit | None) -> None:
    assert limits.limit_in_build(exit_code=exit_code, error=error, step_log=log) is expected


@pytest.mark.parametrize(
    ("command", "memory_met", "expected"),
    [
        ("exit 137", None, None),
        ("kill -9 1", None, None),
        ("./train", None, Limit.MEMORY),
        ("./train", False, None),
        ("exit 137", True, Limit.MEMORY),
    ],
)
def test_a_killed_step_met_the_memory_limit_unless_something_speaks_against_it(
    command: str, memory_met: bool | None, expected: Limit | None
) -> None:
    error = f"executor failed running [/bin/sh -c {command}]: exit code: 137"
    assert limits.limit_in_build(exit_code=137, error=error, step_log="", memory_met=memory_met) is expected


@pytest.mark.parametrize(
    ("exit_code", "oom_killed", "stderr", "expected"),
    [
        (0, False, b"can't fork", None),
        (0, True, b"", None),
        (1, True, b"", Limit.MEMORY),
        (137, False, b"", None),
        (137, False, b"line 1\nKilled\n", Limit.MEMORY),
        (137, False, b"x.sh: line 3:     7 Killed                  sort big\n", Limit.MEMORY),
        (2, False, b"sh: can't fork: Resource temporarily unavailable\n", Limit.PIDS),
        (1, False, b"dd: error writing '/x': No space left on device\n", Limit.DISK),
        (153, False, b"", Limit.DISK),
        (1, False, b"\xff\xfe oops", None),
    ],
)
def test_the_limit_that_ended_a_run(exit_code: int, oom_killed: bool, stderr: bytes, expected: Limit | None) -> None:
    assert limits.limit_in_run(exit_code=exit_code, oom_killed=oom_killed, stderr=stderr) is expected


@pytest.mark.parametrize(
    "words",
    [
        START + 'exec: "nope": executable file not found in $PATH: unknown',
        START + 'exec: "/app": permission denied: unknown',
        START + 'exec: "/app": is a directory: unknown',
        START + 'exec: "/shim": stat /shim: no such file or directory: unknown',
        "unable to find user nope: no matching entries in passwd file",
        "No command specified",
        RUNC + "container init was OOM-killed (memory limit too low?): unknown",
        'invalid mount config: invalid specification: destination can\'t be "/"',
        "cannot mount volume over existing file, file exists /d/overlay2/5cfb/merged/bin/busybox",
        RUNC + "unable to setup user: cannot set uid to unmapped user in user namespace: unknown",
    ],
)
def test_what_an_image_says_wrongly_is_no_fault_of_the_engines(words: str) -> None:
    assert limits.is_start_fault(words)


@pytest.mark.parametrize(
    "words",
    [
        RUNC + "unable to apply cgroup configuration: mkdir /sys/fs/cgroup/pids/x: no such file or directory",
        "connection error: desc = transport: dial unix /run/containerd/containerd.sock: no such file or directory",
        RUNC + "fork/exec /proc/self/exe: resource temporarily unavailable",
        "something new",
    ],
)
def test_what_is_not_known_to_be_the_images_fault_is_the_engines(words: str) -> None:
    assert not limits.is_start_fault(words)


@pytest.mark.parametrize(
    ("error", "engines"),
    [
        ("context canceled", True),
        ("rpc error: code = Unavailable desc = transport is closing", True),
        ("dockerfile parse error line 2: unknown instruction: RUNN", False),
        ('failed to compute cache key: "/nope" not found: not found', False),
        ("executor failed running [/bin/sh -c x]: exit code: 1", False),
        ("failed to mount x: no space left on device", False),
    ],
)
def test_whose_fault_a_failed_build_is(error: str, engines: bool) -> None:
    assert limits.is_engine_fault_in_build(error) is engines


def test_a_build_error_is_told_without_the_names_of_the_builders_parts() -> None:
    words = (
        "failed to solve with frontend dockerfile.v0: failed to create LLB definition: dockerfile parse error line 2: x"
    )
    assert limits.plain_build_error(words) == "dockerfile parse error line 2: x"
    assert limits.plain_build_error("exit code: 1") == "exit code: 1"


def test_exit_codes_are_found_in_the_words_of_old_and_new_engines() -> None:
    assert limits.exit_code_in("executor failed running [/bin/sh -c exit 3]: exit code: 3") == 3
    assert limits.exit_code_in('process "/bin/sh -c exit 3" did not complete successfully: exit code: 3') == 3
    assert limits.exit_code_in('"/nope" not found') is None


@pytest.mark.parametrize(
    ("text", "for_good"),
    [
        ("[output clipped, log limit 200KiB/s reached]\n", False),
        ("[output clipped, log limit 1MiB reached]\n", True),
        ("[output clipped, log limit 200KiB/s reached]\nx\n[output clipped, log limit 2MiB reached]\n", True),
        ("log limit 1MiB reached\n", False),
    ],
)
def test_output_that_came_too_fast_is_told_from_output_that_is_over(text: str, for_good: bool) -> None:
    assert limits.is_clipped_for_good(text) is for_good

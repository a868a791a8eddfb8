"""Reads the engine's error texts and exit codes: which limit ended something, and whose fault a failure is.

The one module that matches on engine text. Seen on Docker 20.10 with runc 1.1; the wordings of 23 to 28 that are known
are here too. What is not recognised counts as the engine's trouble, never as the student's fault.
"""

import re

from graders.sandbox.base import Limit

KILLED = 137
"""128 + SIGKILL: what a process killed by the out-of-memory killer leaves, when nobody else killed it."""
FILE_TOO_LARGE = 153
"""128 + SIGXFSZ: a file grew past RLIMIT_FSIZE."""

_NO_SPACE = re.compile(
    r"no space left on device|disk quota exceeded|file size limit exceeded|file too large", re.IGNORECASE
)
_NO_MEMORY = re.compile(
    r"cannot allocate memory|out of memory|oom-kill|killed signal terminated program|virtual memory exhausted"
    r"|std::bad_alloc|\bMemoryError\b",
    re.IGNORECASE,
)
_ENDS_ITSELF = re.compile(r"\bexit +137\b|\bp?kill(?:all)?\b|SIGKILL")
"""A command that may well end with 137 without any limit."""
_NO_PROCESS = re.compile(
    r"can'?t fork|cannot fork|fork: retry|fork: resource temporarily unavailable"
    r"|resource temporarily unavailable|can'?t start new thread|pthread_create failed",
    re.IGNORECASE,
)
_SAYS_KILLED = re.compile(r"^(?:[^\n]{0,200}[:0-9] +)?Killed\b", re.MULTILINE)
"""What shells print of a command that somebody killed."""
_EXIT_CODE = re.compile(r"(?:exit code: |returned a non-zero code: )(\d+)\b")
_CLIPPED = re.compile(r"\[output clipped, log limit [^\]]{0,80}\]")
_BUILD_FRAME = re.compile(
    r"^(?:failed to solve(?: with frontend [^:]*)?: |failed to create LLB definition: |rpc error: code = \w+ desc = )+"
)
_START_FAULTS = re.compile(
    r"executable file not found|no such file or directory|permission denied|exec format error|is a directory"
    r"|not a directory|unable to find (?:user|group)|no matching entries in (?:passwd|group) file"
    r"|no command specified|cwd must be an absolute path|must be an absolute path|chdir to cwd|invalid mount"
    r"|invalid specification|invalid volume|cannot be mounted because|invalid user|invalid argument"
    r"|file name too long|argument list too long|Duplicate mount point|container init was OOM-killed"
    r"|uids and gids must be in range|too many levels of symbolic|unmapped user|volume over existing file",
    re.IGNORECASE,
)
_BUILD_ENGINE_FAULTS = re.compile(
    r"context canceled|code = (?:Unavailable|Canceled|Internal|DeadlineExceeded)|transport is closing"
    r"|frontend grpc server closed|no active sessions|database not open|input/output error"
    r"|(?:snapshot|lease|content) \S+(?: does not exist|: not found)|failed to (?:mount|prepare) ",
)
_ENGINE_FAULTS = re.compile(
    r"cgroup|resource temporarily unavailable|too many open files|connection error|containerd\.sock", re.IGNORECASE
)
_EXEC_FAULT = re.compile(r"^OCI runtime exec failed: ", re.IGNORECASE)


def limit_in_build(*, exit_code: int | None, error: str, step_log: str, memory_met: bool | None = None) -> Limit | None:
    """Say which of the engine's limits ended a build, from the failed step's end.

    `memory_met` is what the engine's control group says, None where it cannot be asked: then a step that was killed
    counts as killed for its memory, unless its own words speak of such an end.
    """
    tail = step_log[-4096:]
    if _NO_SPACE.search(error) or _NO_SPACE.search(tail):
        return Limit.DISK
    if _NO_MEMORY.search(tail) or _NO_MEMORY.search(error):
        return Limit.MEMORY
    if exit_code == KILLED and (not _ENDS_ITSELF.search(error) if memory_met is None else memory_met):
        return Limit.MEMORY
    if _NO_PROCESS.search(tail) or _NO_PROCESS.search(error):
        return Limit.PIDS
    return None


def limit_in_run(*, exit_code: int | None, oom_killed: bool, stderr: bytes) -> Limit | None:
    """Say which limit ended a container that failed without being ended by us."""
    if exit_code == 0:
        return None
    tail = stderr[-4096:].decode(errors="replace")
    if oom_killed or (exit_code == KILLED and _SAYS_KILLED.search(tail)):
        return Limit.MEMORY
    if exit_code == FILE_TOO_LARGE or _NO_SPACE.search(tail):
        return Limit.DISK
    if _NO_PROCESS.search(tail):
        return Limit.PIDS
    return None


def is_disk_full(words: str) -> bool:
    """Whether the engine could not do something because its disk is full."""
    return bool(_NO_SPACE.search(words))


def is_start_fault(words: str) -> bool:
    """Whether a container could not start because of what the image or the run says, not because of the engine."""
    if _ENGINE_FAULTS.search(words) and not re.search(r"exec: ", words):
        return False
    return bool(_START_FAULTS.search(words))


def is_engine_fault_in_build(error: str) -> bool:
    """Whether a build failed because of the engine; what the Dockerfile did wrong is far more usual."""
    return bool(_BUILD_ENGINE_FAULTS.search(error)) and not is_disk_full(error)


def exit_code_in(error: str) -> int | None:
    """The exit code in the builder's words for a failed RUN."""
    found = _EXIT_CODE.search(error)
    return int(found.group(1)) if found else None


def plain_build_error(error: str) -> str:
    """The builder's words without the names of its inner parts in front."""
    return _BUILD_FRAME.sub("", error).strip()


def is_clipped(text: str) -> bool:
    """Whether the builder says that it left output out."""
    return bool(_CLIPPED.search(text))


def is_clipped_for_good(text: str) -> bool:
    """Whether the builder says that it leaves out all that a step still prints, not only what came too fast."""
    return any("/s" not in found for found in _CLIPPED.findall(text))


def exec_fault(exit_code: int | None, output: bytes) -> str:
    """The engine's words when a program could not be started inside a running container; empty when it could."""
    text = output.decode(errors="replace").strip()
    return text if exit_code in {126, 127} and _EXEC_FAULT.match(text) else ""


def is_removal_under_way(words: str) -> bool:
    """Whether something is being removed already."""
    return "already in progress" in words


def is_no_path(words: str) -> bool:
    """Whether a path leads nowhere: through a file, in circles, or longer than paths can be."""
    return bool(re.search(r"not a directory|too many (?:levels of symbolic )?links|file name too long", words))


def is_cpu_refusal(words: str) -> bool:
    """Whether a container may not have as much CPU as it was to have, because the engine has less."""
    return "cfs_quota_us: invalid argument" in words


def was_killed(*, exit_code: int | None, step_log: str) -> bool:
    """Whether a step ended because somebody killed it, or what was about to become it."""
    return exit_code == KILLED or "container process is already dead" in step_log[-4096:]


def is_engine_going(words: str) -> bool:
    """Whether the engine fails because it is being stopped."""
    return bool(re.search(r"connection is closing|transport is closing|shutting down|context canceled", words))

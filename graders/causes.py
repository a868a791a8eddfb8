"""Why a build or a start failed, in a learner's words. The one module that reads the engine's error texts."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from graders.sandbox.base import BuildResult, BuildStep, Limit

_KILLED = 137
_NOT_FOUND = 127
_NOT_EXECUTABLE = 126


_RUNTIME_NOISE = re.compile(
    r"^(?:failed to create (?:shim )?task|OCI runtime create failed|runc create failed|container_linux\.go:\d+"
    r"|process_linux\.go:\d+|unable to start container process|starting container process caused)[^:]*: ",
)
# Bounded, since a learner's own text may stand in an error: a path of ten thousand slashes must not take minutes.
_FOLDERS = r"(?:/[^\s\"/]{1,255}){1,16}/"
_PLACE_ON_DISK = re.compile(
    _FOLDERS
    + r"(?:overlay2/[^/\s]{1,64}/(?:merged|diff)|buildkit/executor(?:/\w{1,64}/rootfs)?|containers/[0-9a-f]{64})(?=/)"
)
_VOLUME_ON_DISK = re.compile(_FOLDERS + r"volumes/[^/\s\"]{1,255}/_data")


def without_places(text: str) -> str:
    """Text of the engine, without where its disk lies on the machine."""
    return _VOLUME_ON_DISK.sub("a volume", _PLACE_ON_DISK.sub("", text))


def engine_words(error: str) -> str:
    """What the engine says, without the names of its parts around it and where its disk lies on the machine."""
    text = without_places(error.strip())
    while (found := _RUNTIME_NOISE.match(text)) is not None:
        text = text[found.end() :]
    return text.removesuffix(": unknown").rstrip(".")


def start_cause(error: str) -> str:
    """What usually lies behind a container that could not be started."""
    words = error.lower()
    if blames_user(error):
        return "USER must name a user that the image has, or a number below 65536."
    if "volume" in words:
        return "A VOLUME takes the place of a folder: it cannot stand where a file is, nor inside of /proc."
    if "permission denied" in words:
        return "The file is there but it is not executable, or it is a folder: check its mode (chmod +x)."
    if "no command" in words:
        return "The image says nothing of what to run: give it a CMD or an ENTRYPOINT."
    if "not a directory" in words or ("chdir" in words and "cwd" in words):
        return "WORKDIR must be a folder."
    if "exec format error" in words:
        return "The file is no program: a script needs a first line such as #!/bin/sh."
    if "no such file" in words or "not found" in words:
        return (
            "The first word of CMD or ENTRYPOINT must be a program of the image. "
            "Is it spelled as it is there, is it on the PATH, and was it copied to that place?"
        )
    return "Check what CMD and ENTRYPOINT say."


def blames_user(error: str) -> bool:
    """Whether the engine complains of the user to run as."""
    words = error.lower()
    return any(
        phrase in words
        for phrase in (
            "unable to find user",
            "unable to find group",
            "no matching entries in passwd",
            "unmapped user",
            "uids and gids must be in range",
            "nobody can be looked up",
        )
    )


@dataclass(frozen=True)
class _Failure:
    keyword: str
    text: str
    exit_code: int | None
    limit: Limit | None
    packages: str
    """The tools that may fetch packages, as words of a sentence; empty for none."""


_Rule = tuple[Callable[[_Failure], object], str]
_REFUSED_BY_PROXY = (
    r"\b403 +filtered|tunnel connection failed: 403|received http code 403 from proxy|cannot connect to proxy"
)
_NO_NETWORK = (
    r"could not resolve|temporary failure in name resolution|network is unreachable|bad address|eai_again"
    r"|temporary failure resolving|name or service not known"
)

_RULES: tuple[_Rule, ...] = (
    (
        lambda it: it.limit is Limit.WALL,
        "The build took longer than this lab gives it. A step may wait for input, for a network, or sleep.",
    ),
    (lambda it: it.limit is Limit.OUTPUT, "A step prints without end. Does a command repeat itself?"),
    (
        lambda it: it.limit is Limit.DISK or "no space left on device" in it.text,
        "The build wrote more than the disk it is given. Write less, or remove what you do not need in the same RUN.",
    ),
    (
        lambda it: it.limit is Limit.MEMORY,
        "The step was killed because it used more memory than the build is given. Does it read something whole?",
    ),
    (
        lambda it: it.keyword == "RUN" and it.exit_code == _KILLED,
        (
            "137 is how a command ends that was killed (128 + 9, SIGKILL), or whose script says so. No limit was met, "
            "as far as can be seen."
        ),
    ),
    (lambda it: it.limit is Limit.PIDS, "The step started more processes than the build is given."),
    (
        lambda it: it.packages and re.search(f"{_REFUSED_BY_PROXY}|{_NO_NETWORK}", it.text),
        (
            "A build of this lab may fetch packages with {packages} from the usual place, and has no other network. "
            "Install what you need as a package, or put it into the folder that you hand in."
        ),
    ),
    (
        lambda it: re.search(_NO_NETWORK, it.text),
        "Builds have no network here, so nothing can be downloaded. Use what the base image and your files hold.",
    ),
    (
        lambda it: (
            it.keyword in {"COPY", "ADD"} and re.search(r"not found|no such file|failed to compute cache key", it.text)
        ),
        (
            "The source of COPY and ADD is looked up in the folder that you hand in. Is the file there, spelled the "
            "same (capital letters count), not left out by .dockerignore, and not outside of that folder (../)?"
        ),
    ),
    (
        lambda it: it.keyword in {"COPY", "ADD"} and "must be a directory" in it.text,
        "With several sources the destination must be a folder: end it with a slash.",
    ),
    (
        lambda it: re.search(r"unable to find user|invalid user|unknown user|no matching entries in passwd", it.text),
        "The user does not exist in the image (yet): create it in a RUN above this line.",
    ),
    (
        lambda it: it.exit_code == _NOT_FOUND or re.search(r"executable file not found|: not found", it.text),
        (
            "A command was not found. Is it spelled right, and does the base image have it? Small bases lack many "
            "tools: busybox has no bash."
        ),
    ),
    (
        lambda it: it.exit_code == _NOT_EXECUTABLE or "permission denied" in it.text,
        "A file was found but may not be executed or written: check its mode and who the step runs as (USER).",
    ),
    (
        lambda it: it.keyword == "RUN" and "no such file or directory" in it.text,
        (
            "A file or folder that the command needs is not in the image at this point: has it been copied above this "
            "line, and is WORKDIR where you think it is?"
        ),
    ),
    (
        lambda it: it.keyword == "RUN" and "syntax error" in it.text,
        "The shell could not read the command: check quotes, && and the backslashes at line ends.",
    ),
    (
        lambda it: re.search(r"secret .{1,80} not found", it.text),
        "The lab gives the build no secret of that id: spell it as the lab does (--mount=type=secret,id=…).",
    ),
    (
        lambda it: "target stage" in it.text,
        "This lab builds a stage by its name (FROM … AS name). Is it there, spelled as the lab says?",
    ),
    (
        lambda it: it.keyword == "FROM",
        "The base image could not be used: check its name and tag.",
    ),
    (
        lambda it: it.keyword == "RUN" and it.exit_code,
        "A RUN step must end with exit code 0. Read the last lines it printed, and try the command by itself.",
    ),
)


def build_cause(result: BuildResult, step: BuildStep | None, keyword: str) -> str:
    """What usually lies behind a build that failed like this; empty when nothing fits."""
    texts = [result.error, *([step.error, step.log[-4000:]] if step is not None else [])]
    failure = _Failure(
        keyword=keyword,
        text="\n".join(texts).lower(),
        exit_code=result.exit_code,
        limit=result.limit,
        packages=" and ".join(result.packages),
    )
    advice = next((advice for fits, advice in _RULES if fits(failure)), "")
    return advice.replace("{packages}", failure.packages)

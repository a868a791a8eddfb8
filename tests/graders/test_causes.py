"""Why builds and starts fail, in a learner's words."""

import pytest

from graders.archive import Submission
from graders.causes import build_cause, engine_words, start_cause
from graders.sandbox.base import BuildLimits, BuildResult, BuildStep, Limit, PackageKind, StepState
from graders.sandbox.docker import DockerSandbox


def cause(
    keyword: str,
    log: str = "",
    *,
    exit_code: int | None = None,
    limit: Limit | None = None,
    error: str = "",
    packages: tuple[PackageKind, ...] = (),
) -> str:
    step = BuildStep(index=1, total=1, name=f"[1/1] {keyword}", state=StepState.FAILED, seconds=1, log=log, error=error)
    result = BuildResult(
        image_id="",
        steps=(step,),
        log=log,
        seconds=1,
        error=error,
        failed_step=0,
        exit_code=exit_code,
        limit=limit,
        packages=packages,
    )
    return build_cause(result, step, keyword)


@pytest.mark.parametrize(
    ("keyword", "log", "exit_code", "words"),
    [
        ("RUN", "/bin/sh: eco: not found", 127, "command was not found"),
        ("RUN", "sh: ./run.sh: Permission denied", 126, "may not be executed"),
        ("RUN", "", 137, "No limit was met"),
        ("RUN", "wget: bad address 'example.test'", 1, "no network"),
        ("RUN", "Temporary failure in name resolution", 100, "no network"),
        ("RUN", "cat: /x: No such file or directory", 1, "not in the image"),
        ("RUN", "sh: syntax error: unexpected end of file", 2, "quotes"),
        ("RUN", "write error: No space left on device", 1, "disk"),
        ("RUN", "some trouble", 3, "exit code 0"),
        ("COPY", 'failed to compute cache key: "/a" not found', None, "looked up in the folder"),
        ("COPY", "unable to convert uid/gid chown string: invalid user index", None, "user does not exist"),
        ("FROM", "pull access denied", None, "name and tag"),
        ("", "target stage x could not be found", None, "stage by its name"),
        ("ENV", "whatever", None, ""),
    ],
)
def test_a_failed_step_is_explained(keyword: str, log: str, exit_code: int | None, words: str) -> None:
    found = cause(keyword, log, exit_code=exit_code)
    assert words in found
    assert bool(words) == bool(found)


@pytest.mark.parametrize(
    "log",
    [
        "Err:1 http://a.example/debian stable InRelease\n  403  Filtered [IP: 172.17.0.1 3128]",
        "curl: (56) CONNECT tunnel failed: Received HTTP code 403 from proxy after CONNECT",
        "OSError('Tunnel connection failed: 403 Filtered')",
        "connect: Network is unreachable",
        "npm ERR! code EAI_AGAIN",
    ],
)
def test_a_lab_that_allows_packages_says_which_and_that_there_is_no_other_network(log: str) -> None:
    assert "with pip and apt" in cause("RUN", log, exit_code=1, packages=("pip", "apt"))
    assert "no network here" not in cause("RUN", log, exit_code=1, packages=("pip", "apt"))
    assert "with pip" not in cause("RUN", log, exit_code=1)


@pytest.mark.parametrize("limit", list(Limit))
def test_each_limit_is_explained(limit: Limit) -> None:
    assert cause("RUN", limit=limit)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ('exec: "app": executable file not found in $PATH', "must be a program of the image"),
        ('exec: "/app": permission denied', "not executable"),
        ("unable to find user ghost: no matching entries in passwd file", "USER must name"),
        ("unable to setup user: cannot set uid to unmapped user in user namespace", "below 65536"),
        ("cannot mount volume over existing file, file exists /bin/busybox", "VOLUME"),
        ("no command specified", "nothing of what to run"),
        ("exec format error", "#!/bin/sh"),
        ("something else", "Check what CMD"),
    ],
)
def test_a_container_that_does_not_start_is_explained(error: str, words: str) -> None:
    assert words in start_cause(error)


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (
            'failed to create shim task: OCI runtime create failed: runc create failed: exec: "x": not found: unknown',
            'exec: "x": not found',
        ),
        ("mkdir /srv/e/data/1.1/overlay2/5npz6/merged/x: not a directory", "mkdir /x: not a directory"),
        (
            'mounting "/srv/e/1.1/volumes/ab12/_data" to rootfs at "/proc": x',
            'mounting "a volume" to rootfs at "/proc": x',
        ),
        ('mounting "/srv/e/1.1/buildkit/executor/resolv.conf" to rootfs', 'mounting "/resolv.conf" to rootfs'),
        ("open /srv/e/1.1/buildkit/executor/a8j1/rootfs/etc/x: not a directory", "open /etc/x: not a directory"),
        ("The build was ended after 15 seconds.", "The build was ended after 15 seconds"),
        ("no command specified", "no command specified"),
    ],
)
def test_the_engines_own_names_and_places_are_left_out(error: str, shown: str) -> None:
    assert engine_words(error) == shown


def test_a_path_without_end_in_a_learners_command_holds_nobody_up() -> None:
    words = "executor failed running [/bin/sh -c " + "/" * 300_000 + "/a" * 100_000 + "]: exit code: 1"
    assert engine_words(words) == words


@pytest.mark.engine
def test_the_common_causes_of_failed_builds_are_explained_as_the_engine_tells_them(engine_url: str) -> None:
    files = {"run.sh": b"#!/bin/sh\nexit 137\n", "app.py": b""}
    cases = (
        ("COPY missing.py /app/", "looked up in the folder", None),
        ("COPY App.py /app/", "looked up in the folder", None),
        ("RUN apt-get update", "command was not found", None),
        ('RUN ["bash", "-c", "true"]', "command was not found", None),
        ("COPY run.sh /\nRUN /run.sh", "may not be executed", None),
        ("USER 1000\nRUN echo x > /etc/x", "may not be executed or written", None),
        ("RUN wget -q http://example.test/x", "no network", None),
        ("RUN cat /app/app.py", "not in the image at this point", None),
        ("RUN echo 'oops", "could not read the command", None),
        ("RUN false", "exit code 0", None),
        ("RUN sleep 99", "longer than this lab gives", Limit.WALL),
        ("RUN exit 137", "No limit was met", None),
        ("COPY run.sh /\nRUN sh /run.sh", "No limit was met", None),
        ("RUN dd if=/dev/zero of=/dev/null bs=2000M count=1", "more memory than the build", Limit.MEMORY),
    )
    with DockerSandbox(engine_url).job("causes") as job:
        for lines, words, limit in cases:
            text = f"FROM busybox:1.35\n{lines}\n"
            context = Submission.from_files({"Dockerfile": text.encode(), **files}).tar()
            built = job.build(context, limits=BuildLimits(seconds=2 if limit is Limit.WALL else 30))
            step = built.steps[built.failed_step] if built.failed_step is not None else None
            keyword = lines.splitlines()[-1].partition(" ")[0]
            assert not built.ok, lines
            assert built.limit is limit, (lines, built)
            assert words in build_cause(built, step, keyword), (lines, built.error, step)

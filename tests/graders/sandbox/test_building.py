"""Builds on a real engine: steps as they happen, failures told apart, limits held, nothing reused that is not ours."""

import time

import pytest
from sandboxes import BUSYBOX, context

from graders.sandbox.base import BuildEvent, BuildLimits, Job, Limit, SandboxUnavailable, StepState
from graders.sandbox.docker import DockerSandbox

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def sandbox(engine_url: str) -> DockerSandbox:
    return DockerSandbox(engine_url)


def logged(job: Job, dockerfile: str) -> str:
    return job.build(context(dockerfile)).log


def test_a_build_tells_its_steps_as_they_happen_and_makes_an_image(sandbox: DockerSandbox) -> None:
    events: list[tuple[float, BuildEvent]] = []
    dockerfile = f'FROM {BUSYBOX}\nRUN echo one; sleep 1; echo two >&2\nCOPY Dockerfile /\nUSER 7\nCMD ["x"]\n'
    with sandbox.job("building") as job:
        built = job.build(context(dockerfile), on_event=lambda event: events.append((time.monotonic(), event)))
        facts = job.image(built.image_id)
    assert built.ok
    assert [step.name.split()[0] + step.name.split()[1] for step in built.steps] == [
        "[1/3]FROM",
        "[2/3]RUN",
        "[3/3]COPY",
    ]
    assert {step.state for step in built.steps} == {StepState.DONE}
    assert built.steps[1].log == "one\ntwo\n"
    assert built.steps[1].seconds > 1
    assert "one\ntwo\n" in built.log
    told = [(event.kind, event.index) for _, event in events]
    assert told.index(("step_started", 2)) < told.index(("step_finished", 2)) < told.index(("step_finished", 3))
    first_log = next(at for at, event in events if event.kind == "log")
    end_of_step = next(at for at, event in events if event.kind == "step_finished" and event.index == 2)
    assert end_of_step - first_log > 0.5
    assert facts.user == "7"
    assert facts.cmd == ("x",)
    assert facts.labels == {}
    assert [entry.empty_layer for entry in facts.history] == [False, False, False, True, True]
    assert len(facts.layer_ids) == 3


def test_a_failing_step_is_blamed_with_its_exit_code_and_its_log(sandbox: DockerSandbox) -> None:
    with sandbox.job("building") as job:
        built = job.build(context(f"FROM {BUSYBOX} AS a\nRUN echo hi; exit 3\nFROM {BUSYBOX}\nCOPY --from=a / /a\n"))
    assert not built.ok
    assert built.exit_code == 3
    assert built.limit is None
    assert built.failed_step is not None
    assert built.steps[built.failed_step].name == "[a 2/2] RUN echo hi; exit 3"
    assert built.steps[built.failed_step].log == "hi\n"
    assert "exit code: 3" in built.error


@pytest.mark.parametrize(
    ("dockerfile", "words", "blamed"),
    [
        ("FROM {base}\nRUNN x\n", "unknown instruction: RUNN", None),
        ("FROM {base}\nCOPY missing /\n", '"/missing" not found', "[2/2] COPY missing /"),
        ("FROM {base}\nUSER nobody-such\nRUN id\n", "unable to find user", "[2/2] RUN id"),
        ('FROM {base}\nRUN ["/none"]\n', "exit code", '[2/2] RUN ["/none"]'),
    ],
)
def test_what_a_dockerfile_does_wrong_is_told_in_the_engines_words(
    sandbox: DockerSandbox, dockerfile: str, words: str, blamed: str | None
) -> None:
    with sandbox.job("building") as job:
        built = job.build(context(dockerfile.format(base=BUSYBOX)))
    assert words in built.error
    assert (built.failed_step is None) == (blamed is None)
    if built.failed_step is not None:
        assert built.steps[built.failed_step].name == blamed


def test_copied_files_belong_to_root_and_can_be_changed(sandbox: DockerSandbox) -> None:
    dockerfile = f"FROM {BUSYBOX}\nCOPY app /app\nRUN chmod 750 /app/run.sh && ls -ln /app && touch /app/new\n"
    with sandbox.job("building") as job:
        built = job.build(context(dockerfile, {"app/run.sh": b"", "app/deep/x": b""}))
    assert built.ok, built.log
    owners = {tuple(line.split()[2:4]) for line in built.log.splitlines() if line.startswith(("-", "d"))}
    assert owners == {("0", "0")}


def test_target_dockerfile_and_build_arguments_reach_the_engine(sandbox: DockerSandbox) -> None:
    other = f"FROM {BUSYBOX} AS first\nARG WHO=nobody\nRUN echo hello $WHO\nFROM first\nRUN false\n"
    with sandbox.job("building") as job:
        built = job.build(
            context("FROM nothing\n", {"other.txt": other.encode()}),
            dockerfile="other.txt",
            target="first",
            build_args={"WHO": "you"},
        )
    assert built.ok, built.error
    assert "hello you" in built.log


def test_nothing_of_the_platform_reaches_a_build(sandbox: DockerSandbox) -> None:
    with sandbox.job("building") as job:
        log = logged(job, f"FROM {BUSYBOX}\nRUN env; cat /proc/1/environ | tr '\\0' '\\n'\n")
    names = {line.partition("=")[0] for line in log.splitlines() if "=" in line}
    assert names <= {"PATH", "PWD", "SHLVL", "HOME", "OLDPWD"}


def test_a_base_that_the_engine_lacks_is_no_fault_of_the_submission(sandbox: DockerSandbox) -> None:
    with sandbox.job("building") as job, pytest.raises(SandboxUnavailable, match="not on this engine"):
        job.build(context("FROM drydock-no-such-base:1\n"))


def test_a_build_that_takes_too_long_is_ended_and_the_engine_is_free_again(sandbox: DockerSandbox) -> None:
    with sandbox.job("building") as job:
        built = job.build(
            context(f"FROM {BUSYBOX}\nRUN echo before; sleep 9999\nRUN true\n"), limits=BuildLimits(seconds=1)
        )
        after = job.build(context(f"FROM {BUSYBOX}\nRUN ! ps | grep 'sleep 9999' | grep -v grep\n"))
    assert built.limit is Limit.WALL
    assert built.seconds < 5
    assert built.failed_step == 1
    assert built.log.endswith("before\n")
    assert [step.state for step in built.steps] == [StepState.DONE, StepState.FAILED, StepState.NOT_REACHED]
    assert "ended after 1 seconds" in built.error
    assert after.ok


def test_a_build_that_prints_without_end_is_cut_and_ended(sandbox: DockerSandbox) -> None:
    with sandbox.job("building") as job:
        built = job.build(
            context(f"FROM {BUSYBOX}\nRUN yes | tr -d '\\n'\n"), limits=BuildLimits(seconds=30, log_bytes=5000)
        )
        clipped = job.build(context(f"FROM {BUSYBOX}\nRUN yes\n"), limits=BuildLimits(seconds=2))
        after = job.build(context(f"FROM {BUSYBOX}\nRUN yes | head -c 1000000; ! ps | grep -v grep | grep yes\n"))
    assert (built.limit, built.log_cut, built.failed_step) == (Limit.OUTPUT, True, 1)
    assert len(built.log) < 5100
    assert built.seconds < 15
    assert (clipped.limit, clipped.log_cut, clipped.failed_step) == (Limit.OUTPUT, True, 1)
    assert (after.ok, after.log_cut) == (True, True)


def test_a_memory_bomb_in_a_build_meets_the_engines_limit(sandbox: DockerSandbox) -> None:
    with sandbox.job("building") as job:
        built = job.build(context(f"FROM {BUSYBOX}\nRUN dd if=/dev/zero of=/dev/null bs=2000M count=1\n"))
    assert built.limit is Limit.MEMORY
    assert built.exit_code == 137


def test_a_fork_bomb_in_a_build_meets_the_engines_limit(sandbox: DockerSandbox) -> None:
    bomb = "i=0; while [ $i -lt 600 ]; do sleep 9 & i=$((i+1)); done"
    with sandbox.job("building") as job:
        built = job.build(context(f"FROM {BUSYBOX}\nRUN {bomb}\n"))
    assert built.limit is Limit.PIDS


def test_only_what_the_job_built_itself_is_reused_and_only_when_asked(sandbox: DockerSandbox) -> None:
    before = context(f"FROM {BUSYBOX}\nRUN date +%N > /stamp\nCOPY app.txt /\nRUN true\n", {"app.txt": b"1"})
    after = context(f"FROM {BUSYBOX}\nRUN date +%N > /stamp\nCOPY app.txt /\nRUN true\n", {"app.txt": b"2"})

    def states(job: Job, what: bytes, *, use_cache: bool) -> list[str]:
        return [step.state.value for step in job.build(what, use_cache=use_cache).steps[1:]]

    with sandbox.job("cache-1") as job:
        assert states(job, before, use_cache=False) == ["done", "done", "done"]
        assert states(job, after, use_cache=True) == ["cached", "done", "done"]
        assert states(job, after, use_cache=False) == ["done", "done", "done"]
    with sandbox.job("cache-2") as job:
        assert states(job, before, use_cache=True) == ["done", "done", "done"]


def test_an_event_that_its_taker_cannot_take_ends_the_build(sandbox: DockerSandbox) -> None:
    def refuse(event: BuildEvent) -> None:
        raise ConnectionResetError("the database is gone")

    with sandbox.job("building") as job:
        with pytest.raises(ConnectionResetError, match="the database is gone"):
            job.build(context(f"FROM {BUSYBOX}\nRUN sleep 9\n"), on_event=refuse)
        assert job.build(context(f"FROM {BUSYBOX}\nRUN true\n")).ok


def test_steps_of_each_stage_are_told_as_reused_or_not_by_what_went_into_them(sandbox: DockerSandbox) -> None:
    text = (
        f"FROM {BUSYBOX} AS deps\nCOPY list /\nRUN cat /list > /deps\n"
        f"FROM {BUSYBOX} AS make\nCOPY app /\nRUN wc -c < /app > /made\n"
        f"FROM {BUSYBOX}\nCOPY --from=deps /deps /\nCOPY --from=make /made /\nRUN cat /made\n"
    )

    def reused(job: Job, app: str, *, use_cache: bool = True) -> set[str]:
        built = job.build(context(text, {"list": b"x", "app": app.encode()}), use_cache=use_cache)
        return {step.name.split("] ")[1] for step in built.steps if step.state is StepState.CACHED}

    first = {"COPY list /", "RUN cat /list > /deps", "COPY --from=deps /deps /"}
    with sandbox.job("building") as job:
        assert reused(job, "one", use_cache=False) == set()
        same_result = reused(job, "two") - {f"FROM docker.io/library/{BUSYBOX}"}
        assert same_result == first | {"COPY --from=make /made /", "RUN cat /made"}
        assert reused(job, "three") - {f"FROM docker.io/library/{BUSYBOX}"} == first

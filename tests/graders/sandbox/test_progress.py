"""Following a build: which steps there are, in which order they are told of, and how each ended."""

from sandboxes import traced

from graders.sandbox.base import BuildEvent, StepState
from graders.sandbox.progress import Progress
from graders.sandbox.trace import LogChunk, Status, Vertex, decode_status


def followed(name: str, *, use_cache: bool = False, log_bytes: int = 1000) -> tuple[Progress, list[BuildEvent]]:
    events: list[BuildEvent] = []
    progress = Progress(use_cache=use_cache, log_bytes=log_bytes, send=events.append)
    for data in traced(name):
        progress.follow(decode_status(data))
    return progress, events


def printed(*chunks: bytes, log_bytes: int = 1000) -> Progress:
    """A build of one step that prints these chunks."""
    progress = Progress(use_cache=False, log_bytes=log_bytes, send=None)
    progress.follow(Status(vertexes=(Vertex(digest="a", name="[1/1] RUN x", started=1.0),), logs=()))
    logs = tuple(LogChunk(vertex="a", stream=1, data=chunk) for chunk in chunks)
    progress.follow(Status(vertexes=(), logs=logs))
    return progress


def test_each_step_is_told_of_before_it_ends_and_before_the_next_one_ends() -> None:
    _, events = followed("succeeds")
    assert [(event.kind, event.index, event.total) for event in events] == [
        ("step_started", 1, 3),
        ("step_finished", 1, 3),
        ("step_started", 2, 3),
        ("log", 2, 3),
        ("log", 2, 3),
        ("step_finished", 2, 3),
        ("step_started", 3, 3),
        ("step_finished", 3, 3),
    ]
    assert [event.text for event in events if event.kind == "log"] == ["hello\n", "w\n"]


def test_a_source_the_engine_looks_at_twice_is_told_of_once() -> None:
    _, events = followed("two_stages")
    finished = [event.index for event in events if event.kind == "step_finished"]
    assert sorted(finished) == [1, 2, 3, 4, 5, 6]


def test_steps_stand_after_what_they_are_made_from_and_stages_stay_together() -> None:
    progress, _ = followed("two_stages")
    steps, blamed = progress.steps(failed=False, error="")
    assert [step.name for step in steps] == [
        "[build 1/3] FROM docker.io/library/busybox:1.35",
        "[stage-1 2/4] WORKDIR /app",
        "[build 2/3] RUN echo a > /a",
        "[build 3/3] RUN echo b > /b",
        "[stage-1 3/4] COPY --from=build /a /b /",
        "[stage-1 4/4] RUN cat /a",
    ]
    assert {step.state for step in steps} == {StepState.DONE}
    assert blamed is None


def test_steps_are_in_order_though_the_engine_lists_them_in_none() -> None:
    progress, _ = followed("out_of_processes")
    assert [step.name[:5] for step in progress.steps(failed=True, error="")[0]] == ["[1/2]", "[2/2]"]


def test_the_failed_step_is_blamed_and_those_after_it_were_not_reached() -> None:
    progress, events = followed("fails_with_3")
    error = "executor failed running [/bin/sh -c echo hello && exit 3]: exit code: 3"
    steps, blamed = progress.steps(failed=True, error=error)
    assert blamed == 1
    assert [step.state for step in steps] == [StepState.DONE, StepState.FAILED, StepState.NOT_REACHED]
    assert steps[1].log == "hello\n"
    assert steps[1].error == error
    assert events[-1].state is StepState.FAILED


def test_steps_the_engine_calls_cached_without_having_run_them_were_not_reached() -> None:
    progress, events = followed("copies_what_is_not_there")
    steps, blamed = progress.steps(failed=True, error='failed to compute cache key: "/nope" not found: not found')
    assert [step.state for step in steps] == [StepState.DONE, StepState.NOT_REACHED, StepState.FAILED]
    assert blamed == 2
    assert 2 not in {event.index for event in events}


def test_a_build_that_breaks_before_its_first_step_blames_none() -> None:
    progress, events = followed("unknown_instruction")
    assert progress.steps(failed=True, error="dockerfile parse error line 2: unknown instruction: RUNN") == ((), None)
    assert events == []


def test_a_cancelled_build_says_which_step_was_running() -> None:
    progress, _ = followed("cancelled")
    assert progress.running_step() == 1
    steps, _ = progress.steps(failed=True, error="context canceled")
    assert steps[1].state is StepState.FAILED
    assert steps[1].seconds > 1


def test_a_reused_step_is_cached_only_where_the_build_may_reuse() -> None:
    for use_cache, state in ((True, StepState.CACHED), (False, StepState.DONE)):
        progress, _ = followed("fails_with_3", use_cache=use_cache)
        assert progress.steps(failed=True, error="")[0][0].state is state


def test_the_log_is_cut_at_its_cap() -> None:
    progress = printed(b"x" * 600, b"y" * 600, b"z")
    assert progress.log_cut
    assert progress.log == "[1/1] RUN x\n" + "x" * 600 + "y" * 400


def test_a_log_that_the_engine_has_clipped_is_marked_as_cut() -> None:
    assert printed(b"a\n[output clipped, log limit 200KiB/s reached]\n").log_cut
    assert not printed(b"a\n").log_cut


def test_a_character_split_between_chunks_stays_whole_and_a_broken_one_does_no_harm() -> None:
    assert printed("ä".encode()[:1], "ä".encode()[1:]).log == "[1/1] RUN x\nä"
    assert printed(b"\xff!").log == "[1/1] RUN x\n\ufffd!"


def test_a_base_image_that_is_not_there_is_named() -> None:
    progress = Progress(use_cache=False, log_bytes=1, send=None)
    name = "[internal] load metadata for docker.io/library/nothing:1"
    progress.follow(Status(vertexes=(Vertex(digest="m", name=name, error="no way out"),), logs=()))
    assert progress.missing_base() == "docker.io/library/nothing:1"

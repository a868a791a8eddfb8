"""The scripted sandbox behaves as the protocol promises, so tests that lean on it prove something."""

from dataclasses import replace

import pytest

from graders.image.contents import ImageLayers, Search
from graders.sandbox.base import (
    BuildEvent,
    ContainerSpec,
    HttpRequest,
    Limit,
    RunLimits,
    SandboxUnavailable,
    StepState,
)
from graders.sandbox.fake import IMAGE, FakeProgram, FakeSandbox, reply, steps


def test_without_a_script_everything_succeeds() -> None:
    with FakeSandbox().job("a") as job:
        built = job.build(b"")
        assert built.ok
        assert job.image(built.image_id).image_id == built.image_id
        assert job.run(ContainerSpec(image=built.image_id)).exit_code == 0


def test_two_builds_of_a_job_have_images_of_their_own() -> None:
    kinds = {1: replace(IMAGE, user="root"), 2: replace(IMAGE, user="app")}
    with FakeSandbox(on_build=lambda call: kinds[call.number]).job("a") as job:
        first, second = job.build(b""), job.build(b"")
        assert [job.image(built.image_id).user for built in (first, second)] == ["root", "app"]


def test_a_step_is_announced_before_it_ends_and_steps_after_a_failure_are_not() -> None:
    seen: list[BuildEvent] = []
    sandbox = FakeSandbox(
        on_build=lambda call: steps("[1/3] FROM a", "[2/3] RUN b", "[3/3] RUN c", failed=1, log="boom")
    )
    with sandbox.job("a") as job:
        built = job.build(b"", on_event=seen.append)
    assert [(event.kind, event.index) for event in seen] == [
        ("step_started", 1),
        ("step_finished", 1),
        ("step_started", 2),
        ("log", 2),
        ("step_finished", 2),
    ]
    assert not built.ok
    assert built.failed_step == 1
    assert built.steps[2].state is StepState.NOT_REACHED


def test_a_server_answers_as_scripted_until_it_is_stopped() -> None:
    program = FakeProgram(serves=True, http={"/": reply(b"hello")})
    with FakeSandbox(on_run=lambda spec: program).job("a") as job:
        server = job.start(ContainerSpec(image="x"))
        assert server.running()
        assert server.http(HttpRequest(port=80)).body == b"hello"
        assert server.http(HttpRequest(port=80, path="/no")).status == 404
        assert server.stop(within_seconds=1).limit is None
        assert not server.running()
        assert server.http(HttpRequest(port=80)).error


def test_a_server_that_is_waited_for_meets_its_wall_limit() -> None:
    with FakeSandbox(on_run=lambda spec: FakeProgram(serves=True)).job("a") as job:
        result = job.run(ContainerSpec(image="x", limits=RunLimits(seconds=3)))
    assert result.limit is Limit.WALL
    assert result.exit_code == 137


def test_a_program_deaf_to_its_stop_signal_is_killed() -> None:
    with FakeSandbox(on_run=lambda spec: FakeProgram(serves=True, stops=False)).job("a") as job:
        assert job.start(ContainerSpec(image="x")).stop(within_seconds=1).limit is Limit.WALL


def test_a_broken_verb_raises_as_often_as_asked() -> None:
    sandbox = FakeSandbox()
    sandbox.break_on("build", times=1)
    with sandbox.job("a") as job:
        with pytest.raises(SandboxUnavailable):
            job.build(b"")
        assert job.build(b"").ok


def test_a_job_left_open_is_swept_unless_it_is_kept() -> None:
    sandbox = FakeSandbox()
    held = [sandbox.job("a"), sandbox.job("b")]
    for job in held:
        job.__enter__()
    assert sandbox.sweep(keep=["a"]) == 1
    assert sandbox.open_jobs == {"a"}


def test_files_are_capped() -> None:
    with FakeSandbox(files={"/app/x": b"12345"}).job("a") as job:
        found = job.image_files("x", ["/app/x", "/none"], max_bytes=3)
    assert found["/none"] is None
    assert found["/app/x"] is not None
    assert found["/app/x"].content == b"123"
    assert found["/app/x"].content_cut


def test_layers_are_as_scripted() -> None:
    sandbox = FakeSandbox(layers=ImageLayers(limit="too large"))
    search = Search(texts=frozenset({"needle"}))
    with sandbox.job("a") as job:
        assert job.layers("sha256:x", search=search).limit == "too large"
    assert sandbox.asked("layers") == [search]

"""What `docker build` prints, from what a real engine told of its builds."""

import re

from sandboxes import traced

from graders.commands.build_output import BuildOutput, Sent
from graders.sandbox.base import BuildResult, BuildStep, Limit, StepState
from graders.sandbox.trace import LogChunk, Status, Vertex, decode_status

SENT = Sent(dockerfile="Dockerfile", dockerfile_bytes=94, ignore_bytes=2, context_bytes=34)
DONE = BuildResult(image_id="sha256:1234", steps=(), log="", seconds=1.0)


def failed(error: str, *, step: str = "", limit: Limit | None = None) -> BuildResult:
    """Make the result of a build that failed."""
    steps = (BuildStep(index=1, total=1, name=step, state=StepState.FAILED, seconds=0.0, log="", error=""),)
    return BuildResult(
        image_id="", steps=steps, log="", seconds=1.0, error=error, failed_step=0 if step else None, limit=limit
    )


def printed(name: str, result: BuildResult, *, names: tuple[str, ...] = (), sent: Sent = SENT) -> str:
    """What is printed of a recorded build."""
    output = BuildOutput(max_bytes=10_000)
    for data in traced(name):
        output.follow(decode_status(data))
    return output.text(sent, result, names=names)


def test_every_step_is_a_block_and_what_it_printed_has_its_time() -> None:
    text = printed("succeeds", DONE, names=("docker.io/library/web",))

    assert text.startswith(
        "#1 [internal] load build definition from Dockerfile\n#1 transferring dockerfile: 94B done\n#1 DONE 0.0s\n\n"
        "#2 [internal] load .dockerignore\n#2 transferring context: 2B done\n#2 DONE 0.0s\n\n"
        "#3 [internal] load metadata for docker.io/library/busybox:1.35\n#3 DONE "
    )
    assert re.search(
        r"\n#6 \[2/3\] RUN echo hello && sleep 1 && echo w >&2\n#6 0\.\d{3} hello\n#6 1\.\d{3} w\n#6 DONE 1\.\ds\n\n",
        text,
    )
    assert text.endswith(
        "\n\n#8 exporting to image\n#8 exporting layers done\n#8 writing image sha256:1234 done\n"
        "#8 naming to docker.io/library/web done\n#8 DONE 0.0s\n\n"
    )
    assert "remote build context" not in text


def test_the_context_is_told_of_only_where_something_is_taken_from_it() -> None:
    nothing = Sent(dockerfile="Dockerfile", dockerfile_bytes=94, ignore_bytes=2, context_bytes=None)

    assert "load build context" in printed("succeeds", DONE)
    assert "load build context" not in printed("succeeds", DONE, sent=nothing)


def test_a_failed_step_ends_with_its_error_and_is_named_once_more() -> None:
    error = "executor failed running [/bin/sh -c echo hello && exit 3]: exit code: 3"
    text = printed("fails_with_3", failed(error, step="[2/2] RUN echo hello && exit 3"))

    assert f" ERROR: {error}\n------\n > [2/2] RUN echo hello && exit 3:\n------\n{error}\n" in text
    assert "exporting" not in text


def test_a_step_that_the_console_ended_has_the_consoles_words() -> None:
    result = failed("The build was ended after 2 seconds.", limit=Limit.WALL)
    running = Vertex(digest="a", name="[2/2] RUN sleep 60", started=5.0)
    output = BuildOutput(max_bytes=100)
    output.follow(Status(vertexes=(running,), logs=()))

    assert "#4 [2/2] RUN sleep 60\n#4 ERROR: The build was ended after 2 seconds.\n" in output.text(
        SENT, result, names=()
    )


def test_output_is_put_together_line_by_line_and_cut_at_its_bound() -> None:
    step = Vertex(digest="a", name="[2/2] RUN x", started=10.0, completed=12.0)
    logs = (
        LogChunk(vertex="a", stream=1, data=b"fir", at=10.5),
        LogChunk(vertex="a", stream=2, data=b"other\n", at=10.6),
        LogChunk(vertex="a", stream=1, data=b"st\nsecond\n\xffla", at=11.0),
        LogChunk(vertex="a", stream=1, data=b"st" + b"x" * 1000, at=11.5),
    )
    output = BuildOutput(max_bytes=40)
    output.follow(Status(vertexes=(step,), logs=logs))
    text = output.text(SENT, DONE, names=())

    assert "#4 [2/2] RUN x\n#4 0.600 other\n#4 0.500 first\n#4 1.000 second\n" in text
    assert f"#4 1.000 \ufffdlast{'x' * 16}\n#4 DONE 2.0s\n" in text


def test_a_source_that_is_looked_at_again_keeps_its_place() -> None:
    looked = Vertex(digest="a", name="[internal] load metadata for x", started=1.0, completed=1.1)
    base = Vertex(digest="b", name="[1/1] FROM x", started=1.2, completed=1.3)
    again = Vertex(digest="a", name="[internal] load metadata for x", started=1.4, completed=1.5)
    output = BuildOutput(max_bytes=40)
    output.follow(Status(vertexes=(looked, base), logs=()))
    output.follow(Status(vertexes=(again,), logs=()))
    text = output.text(SENT, DONE, names=())

    assert text.index("load metadata") < text.index("FROM x")

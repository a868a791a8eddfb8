"""`docker build` in a console, on a real engine."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from consoles import console

from graders.commands.folder import Folder
from graders.commands.interpreter import Console
from graders.commands.model import Carried
from graders.commands.rules import ConsoleRules
from graders.sandbox.stuck import start_anew
from graders.sandbox.turn import engine_turn

pytestmark = pytest.mark.engine

PLAIN = 'FROM busybox:1.35\nCOPY note /note\nRUN chmod 600 /note && echo ran; echo warned >&2\nCMD ["cat","/note"]\n'
FILES = {"Dockerfile": PLAIN, "note": "kept"}


@pytest.fixture
def at_work(engine_url: str) -> Iterator[Console]:
    with console(engine_url, files=FILES) as made:
        yield made


def put(at_work: Console, path: str, text: str) -> None:
    """Save a file in the lab's folder."""
    Folder(at_work.state, at_work.rules).write(path, text.encode())


def built(at_work: Console, text: str, *flags: str) -> Carried:
    """Build a Dockerfile of this text."""
    put(at_work, "Dockerfile", text)
    return at_work.carry_out(" ".join(["docker build", *flags, "."]))


def inspected(at_work: Console, image_id: str) -> dict[str, Any]:
    """What the engine tells of an image."""
    found: dict[str, Any] = at_work.engine.client.inspect_image(image_id)  # type: ignore[no-untyped-call]
    return found


def tags(at_work: Console, image_id: str) -> list[str]:
    """The names that the engine knows an image by."""
    return list(inspected(at_work, image_id)["RepoTags"])


def test_a_build_prints_its_steps_and_gives_the_image_its_names(at_work: Console) -> None:
    carried = at_work.carry_out("docker build -t web -t web:2 .")

    assert carried.exit_code == 0, carried.stderr
    assert carried.stdout == ""
    assert "#4 [1/3] FROM docker.io/library/busybox:1.35\n" in carried.stderr
    assert "#5 [internal] load build context\n#5 transferring context: " in carried.stderr
    assert "[3/3] RUN chmod 600 /note && echo ran; echo warned >&2\n" in carried.stderr
    assert " ran\n" in carried.stderr
    assert " warned\n" in carried.stderr
    assert "naming to docker.io/library/web done\n" in carried.stderr
    assert "naming to docker.io/library/web:2 done\n" in carried.stderr
    assert "dd-" not in carried.stderr
    (image,) = at_work.state.images
    assert f"writing image {image.id} done\n" in carried.stderr
    assert image.parent == at_work.state.bases[0].id
    assert at_work.state.references_of(image.id) == ["web:latest", "web:2"]
    assert [call.path for call in carried.calls] == ["/_ping", "/build?version=2&t=web&t=web:2"]
    assert [(one.name, one.made) for one in carried.done[0].touched] == [("web:latest", True), ("web:2", True)]


def test_a_quiet_build_prints_the_id_alone(at_work: Console) -> None:
    carried = at_work.carry_out("docker build -q .")

    assert (carried.stdout, carried.stderr) == (f"{at_work.state.images[0].id}\n", "")


def test_a_failing_step_is_named_and_nothing_is_written_down(at_work: Console) -> None:
    carried = built(at_work, "FROM busybox:1.35\nRUN echo before; exit 3\n", "-t web")

    assert carried.exit_code == 1
    assert (
        carried.stderr.endswith(
            "#4 ERROR: executor failed running [/bin/sh -c echo before; exit 3]: exit code: 3\n"
            "------\n > [2/2] RUN echo before; exit 3:\n------\n"
            "executor failed running [/bin/sh -c echo before; exit 3]: exit code: 3\n"
        )
        or "#5 ERROR: executor failed running" in carried.stderr
    )
    assert at_work.state.images == []
    assert at_work.state.image("web") is None


def test_a_build_that_takes_too_long_is_ended(engine_url: str) -> None:
    with console(engine_url, files=FILES, rules=ConsoleRules(build_seconds=2)) as at_work:
        carried = built(at_work, "FROM busybox:1.35\nRUN sleep 60\n")

        assert carried.exit_code == 1
        assert "The build was ended after 2 seconds." in carried.stderr
        assert at_work.state.images == []


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("# syntax=evil/frontend\nFROM busybox:1.35\n", 1, "syntax directive"),
        ("FROM alpine\n", 1, "Use busybox:1.35."),
        ("FROM busybox:1.35\nRUN --network=host true\n", 2, "--network"),
        ("FROM busybox:1.35\nADD http://example.org/x /\n", 2, "fetched"),
        ("FROM busybox:1.35\nCOPY --from=debian:12-slim / /\n", 2, "--from=debian:12-slim"),
        ("FROM busybox:1.35\nONBUILD RUN true\n", 2, "ONBUILD"),
        ("FROM busybox:1.35\nRUN --mount=type=bind,source=/,target=/x true\n", 2, "mount"),
        ("ARG X=debian:12-slim\nFROM $X\n", 2, "debian:12-slim"),
        ("FROM busybox:1.35\nRUNN echo\n", 2, "RUNN"),
    ],
)
def test_a_hostile_dockerfile_is_refused_with_its_line(at_work: Console, text: str, line: int, words: str) -> None:
    carried = built(at_work, text)

    assert carried.exit_code == 1
    assert f"Line {line}: " in carried.stderr
    assert words in carried.stderr
    assert [call.path for call in carried.calls] == ["/_ping"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("docker build -", "docker build ."),
        ("docker build https://example.org/repo.git", "nothing here reaches a network"),
        ("docker build github.com/a/b", "nothing here reaches a network"),
        ("docker build /etc", "outside the lab's folder"),
        ("docker build ..", "leads out of the lab's folder"),
        ("docker build nowhere", 'path "nowhere" not found'),
        ("docker build note", "context must be a directory: note"),
        ("docker build -f Missing .", "open Missing: no such file or directory"),
        ("docker build -f ../Dockerfile .", "leads out of the lab's folder"),
        ("docker build -t BAD .", 'invalid argument "BAD" for "-t, --tag" flag'),
        ("docker build -t busybox:1.35 .", "is a base image of this lab"),
        ("docker build --build-arg BUILDKIT_SYNTAX=x .", "switch of the builder"),
        ("docker build --label drydock.session=x .", "the console's own"),
        ("docker build --network host .", "--network"),
        ("docker build --secret id=x .", "--secret"),
    ],
)
def test_what_cannot_be_built_is_refused_with_what_to_do(at_work: Console, line: str, words: str) -> None:
    carried = at_work.carry_out(line)

    assert carried.exit_code != 0
    assert words in carried.stderr
    assert at_work.state.images == []


def test_own_images_can_be_built_on_and_copied_from_and_keep_their_names_in_what_is_printed(at_work: Console) -> None:
    assert at_work.carry_out("docker build -q -t web .").exit_code == 0
    text = (
        "ARG BASE=nothing\n"
        "FROM $BASE AS upon\n"
        "RUN cat /note\n"
        "\n"
        "FROM \\\n"
        "  busybox:1.35\n"
        "COPY --from=web:latest \\\n"
        "  /note /copied\n"
        "COPY --from=upon /note /also\n"
        "RUN cat /copied && false\n"
    )
    put(at_work, "own.Dockerfile", text)

    carried = at_work.carry_out("docker build -f own.Dockerfile --build-arg BASE=web .")

    assert "[upon 1/2] FROM docker.io/library/web:latest\n" in carried.stderr
    assert "COPY --from=web:latest" in carried.stderr
    assert "dd-" not in carried.stderr
    assert carried.stderr.count(" kept") == 2
    assert carried.exit_code == 1

    put(at_work, "own.Dockerfile", text.replace(" && false", ""))
    assert at_work.carry_out("docker build -q -f own.Dockerfile --build-arg BASE=web --target upon .").exit_code == 0
    assert at_work.state.images[1].parent == at_work.state.images[0].id


def test_an_own_image_whose_place_in_a_line_is_not_certain_is_refused(at_work: Console) -> None:
    assert at_work.carry_out("docker build -q -t web .").exit_code == 0

    carried = built(at_work, "FROM busybox:1.35\nCOPY --fr\\\nom=web /note /x\n")

    assert carried.exit_code == 1
    assert "Line 2: " in carried.stderr
    assert "FROM web AS files" in carried.stderr


def test_a_stage_goes_before_an_own_image_of_the_same_name(at_work: Console) -> None:
    assert at_work.carry_out("docker build -q -t web .").exit_code == 0

    text = "FROM busybox:1.35 AS web\nRUN echo stage > /note\nFROM web\nCOPY --from=web /note /x\nRUN cat /note /x\n"
    carried = built(at_work, text)

    assert carried.exit_code == 0
    assert carried.stderr.count(" stage\n") == 2


def test_what_dockerignore_names_stays_out_and_a_wrong_pattern_is_named(at_work: Console) -> None:
    put(at_work, ".dockerignore", "note\n")
    left_out = built(at_work, "FROM busybox:1.35\nCOPY . /all\nRUN ls -A /all\n")
    put(at_work, ".dockerignore", "# fine\n[\n")
    wrong = built(at_work, "FROM busybox:1.35\n")

    assert left_out.exit_code == 0
    assert " note\n" not in left_out.stderr
    assert wrong.exit_code == 1
    assert "line 2" in wrong.stderr


def test_a_name_that_moves_leaves_the_image_before_without_one(at_work: Console) -> None:
    for _ in range(2):
        assert at_work.carry_out("docker build -q -t web .").exit_code == 0

    before, after = at_work.state.images
    assert before.id != after.id
    assert at_work.state.references_of(before.id) == []
    assert at_work.state.references_of(after.id) == ["web:latest"]
    assert tags(at_work, before.id) == []
    assert tags(at_work, after.id) == [at_work.state.references["web:latest"]]


def test_a_build_beyond_the_quota_is_refused_before_it_begins(engine_url: str) -> None:
    with console(engine_url, files=FILES, rules=ConsoleRules(images=1)) as at_work:
        assert at_work.carry_out("docker build -q .").exit_code == 0

        carried = at_work.carry_out("docker build -q .")

        assert carried.exit_code == 1
        assert "docker image prune -f" in carried.stderr
        assert len(at_work.state.images) == 1


def test_an_image_that_holds_more_than_a_session_may_is_removed_again(engine_url: str) -> None:
    with console(engine_url, rules=ConsoleRules(disk_mib=8)) as at_work:
        assert built(at_work, "FROM busybox:1.35\nRUN echo small > /small\n", "-t big").exit_code == 0
        carried = built(at_work, "FROM busybox:1.35\nRUN dd if=/dev/zero of=/big bs=1M count=9\n", "-t big")

        assert carried.exit_code == 1
        assert "The image holds 9 MiB more than what it was made from" in carried.stderr
        assert len(at_work.state.images) == 1
        (left,) = at_work.engine.client.images(filters={"label": f"drydock.session={at_work.state.key}"})
        assert left["Id"] == at_work.state.images[0].id
        assert at_work.carry_out("docker run --rm big cat /small").stdout == "small\n"


def test_a_build_that_starts_too_many_processes_is_told_so(at_work: Console) -> None:
    bomb = "FROM busybox:1.35\nRUN for i in $(seq 400); do sleep 20 & done\n"
    carried = built(at_work, bomb)

    assert carried.exit_code == 1
    assert "[console] A step started more processes than a build may have here.\n" in carried.stderr


def test_a_builder_that_others_keep_busy_says_so(engine_url: str) -> None:
    with console(engine_url, files=FILES, rules=ConsoleRules(build_seconds=0.2)) as at_work:
        held, enough = threading.Event(), threading.Event()

        def hold() -> None:
            with engine_turn(f"{engine_url} builder", wait_seconds=10):
                held.set()
                enough.wait(30)

        other = threading.Thread(target=hold)
        other.start()
        try:
            assert held.wait(10)
            carried = at_work.carry_out("docker build .")
        finally:
            enough.set()
            other.join()

        assert carried.exit_code == 1
        assert "Try again in a minute" in carried.stderr


def test_labels_of_the_console_are_on_the_image_whatever_the_dockerfile_says(at_work: Console) -> None:
    carried = built(at_work, "FROM busybox:1.35\nLABEL drydock.session=other mine=1\n", "-q --label also=2")

    assert carried.exit_code == 0, carried.stderr
    labels = inspected(at_work, at_work.state.images[0].id)["Config"]["Labels"]
    assert labels == {"drydock.session": at_work.state.key, "mine": "1", "also": "2"}


def test_the_same_files_built_in_two_sessions_are_two_images(at_work: Console, engine_url: str) -> None:
    with console(engine_url, files=FILES) as other:
        for one in (at_work, other):
            assert built(one, "FROM busybox:1.35\n", "-q -t same").exit_code == 0

        assert at_work.state.images[0].id != other.state.images[0].id


def test_a_build_that_cannot_be_ended_ends_for_its_session_and_leaves_what_others_run(
    at_work: Console, engine_url: str
) -> None:
    hangs = "FROM busybox:1.35\nRUN rm /etc/passwd && mkfifo /etc/passwd\nUSER nobody\nRUN true\n"
    assert at_work.carry_out("docker run -d --name other busybox:1.35 sleep 600").exit_code == 0
    try:
        with console(engine_url, rules=ConsoleRules(build_seconds=1)) as hostile:
            carried = built(hostile, hangs, "-t evil")

            assert carried.exit_code == 1
            assert "The build was ended after 1 seconds." in carried.stderr
            assert hostile.state.images == []
        assert at_work.carry_out("docker ps -q").stdout != ""
        assert at_work.carry_out("docker build -q .").exit_code == 0
    finally:
        start_anew(at_work.engine.address)


def test_builds_of_two_sessions_wait_for_each_other(at_work: Console, engine_url: str) -> None:
    with console(engine_url, files=FILES) as other, ThreadPoolExecutor(max_workers=2) as pool:
        carried = list(pool.map(lambda one: one.carry_out("docker build -q -t web ."), (at_work, other)))

        assert [one.exit_code for one in carried] == [0, 0]
        assert carried[0].stdout == f"{at_work.state.images[0].id}\n"
        assert carried[1].stdout == f"{other.state.images[0].id}\n"

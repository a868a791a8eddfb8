"""`docker cp` between a container and the lab's folder."""

from collections.abc import Iterator

import pytest

from graders.commands.folder import Folder
from graders.commands.interpreter import Console
from graders.commands.rules import ConsoleRules
from tests.consoles import console

pytestmark = pytest.mark.engine

_INSIDE = (
    "mkdir -p /data/sub /empty; echo one > /data/one; echo two > /data/sub/two; ln -s /etc/passwd /data/link;"
    " mknod /data/pipe p; ln /data/one /data/zhard; ln -s data/one /short; exec sleep 1000"
)


@pytest.fixture(scope="module")
def web(engine_url: str) -> Iterator[Console]:
    """A console with a running container `web`, which has files of every kind, and a small folder."""
    with console(engine_url, files={"f.txt": "file\n", "dir/sub/g": "g\n"}, rules=ConsoleRules(folder_mib=0.5)) as at:
        at.carry_out(f"docker run -d --name web busybox:1.35 sh -c '{_INSIDE}'")
        at.carry_out("docker exec web sh -c 'while ! [ -L /short ]; do sleep 0.1; done'")
        yield at


def _files(at: Console) -> dict[str, bytes]:
    return Folder(at.state, at.rules).files()


def test_a_file_goes_where_docker_puts_it(web: Console) -> None:
    here = web.carry_out("docker cp web:/data/one .")
    named = web.carry_out("docker cp web:/data/one ./two.txt")
    into = web.carry_out("docker cp web:/data/sub/two dir/sub")
    files = _files(web)

    assert [one.pieces for one in (here, named, into)] == [(), (), ()]
    assert (files["one"], files["two.txt"], files["dir/sub/two"]) == (b"one\n", b"one\n", b"two\n")
    assert [f"{call.method} {call.path} {call.status}" for call in here.calls[1:]] == [
        "GET /containers/web/archive?path=/data/one 200"
    ]


def test_a_folder_goes_where_docker_puts_it_without_what_is_no_file(web: Console) -> None:
    new = web.carry_out("docker cp web:/data new")
    below = web.carry_out("docker cp web:/data dir")
    contents = web.carry_out("docker cp web:/data/. flat")
    files = _files(web)

    assert all("Left out, since the lab's folder holds files only" in one.stderr for one in (new, below, contents))
    for top in ("new", "dir/data", "flat"):
        inside = {path: content for path, content in files.items() if path.startswith(f"{top}/")}
        assert inside == {f"{top}/one": b"one\n", f"{top}/sub/two": b"two\n", f"{top}/zhard": b"one\n"}


def test_a_link_is_copied_only_as_what_it_points_to_and_only_when_asked_for(web: Console) -> None:
    refused = web.carry_out("docker cp web:/short .")
    followed = web.carry_out("docker cp -L web:/short .")

    assert refused.stderr.startswith("[console] web:/short is a symbolic link to ")
    assert (followed.exit_code, _files(web)["short"]) == (0, b"one\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("web:/none .", "Error: No such container:path: web:/none"),
        ("none:/x .", "Error: No such container:path: none:/x"),
        ("web:/x web:/y", "copying between containers is not supported"),
        ("f.txt other.txt", "must specify at least one container source"),
        ("web:/data/one nowhere/", "no such directory"),
        ("web:/data/one nowhere/one", 'invalid output path: directory "/lab/nowhere" does not exist'),
        ("web:/data f.txt", "cannot copy directory"),
        ("web:/data/one f.txt/", "stat /lab/f.txt/: not a directory"),
        ("web:/data/one ../out", "leads out of the lab's folder"),
        ("web:/data/one /etc/one", "lies outside the lab's folder"),
        ("web:/data/one -", "copying to - is not available here"),
        ("- web:/data", "copying from - is not available here"),
        ("nofile web:/", "lstat /lab/nofile: no such file or directory"),
        ("../../etc/passwd web:/", "leads out of the lab's folder"),
        ("f.txt web:/nowhere/", "no such directory"),
        ("f.txt web:/nowhere/x", "Error: No such container:path: web:/nowhere"),
        ("f.txt web:/etc/passwd/x", "Error response from daemon: extraction point is not a directory"),
        ("dir web:/etc/passwd", "cannot copy directory"),
        ("f.txt none:/", "no such directory"),
        ("f.txt web:", "no such directory"),
    ],
)
def test_what_cannot_be_copied_is_refused_in_dockers_words_and_changes_nothing(
    web: Console, arguments: str, words: str
) -> None:
    before = dict(web.state.files)
    refused = web.carry_out(f"docker cp {arguments}")

    assert words in refused.stderr
    assert refused.exit_code in {1, 125}
    assert web.state.files == before


def test_files_of_the_folder_arrive_in_the_container(web: Console) -> None:
    lines = (
        "docker cp f.txt web:/tmp",
        "docker cp f.txt web:/tmp/named",
        "docker cp dir/sub web:/tmp",
        "docker cp dir/sub web:/tmp/fresh",
        "docker cp dir/sub/. web:/home",
    )
    came = [web.carry_out(line) for line in lines]
    seen = web.carry_out("docker exec web cat /tmp/f.txt /tmp/named /tmp/sub/g /tmp/fresh/g /home/g")
    state = web.engine.client.inspect_container(web.state.containers[0].id)["State"]

    assert [one.pieces for one in came] == [()] * 5
    assert seen.stdout == "file\nfile\ng\ng\ng\n"
    assert (state["Running"], state["Paused"]) == (True, False)
    assert [f"{call.method} {call.path} {call.status}" for call in came[0].calls[1:]] == [
        "HEAD /containers/web/archive?path=/tmp 200",
        "PUT /containers/web/archive?noOverwriteDirNonDir=true&path=/tmp 200",
    ]


@pytest.mark.parametrize(
    "make",
    [
        "dd if=/dev/zero of=/big/one bs=1k count=600",
        "truncate -s 31457280 /big/one",
        "for i in $(seq 60); do echo x > /big/$i; done",
    ],
)
def test_more_than_the_folder_takes_leaves_it_as_it_was(web: Console, make: str) -> None:
    before = dict(web.state.files)
    made = web.carry_out(f"docker exec web sh -c 'rm -rf /big; mkdir /big; {make}'")
    refused = web.carry_out("docker cp web:/big .")

    assert made.exit_code == 0, made.stderr
    assert "is more than the lab's folder takes: 50 files and 512KiB in all" in refused.stderr
    assert (refused.exit_code, web.state.files) == (1, before)


def test_the_daemons_words_name_no_path_of_its_host(web: Console) -> None:
    refused = web.carry_out("docker cp web:/etc/passwd/ .")

    assert refused.stderr.startswith("Error response from daemon: lstat /var/lib/docker/overlay2/")
    assert "drydock" not in refused.stderr

"""Files of images and containers: looked at through a stream, never followed out, never extracted, never endless."""

import pytest
from sandboxes import BUSYBOX, context

from graders.sandbox.base import ContainerSpec, FileKind
from graders.sandbox.docker import DockerSandbox

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def sandbox(engine_url: str) -> DockerSandbox:
    return DockerSandbox(engine_url)


def test_every_kind_of_path_in_an_image_is_told_for_what_it_is(sandbox: DockerSandbox) -> None:
    dockerfile = (
        f"FROM {BUSYBOX}\nCOPY --chown=33:44 app.txt /app/app.txt\n"
        "RUN ln -s /etc/passwd /app/link && ln -s ../../../../../../etc /app/up && ln -s /app/loop /app/loop"
        " && mkfifo /app/pipe && chmod 4711 /app/app.txt\n"
    )
    paths = ["/app/app.txt", "/app/link", "/app/up", "/app/up/passwd", "/app/loop/x", "/app/pipe", "/app"]
    paths += ["/app/app.txt/x", "/none", "/" + "x" * 300]
    with sandbox.job("files") as job:
        built = job.build(context(dockerfile, {"app.txt": b"0123456789"}))
        assert built.ok, built.log
        found = job.image_files(built.image_id, paths, max_bytes=4)
    file, link, pipe = found["/app/app.txt"], found["/app/link"], found["/app/pipe"]
    assert file is not None
    assert (file.kind, file.size_bytes, file.content, file.content_cut) == (FileKind.FILE, 10, b"0123", True)
    assert (oct(file.mode & 0o7777), file.uid, file.gid) == ("0o4711", 33, 44)
    assert link is not None
    assert (link.kind, link.link_target, link.content) == (FileKind.SYMLINK, "/etc/passwd", b"")
    assert pipe is not None
    assert pipe.kind is FileKind.OTHER
    assert [found[path].kind for path in ("/app/up", "/app")] == [FileKind.SYMLINK, FileKind.FOLDER]  # type: ignore[union-attr]
    assert [found[path] for path in ("/app/loop/x", "/app/app.txt/x", "/none", "/" + "x" * 300)] == [None] * 4
    inside = found["/app/up/passwd"]  # by way of a link, and still in the image's own root
    assert inside is not None
    assert inside.content == b"root"


def test_a_huge_sparse_file_is_not_read_through(sandbox: DockerSandbox) -> None:
    with sandbox.job("files") as job:
        container = job.start(ContainerSpec(image=BUSYBOX, args=("sh", "-c", "truncate -s 200M /big; sleep 99")))
        while (found := container.read_file("/big", max_bytes=10)) is None:
            assert container.running()
        assert container.running()
    assert (found.size_bytes, found.content, found.content_cut) == (200 * 1024 * 1024, b"\0" * 10, True)


def test_a_file_that_is_swapped_all_the_time_does_no_harm(sandbox: DockerSandbox) -> None:
    swap = (
        "mkdir /d; mkfifo /d/pipe; ln -s /dev/zero /d/zero; echo x > /d/file;"
        "while true; do for k in pipe zero file; do ln -f /d/$k /d/out; done; done"
    )
    with sandbox.job("files") as job:
        container = job.start(ContainerSpec(image=BUSYBOX, args=("sh", "-c", swap)))
        while container.read_file("/d/out") is None:
            assert container.running()
        for _ in range(10):
            found = container.read_file("/d/out")
            assert found is None or found.content in {b"", b"x\n"}
        assert container.running()


def test_a_file_is_read_after_its_container_has_ended(sandbox: DockerSandbox) -> None:
    with sandbox.job("files") as job:
        container = job.start(ContainerSpec(image=BUSYBOX, args=("sh", "-c", "echo result > /out")))
        container.wait()
        found = container.read_file("/out")
        assert found is not None
        assert found.content == b"result\n"
        assert container.read_file("/none") is None

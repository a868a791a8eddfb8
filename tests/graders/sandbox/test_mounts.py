"""What stands at paths of a container, and what can be asked of one while it runs and afterwards, on a real engine."""

import time
from collections.abc import Iterator

import docker
import pytest
from sandboxes import BUSYBOX, context

from graders.sandbox.base import Container, ContainerSpec, Job, Limit, MountKind
from graders.sandbox.docker import DockerSandbox
from graders.sandbox.mounts import facts_of

pytestmark = pytest.mark.engine


@pytest.fixture(name="job")
def _job(engine_url: str) -> Iterator[Job]:
    with DockerSandbox(engine_url).job("mounts") as job:
        yield job


def shell(job: Job, script: str, **spec: object) -> Container:
    return job.start(ContainerSpec(image=BUSYBOX, args=("sh", "-c", script), **spec))  # type: ignore[arg-type]


def printed(container: Container) -> str:
    result = container.wait()
    assert not result.start_error, result.start_error
    return (result.stdout + result.stderr).decode()


def test_a_folder_is_there_with_its_files_before_the_container_starts(job: Job) -> None:
    container = shell(
        job,
        "cat /config/app.conf /config/deep/er/x; ls -ln /config; echo new > /config/out",
        folders={"/config": {"app.conf": b"a\n", "deep/er/x": b"b\n"}},
    )
    lines = printed(container).splitlines()
    assert lines[:2] == ["a", "b"]
    assert any(line.startswith("-rw-r--r--") and " 0 " in line for line in lines), lines
    written = container.read_file("/config/out")
    assert written is not None
    assert written.content == b"new\n"
    (mount,) = container.mounts()
    assert (mount.path, mount.kind, mount.writable) == ("/config", MountKind.FOLDER, True)


def test_a_folder_hides_what_the_image_has_there_and_may_be_closed(job: Job) -> None:
    container = shell(
        job, "ls /etc/x /bin; touch /etc/x/y", folders={"/etc/x": {}, "/bin/x": {"a": b""}}, folders_read_only=True
    )
    assert "Read-only file system" in printed(container)
    assert {mount.writable for mount in container.mounts()} == {False}


def test_kinds_of_mounts_are_told_apart(job: Job) -> None:
    job.create_volume("store")
    spec = {"volumes": {"/a": "store"}, "anonymous": ("/b",), "folders": {"/c": {}}, "tmpfs": ("/d",)}
    first = shell(job, "touch /a/x /b/x /c/x /d/x; ls /a /b /c /d", **spec)
    second = shell(job, "ls /a /b /c /d", **spec)
    assert printed(first).count("x") == 4
    assert printed(second).split() == ["/a:", "x", "/b:", "/c:", "/d:"]
    kinds = [mount.kind for mount in first.mounts()]
    assert kinds == [MountKind.VOLUME, MountKind.ANONYMOUS, MountKind.FOLDER, MountKind.TMPFS]
    names = [(one.name, other.name) for one, other in zip(first.mounts(), second.mounts(), strict=True)]
    assert [one == other for one, other in names] == [True, False, False, True]


def test_an_image_can_ask_for_a_volume_but_not_choose_its_name(job: Job) -> None:
    built = job.build(context(f"FROM {BUSYBOX}\nVOLUME /data /more\n"))
    container = job.start(ContainerSpec(image=built.image_id, args=("true",), tmpfs=("/more",)))
    assert not container.wait().start_error
    kinds = {mount.path: mount.kind for mount in container.mounts()}
    assert kinds == {"/data": MountKind.ANONYMOUS, "/more": MountKind.TMPFS}


def test_a_host_has_the_name_it_is_given(job: Job) -> None:
    assert printed(shell(job, "hostname", hostname="shop")) == "shop\n"


def test_changes_are_those_of_its_own_layer(job: Job) -> None:
    job.create_volume("aside")
    container = shell(job, "echo x > /note; rm /bin/vi; echo y > /v/z; mkdir '/o},{\"'", volumes={"/v": "aside"})
    printed(container)
    assert {"/note", '/o},{"'} <= set(container.changes())
    assert not any("/z" in path or path == "/bin/vi" for path in container.changes())


def test_a_long_list_of_changes_is_cut(job: Job) -> None:
    container = shell(job, "mkdir /d; cd /d; seq 1 6000 | sed 's/$/},{many-letters-and-more-of-them/' | xargs touch")
    printed(container)
    assert 1000 < len(container.changes()) < 6000


def test_the_most_memory_is_known_while_it_runs(job: Job) -> None:
    container = shell(job, "head -c 40m /dev/zero | tail -c 40m > /dev/null; echo done; sleep 60")
    until = time.monotonic() + 30
    while b"done" not in container.logs()[0] and time.monotonic() < until:
        time.sleep(0.05)
    peak = container.memory_peak()
    container.kill()
    assert peak is not None
    assert 40 <= peak / 2**20 < 200
    assert container.memory_peak() is None


def test_a_stop_signal_that_kills_is_no_limit(job: Job) -> None:
    built = job.build(context(f'FROM {BUSYBOX}\nSTOPSIGNAL SIGKILL\nCMD ["sleep", "60"]\n'))
    container = job.start(ContainerSpec(image=built.image_id))
    result = container.stop(within_seconds=5)
    assert (result.exit_code, result.limit) == (137, None)


def test_a_program_that_hears_its_stop_signal_ends_by_itself(job: Job) -> None:
    container = shell(job, "trap 'echo bye; exit 3' TERM; echo up; while true; do sleep 0.1; done")
    while b"up" not in container.logs()[0]:
        time.sleep(0.05)
    result = container.stop(within_seconds=5)
    assert (result.exit_code, result.limit, result.stdout) == (3, None, b"up\nbye\n")
    deaf = shell(job, "echo up; exec sleep 60")
    while b"up" not in deaf.logs()[0]:
        time.sleep(0.05)
    (process,) = deaf.processes()
    assert process.command == ("sleep", "60")
    assert process.executable.startswith("/bin/")
    assert deaf.stop(within_seconds=0.5).limit is Limit.WALL


def test_nothing_of_it_stays(engine_url: str) -> None:
    client = docker.APIClient(base_url=engine_url)
    before = {volume["Name"] for volume in client.volumes()["Volumes"] or ()}
    with DockerSandbox(engine_url).job("left") as job:
        built = job.build(context(f"FROM {BUSYBOX}\nVOLUME /data\nEXPOSE 1-999\n"))
        spec = ContainerSpec(image=built.image_id, args=("true",), anonymous=("/b",), folders={"/c": {"x": b"y"}})
        job.start(spec).wait()
        made = {volume["Name"] for volume in client.volumes()["Volumes"] or ()} - before
        assert len(made) == 3
        assert not client.containers(filters={"publish": "1-65535"})
    assert {volume["Name"] for volume in client.volumes()["Volumes"] or ()} <= before
    assert not [each for each in client.containers(all=True) if "left" in each["Names"][0]]
    client.close()


def test_what_is_no_volume_counts_as_a_folder() -> None:
    inspected = {"Mounts": [{"Type": "bind", "Destination": "/a", "RW": True}, {"Type": "tmpfs", "Destination": "/b"}]}
    assert [mount.kind for mount in facts_of(inspected)] == [MountKind.FOLDER, MountKind.TMPFS]

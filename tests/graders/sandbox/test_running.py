"""Containers on a real engine: what they may, how they end, and what is heard of them."""

import json
import socket
from pathlib import Path

import pytest
from sandboxes import BUSYBOX, context

from graders.sandbox.base import ContainerSpec, FileKind, Job, Limit, RunLimits, RunResult, SandboxUnavailable
from graders.sandbox.docker import DockerSandbox

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def sandbox(engine_url: str) -> DockerSandbox:
    return DockerSandbox(engine_url)


def shell(job: Job, script: str, **spec: object) -> RunResult:
    """Run a shell script in a plain container."""
    return job.run(ContainerSpec(image=BUSYBOX, args=("sh", "-c", script), **spec))  # type: ignore[arg-type]


def test_a_run_has_its_output_and_its_exit_code(sandbox: DockerSandbox) -> None:
    with sandbox.job("running") as job:
        result = shell(job, "cat; echo $WHO; echo err >&2; exit 4", stdin=b"in\n", env={"WHO": "me"})
    assert (result.exit_code, result.stdout, result.stderr) == (4, b"in\nme\n", b"err\n")
    assert result.limit is None
    assert not result.start_error
    assert 0 < result.seconds < 5


def test_a_run_that_may_have_more_cpu_than_its_engine_is_heard_all_the_same(sandbox: DockerSandbox) -> None:
    with sandbox.job("running") as job:
        result = shell(job, "cat; echo err >&2; exit 4", stdin=b"in\n", limits=RunLimits(cpus=64))
    assert (result.exit_code, result.stdout, result.stderr) == (4, b"in\n", b"err\n")


@pytest.mark.parametrize(
    "swap",
    [
        "rm /etc/passwd; mkfifo /etc/passwd",
        "rm -f /etc/group; mkfifo /pipe; ln -s ../pipe /link; ln -s /link /etc/group",
        "truncate -s 100M /etc/passwd",
        "ln -sf /dev/urandom /etc/passwd",
    ],
)
def test_an_image_whose_user_files_would_hold_up_the_engine_is_not_started(sandbox: DockerSandbox, swap: str) -> None:
    with sandbox.job("running") as job:
        built = job.build(context(f"FROM {BUSYBOX}\nRUN {swap}\n"))
        assert built.ok, built.error
        result = job.run(ContainerSpec(image=built.image_id, args=("echo", "hi")))
        found = job.image_files(built.image_id, ["/bin/busybox"])["/bin/busybox"]
    assert "of the image" in result.start_error
    assert found is not None
    assert found.kind is FileKind.OTHER
    with sandbox.job("next") as job:
        assert shell(job, "echo hi").stdout == b"hi\n"


def test_a_volume_that_would_hold_up_the_engine_is_not_started_with(sandbox: DockerSandbox) -> None:
    swap = ("sh", "-c", "rm -f /etc/passwd; mkfifo /etc/passwd")
    with sandbox.job("running") as job:
        job.create_volume("kept")
        first, second = (job.run(ContainerSpec(image=BUSYBOX, volumes={"/etc": "kept"}, args=swap)) for _ in range(2))
        assert (first.exit_code, first.start_error) == (0, "")
        assert "/etc/passwd of the image is no regular file" in second.start_error


def test_a_file_is_not_read_out_of_a_container_that_would_hold_up_the_engine(sandbox: DockerSandbox) -> None:
    with sandbox.job("running") as job:
        container = job.start(
            ContainerSpec(image=BUSYBOX, args=("sh", "-c", "echo a > /a; rm -f /etc/passwd; mkfifo /etc/passwd"))
        )
        assert container.wait().exit_code == 0
        found = container.read_file("/a")
    assert found is not None
    assert found.kind is FileKind.OTHER


def test_an_image_without_users_starts(sandbox: DockerSandbox) -> None:
    with sandbox.job("running") as job:
        built = job.build(context(f"FROM {BUSYBOX}\nRUN rm -f /etc/group /etc/passwd\nUSER 1000\n"))
        assert built.ok, built.error
        assert job.run(ContainerSpec(image=built.image_id, args=("id", "-u"))).stdout == b"1000\n"


@pytest.mark.parametrize("line", ["VOLUME /bin/busybox", "VOLUME /proc", "USER 70000"])
def test_an_image_that_cannot_be_started_is_no_trouble_of_the_engines(sandbox: DockerSandbox, line: str) -> None:
    with sandbox.job("running") as job:
        built = job.build(context(f"FROM {BUSYBOX}\n{line}\n"))
        assert job.run(ContainerSpec(image=built.image_id, args=("true",))).start_error


def test_input_that_nobody_reads_keeps_nobody(sandbox: DockerSandbox) -> None:
    with sandbox.job("running") as job:
        assert shell(job, "echo done", stdin=b"x" * 2_000_000).stdout == b"done\n"


def test_a_container_has_no_privilege_no_network_and_no_way_to_more(sandbox: DockerSandbox) -> None:
    script = """
    grep -E '^(Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp):' /proc/self/status
    cat /proc/self/uid_map
    ip -o addr | grep -v ': lo' | wc -l
    mount -t tmpfs none /mnt 2>&1
    ls /var/run/docker.sock /run/docker.sock 2>&1
    ulimit -n; ulimit -c
    """
    with sandbox.job("running") as job:
        lines = shell(job, script).stdout.decode().splitlines()
    status = dict(line.split(":\t") for line in lines if ":\t" in line)
    assert {status.pop(name) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert status == {"NoNewPrivs": "1", "Seccomp": "2"}
    mapped = next(line.split() for line in lines if len(line.split()) == 3 and line.split()[0] == "0")
    assert mapped[1] != "0"
    assert "0" in lines
    assert any("mount: permission denied" in line for line in lines)
    assert sum("No such file" in line for line in lines) == 2
    assert lines[-2:] == ["1024", "0"]


def test_nothing_outside_can_be_reached(sandbox: DockerSandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as canary:
        port = canary.getsockname()[1]
        addresses = "127.0.0.1 169.254.169.254 172.17.0.1 10.0.0.1 192.0.2.1"
        script = f"for a in {addresses}; do nc -w 1 $a {port} < /dev/null && echo got-out; done; true"
        with sandbox.job("running") as job:
            job.create_network("inner")
            assert b"got-out" not in shell(job, script).stdout
            assert b"got-out" not in shell(job, script, network="inner").stdout
            built = job.build(context(f"FROM {BUSYBOX}\nRUN {script}\n"))
        assert built.ok
        assert "got-out" not in built.steps[1].log
        canary.settimeout(0)
        with pytest.raises(BlockingIOError):
            canary.accept()


def test_the_operators_proxy_does_not_reach_a_container(
    engine_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"proxies": {"default": {"httpProxy": "http://user:secret@proxy.test:3128"}}}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("HTTP_PROXY", "http://user:secret@proxy.test:3128")
    with DockerSandbox(engine_url).job("running") as job:
        assert b"proxy" not in shell(job, "env").stdout
        built = job.build(context(f"FROM {BUSYBOX}\nRUN env\n"))
    assert "secret" not in built.log


def test_a_setuid_program_gives_nobody_root(sandbox: DockerSandbox) -> None:
    dockerfile = f"FROM {BUSYBOX}\nRUN cp /bin/busybox /busybox-suid && chmod 4755 /busybox-suid\nUSER 1000\n"
    with sandbox.job("running") as job:
        image = job.build(context(dockerfile)).image_id
        result = job.run(ContainerSpec(image=image, args=("/busybox-suid", "id", "-u")))
    assert result.stdout == b"1000\n"


def test_a_program_that_does_not_end_is_ended(sandbox: DockerSandbox) -> None:
    with sandbox.job("running") as job:
        result = shell(job, "trap '' TERM; echo up; sleep 9999", limits=RunLimits(seconds=0.5))
    assert result.limit is Limit.WALL
    assert result.exit_code == 137
    assert result.stdout == b"up\n"


def test_a_program_that_closes_its_output_is_ended_too(sandbox: DockerSandbox) -> None:
    with sandbox.job("running") as job:
        result = shell(job, "exec >&- 2>&-; sleep 9999", limits=RunLimits(seconds=0.5))
    assert result.limit is Limit.WALL


@pytest.mark.parametrize("script", ["yes", "yes | tr -d '\\n' >&2"])
def test_output_without_end_is_cut_and_the_container_ended(sandbox: DockerSandbox, script: str) -> None:
    with sandbox.job("running") as job:
        result = shell(job, script, limits=RunLimits(output_bytes=1000, seconds=30))
    assert result.limit is Limit.OUTPUT
    assert {len(result.stdout), len(result.stderr)} == {1000, 0}
    assert result.stdout_cut != result.stderr_cut
    assert result.seconds < 10


def test_a_memory_bomb_is_limited(sandbox: DockerSandbox) -> None:
    with sandbox.job("running") as job:
        result = shell(job, "dd if=/dev/zero of=/dev/null bs=300M count=1", limits=RunLimits(memory_mib=64))
    assert result.limit is Limit.MEMORY


def test_a_fork_bomb_is_limited(sandbox: DockerSandbox) -> None:
    with sandbox.job("running") as job:
        result = shell(job, "for i in $(seq 60); do sleep 9 & done", limits=RunLimits(pids=40))
    assert result.limit is Limit.PIDS


def test_one_file_cannot_grow_without_bound(sandbox: DockerSandbox) -> None:
    with sandbox.job("running") as job:
        result = shell(job, "dd if=/dev/zero of=/big bs=1M count=100", limits=RunLimits(writable_mib=16))
    assert result.limit is Limit.DISK


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (ContainerSpec(image=BUSYBOX, args=("no-such-program",)), "executable file not found"),
        (ContainerSpec(image=BUSYBOX, args=("/etc",)), "permission denied"),
        (ContainerSpec(image=BUSYBOX, user="nobody-such"), "unable to find user"),
    ],
)
def test_what_cannot_start_says_so_in_the_engines_words(
    sandbox: DockerSandbox, spec: ContainerSpec, words: str
) -> None:
    with sandbox.job("running") as job:
        container = job.start(spec)
        result = container.wait()
        assert words in result.start_error
        assert (result.stdout, result.stderr, result.limit) == (b"", b"", None)
        assert not container.running()
        assert container.processes() == ()
        assert container.listeners() == ()


def test_an_image_without_a_command_cannot_start(sandbox: DockerSandbox) -> None:
    with sandbox.job("running") as job:
        image = job.build(context("FROM scratch\nCOPY Dockerfile /\n")).image_id
        container = job.start(ContainerSpec(image=image))
        assert "command" in container.wait().start_error.lower()
        assert container.read_file("/Dockerfile") is None


def test_an_image_that_is_not_there_is_no_fault_of_the_submission(sandbox: DockerSandbox) -> None:
    with sandbox.job("running") as job, pytest.raises(SandboxUnavailable, match="not on this engine"):
        job.run(ContainerSpec(image="drydock-no-such-image:1"))


def test_stopping_sends_the_stop_signal_of_the_image_and_kills_the_deaf(sandbox: DockerSandbox) -> None:
    dockerfile = (
        f"FROM {BUSYBOX}\nSTOPSIGNAL SIGUSR1\n"
        "CMD trap 'echo bye; exit 3' USR1; echo up; while true; do sleep 0.1; done\n"
    )
    with sandbox.job("running") as job:
        image = job.build(context(dockerfile)).image_id
        polite, deaf = (
            job.start(ContainerSpec(image=image)),
            job.start(ContainerSpec(image=BUSYBOX, args=("sleep", "99"))),
        )
        while polite.logs() != (b"up\n", b""):
            assert polite.running()
        stopped, killed = polite.stop(within_seconds=5), deaf.stop(within_seconds=0.3)
        assert not polite.running()
        assert polite.wait() == stopped
    assert (stopped.exit_code, stopped.stdout, stopped.limit) == (3, b"up\nbye\n", None)
    assert (killed.exit_code, killed.limit) == (137, Limit.WALL)


def test_a_container_is_killed_at_once(sandbox: DockerSandbox) -> None:
    with sandbox.job("running") as job:
        container = job.start(ContainerSpec(image=BUSYBOX, args=("sleep", "99")))
        assert container.kill().exit_code == 137
        assert container.kill().limit is None


def test_healthchecks_are_off_unless_the_run_is_about_them(sandbox: DockerSandbox) -> None:
    dockerfile = f"FROM {BUSYBOX}\nHEALTHCHECK --interval=1s CMD true\nCMD sleep 99\n"
    with sandbox.job("running") as job:
        image = job.build(context(dockerfile)).image_id
        off, on = job.start(ContainerSpec(image=image)), job.start(ContainerSpec(image=image, healthcheck=True))
        while on.health() == "starting":
            assert on.running()
        assert (off.health(), on.health()) == ("none", "healthy")


def test_a_healthcheck_that_sleeps_for_ever_keeps_nobody(sandbox: DockerSandbox) -> None:
    dockerfile = f"FROM {BUSYBOX}\nHEALTHCHECK --interval=1s --timeout=1h CMD sleep 9999\nCMD sleep 99\n"
    with sandbox.job("running") as job:
        image = job.build(context(dockerfile)).image_id
        container = job.start(ContainerSpec(image=image, healthcheck=True))
        while b"9999" not in container.exec(["ps"]).stdout:
            assert container.running()
        assert container.health() == "starting"
        assert container.kill().exit_code == 137


def test_a_read_only_container_cannot_write(sandbox: DockerSandbox) -> None:
    with sandbox.job("running") as job:
        assert b"Read-only" in shell(job, "echo x > /x", read_only=True).stderr


def test_a_volume_outlives_its_container(sandbox: DockerSandbox) -> None:
    with sandbox.job("running") as job:
        job.create_volume("data")
        shell(job, "echo kept > /data/x", volumes={"/data": "data"})
        assert shell(job, "cat /data/x", volumes={"/data": "data"}).stdout == b"kept\n"


def test_containers_of_a_network_find_each_other_by_name(sandbox: DockerSandbox) -> None:
    with sandbox.job("running") as job:
        job.create_network("inner")
        serve = ("sh", "-c", "echo hello > /index.html; httpd -f -p 80 -h /")
        job.start(ContainerSpec(image=BUSYBOX, args=serve, network="inner", aliases=("web",)))
        got = shell(job, "until wget -qO- http://web/; do sleep 0.1; done", network="inner")
    assert got.stdout == b"hello\n"


def test_a_program_is_run_inside_a_container(sandbox: DockerSandbox) -> None:
    with sandbox.job("running") as job:
        container = job.start(ContainerSpec(image=BUSYBOX, args=("sleep", "99"), limits=RunLimits(output_bytes=1000)))
        ran = container.exec(["sh", "-c", "id -u; echo err >&2; exit 3"], user="7")
        assert (ran.exit_code, ran.stdout, ran.stderr) == (3, b"7\n", b"err\n")
        assert "executable file not found" in container.exec(["no-such-program"]).start_error
        assert container.exec(["sleep", "9"], seconds=0.2).limit is Limit.WALL
        flood = container.exec(["yes"])
        assert (flood.limit, len(flood.stdout)) == (Limit.OUTPUT, 1000)
        container.kill()
        assert container.exec(["true"]).start_error

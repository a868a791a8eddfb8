"""A build of a lab that allows packages installs them for real; all else stays without a network."""

import json
import re
import shutil
import socket
import subprocess
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from engines import engine, own_slot, started_engine
from sandboxes import BUSYBOX, context

from deploy.sandbox import images, registries
from graders.sandbox.base import BuildLimits, BuildResult, ContainerSpec, Job, PackageKind, SandboxUnavailable
from graders.sandbox.connection import Address
from graders.sandbox.docker import DockerSandbox
from graders.sandbox.packages import has_gate, way_to_packages

LONG = BuildLimits(seconds=180)
GATEWAY, PORT = "172.17.0.1", 3128
ASK = f"printf 'GET http://169.254.169.254/ HTTP/1.0\\r\\n\\r\\n' | nc -w 3 {GATEWAY} {PORT}; echo ended with $?"
"""A shell line that asks the proxy; whoever reaches it is answered."""


def built(job: Job, dockerfile: str, *packages: PackageKind) -> BuildResult:
    return job.build(context(dockerfile), packages=packages, limits=LONG)


@pytest.fixture
def job(engine_url: str) -> Iterator[Job]:
    with DockerSandbox(engine_url).job("packages") as opened:
        yield opened


@pytest.mark.engine
def test_pip_installs_a_package_and_the_image_holds_nothing_of_the_way(job: Job) -> None:
    result = built(
        job, "FROM python:3.11-slim\nRUN pip install itsdangerous\nRUN python -c 'import itsdangerous'\n", "pip"
    )

    assert result.ok, result.log
    assert result.packages == ("pip",)
    facts = job.image(result.image_id)
    assert not [name for name in facts.env if "proxy" in name.lower()]
    assert GATEWAY not in repr(facts)
    ran = job.run(
        ContainerSpec(image=result.image_id, args=("sh", "-c", "python -m pip download --retries 0 six; env"))
    )
    assert ran.exit_code == 0
    assert b"No matching distribution" in ran.stderr
    assert b"proxy" not in ran.stdout.lower()


@pytest.mark.engine
def test_apt_installs_a_package(job: Job) -> None:
    install = "apt-get update && apt-get install --yes --no-install-recommends hello && hello"
    result = built(job, f"FROM debian:12-slim\nRUN {install}\n", "apt")

    assert result.ok, result.log
    assert "Hello, world!" in result.log


@pytest.mark.engine
def test_npm_installs_a_package(job: Job) -> None:
    """With the node and npm of this machine, which need not be of the base's release."""
    npm = installed("npm").parents[1]
    dockerfile = (
        "FROM debian:12-slim\nCOPY rootfs /\nENV NODE_EXTRA_CA_CERTS=/authorities.crt LD_LIBRARY_PATH=/node\n"
        f"WORKDIR /app\nRUN node {npm}/bin/npm-cli.js install --no-audit --no-fund --no-update-notifier is-odd\n"
        'RUN node -e \'console.log("three is odd:", require("is-odd")(3))\'\n'
    )
    result = job.build(with_node(dockerfile, npm), packages=["npm"], limits=LONG)

    assert result.ok, result.log
    assert "three is odd: true" in result.log


def installed(program: str) -> Path:
    return Path(shutil.which(program) or "").resolve()


def with_node(dockerfile: str, npm: Path) -> bytes:
    """A build context with this machine's node, the libraries it needs, npm and the trusted authorities."""
    node = installed("node")
    libraries = subprocess.run(["ldd", node], capture_output=True, text=True, check=True).stdout
    needed = [word for line in libraries.splitlines() for word in line.split() if word.startswith("/")]
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w", dereference=True) as tar:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(dockerfile.encode())
        tar.addfile(entry, BytesIO(dockerfile.encode()))
        tar.add(node, "rootfs/usr/local/bin/node")
        tar.add("/etc/ssl/certs/ca-certificates.crt", "rootfs/authorities.crt")
        for library in needed:
            if not library.startswith(("/lib/x86_64-linux-gnu/libc.", "/lib64/ld-")):
                tar.add(library, f"rootfs/node/{Path(library).name}")
        # What Debian's npm requires lies beside it.
        folder = npm.parent if npm.parent == Path("/usr/share/nodejs") else npm
        tar.add(folder, f"rootfs{folder}")
    return packed.getvalue()


@pytest.mark.engine
@pytest.mark.parametrize(
    ("allowed", "dockerfile"),
    [
        ("pip", "FROM debian:12-slim\nRUN apt-get update -o Acquire::Retries=0\n"),
        ("apt", "FROM python:3.11-slim\nRUN pip download --retries 0 -vv six\n"),
    ],
    ids=["pip", "apt"],
)
def test_a_lab_that_allows_one_kind_reaches_no_other(job: Job, allowed: PackageKind, dockerfile: str) -> None:
    result = built(job, dockerfile, allowed)

    assert not result.ok
    assert "403" in result.log
    assert "Filtered" in result.log


@pytest.mark.engine
def test_a_build_that_may_fetch_packages_reaches_nothing_else(job: Job) -> None:
    with socket.create_server(("127.0.0.1", 0)) as here:
        here.settimeout(0)
        page = f"127.0.0.1:{here.getsockname()[1]}"
        foreign = sorted({place.host for place in registries.places("apt")} - hosts_of("pip"))
        tries = [
            f"GET http://{page}/ HTTP/1.0",
            f"CONNECT {page} HTTP/1.0",
            "GET http://169.254.169.254/ HTTP/1.0",
            "CONNECT 169.254.169.254:443 HTTP/1.0",
            "CONNECT registry.example:443 HTTP/1.0",
            *(f"CONNECT {host}:443 HTTP/1.0" for host in foreign),
            *(f"GET http://{host}/ HTTP/1.0" for host in foreign),
            *(f"CONNECT {host}:22 HTTP/1.0" for host in sorted(hosts_of("pip"))),
            *(f"CONNECT {host}:443@{page} HTTP/1.0" for host in sorted(hosts_of("pip"))),
        ]
        asks = "; ".join(
            f"echo \"answer: $(printf '{line}\\r\\n\\r\\n' | nc -w 5 {GATEWAY} {PORT} 2>&1 | head -n 1)\""
            for line in tries
        )
        raw = "; ".join(
            f'echo "raw {where}: $(nc -w 5 {where.replace(":", " ")} 2>&1 </dev/null)"'
            for where in ("192.0.2.1:53", "169.254.169.254:80", "198.51.100.1:443", f"{GATEWAY}:22")
        )
        result = built(job, f"FROM {BUSYBOX}\nRUN {asks}; {raw}\n", "pip")
        with pytest.raises(BlockingIOError):
            here.accept()

    answers = [line for line in result.log.splitlines() if line.startswith("answer: ")]
    assert len(answers) == len(tries)
    assert [line for line in answers if " 403 " not in line] == []
    reached = [line for line in result.log.splitlines() if line.startswith("raw ")]
    assert len(reached) == 4
    assert [line for line in reached if "unreachable" not in line and "timed out" not in line] == []


def hosts_of(kind: str) -> set[str]:
    return {place.host for place in registries.places(kind)}


@pytest.mark.engine
def test_while_a_way_is_open_neither_another_build_nor_a_container_may_use_it(engine_url: str, job: Job) -> None:
    job.create_network("shop")
    with way_to_packages(Address(engine_url), ["pip"]):
        allowed = job.build(context(f"FROM {BUSYBOX}\nRUN true\n"))
        without = built(job, f"FROM {BUSYBOX}\nRUN {ASK}\n")
        alone = job.run(ContainerSpec(image=BUSYBOX, args=("sh", "-c", ASK)))
        in_network = job.run(ContainerSpec(image=BUSYBOX, args=("sh", "-c", ASK), network="shop"))

    assert allowed.ok
    assert "ended with 1" in without.log
    for ran in (alone, in_network):
        assert ran.stdout == b"ended with 1\n"


@pytest.mark.engine
def test_after_its_build_a_way_is_closed(job: Job) -> None:
    during = built(job, f"FROM {BUSYBOX}\nRUN {ASK}\n", "pip")
    after = built(job, f"FROM {BUSYBOX}\nRUN {ASK}\n")

    assert "403 Filtered" in during.log
    assert "403" not in after.log


@pytest.mark.engine
def test_add_from_the_web_gets_nowhere_where_packages_are_allowed(job: Job) -> None:
    place = registries.places("apt")[0]
    result = built(job, f"FROM {BUSYBOX}\nADD {place.scheme}://{place.host}/ /page\n", "apt", "pip")

    assert not result.ok
    assert "unreachable" in result.error


@pytest.mark.engine
def test_nobody_is_told_where_the_machine_looks_names_up(job: Job) -> None:
    machine = [line.split()[1] for line in Path("/etc/resolv.conf").read_text().splitlines() if "nameserver" in line]
    show = "cat /etc/resolv.conf; nslookup registry.example 2>&1"
    job.create_network("shop")
    seen = [
        built(job, f"FROM {BUSYBOX}\nRUN {show}; true\n").log,
        built(job, f"FROM {BUSYBOX}\nADD http://registry.example/ /page\n").error,
        job.run(ContainerSpec(image=BUSYBOX, args=("sh", "-c", show))).stdout.decode(),
        job.run(ContainerSpec(image=BUSYBOX, args=("sh", "-c", show), network="shop")).stdout.decode(),
    ]

    assert machine
    assert [(address, text) for address in machine for text in seen if address in text] == []


@pytest.mark.engine
def test_containers_of_a_network_still_know_each_other_by_name(job: Job) -> None:
    job.create_network("shop")
    job.start(ContainerSpec(image=BUSYBOX, args=("sleep", "30"), network="shop", aliases=("store",)))
    ran = job.run(ContainerSpec(image=BUSYBOX, args=("ping", "-c", "1", "-w", "5", "store"), network="shop"))

    # The engine gives each network other addresses than the ones before.
    assert re.search(rb"^PING store \(\d+\.\d+\.\d+\.\d+\)", ran.stdout), ran


@pytest.fixture(scope="module")
def no_registry(request: pytest.FixtureRequest) -> Iterator[str]:
    """An engine whose pip index is down, without an index for apt."""
    with pytest.MonkeyPatch.context() as patch, own_slot("gate") as name:
        with socket.create_server(("127.0.0.1", 0)) as gone:
            patch.setenv("DRYDOCK_PACKAGES_PIP", f"http://127.0.0.1:{gone.getsockname()[1]}/simple")
        patch.setenv("DRYDOCK_PACKAGES_APT", "off")
        with started_engine(name, "--memory-mib", "200", "--disk-mib", "300") as url:
            yield url
        engine("clean", name)


@pytest.fixture
def broken_job(no_registry: str, tmp_path: Path) -> Iterator[Job]:
    course = tmp_path / "course.yaml"
    course.write_text("bases: {busybox: {image: 'busybox:1.35', recipe: {packages: {kind: busybox}}}}\n")
    images.prepare(course_file=course, engine_url=no_registry, say=lambda _: None)
    with DockerSandbox(no_registry).job("packages") as opened:
        yield opened


@pytest.mark.engine
def test_a_failure_while_the_registry_is_down_is_not_the_learners(broken_job: Job) -> None:
    with pytest.raises(
        SandboxUnavailable, match=r"could not fetch packages: No package registry can be reached for pip"
    ):
        built(broken_job, f"FROM {BUSYBOX}\nRUN false\n", "pip")
    assert built(broken_job, f"FROM {BUSYBOX}\nRUN true\n", "pip").ok


@pytest.mark.engine
def test_a_kind_that_the_machine_does_not_offer_is_not_the_learners_fault(broken_job: Job) -> None:
    with pytest.raises(SandboxUnavailable, match="DRYDOCK_PACKAGES_APT is `off`"):
        built(broken_job, f"FROM {BUSYBOX}\nRUN true\n", "apt")


@pytest.mark.engine
def test_a_grader_that_goes_takes_its_way_with_it(no_registry: str) -> None:
    folder = Path(f"/run/drydock/{no_registry.split('/')[-2]}/packages")
    gate = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    gate.connect(str(folder.with_name("packages.sock")))
    gate.sendall(b'{"kinds": ["pip"]}\n')
    assert json.loads(gate.recv(4096)) == {"proxy": f"http://{GATEWAY}:{PORT}"}
    assert folder.exists()
    gate.close()

    with way_to_packages(Address(no_registry), ["pip"]):  # waits for its turn
        assert folder.exists()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as nonsense:
        nonsense.connect(str(folder.with_name("packages.sock")))
        nonsense.sendall(b'{"kinds": ["ssh"]}\n')
        assert "Say which packages" in nonsense.recv(4096).decode()
        assert not folder.exists()


def test_an_engine_without_a_gate_cannot_build_for_such_a_lab(tmp_path: Path) -> None:
    for url in (f"unix://{tmp_path}/docker.sock", "tcp://127.0.0.1:1"):
        assert not has_gate(Address(url))
        with (
            pytest.raises(SandboxUnavailable, match=r"has no way to a package registry .* deploy/sandbox/engine\.py"),
            way_to_packages(Address(url), ["pip"]),
        ):
            pytest.fail("it opened")


def test_without_packages_no_engine_is_asked() -> None:
    with way_to_packages(Address("unix:///nowhere/docker.sock"), []) as way:
        way.ensure_it_worked()
        assert (way.network, dict(way.build_args)) == ("none", {})

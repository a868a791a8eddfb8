"""What the attempts of the audit make of what they see: only a refusal that was seen is a protection that holds."""

import socket
from typing import Any

import pytest
import requests
from docker.errors import APIError

from graders.sandbox.audit import PROTECTIONS
from graders.sandbox.base import BuildResult, ContainerSpec, Limit, RunResult
from graders.sandbox.connection import Address
from graders.sandbox.protections import network, resources
from graders.sandbox.protections.bench import LINK_LOCAL, Bench, Bounds, Canary, Finding, open_canary

HERE = "192.0.2.7"


def built(log: str = "", *, ok: bool = True, error: str = "", limit: Limit | None = None) -> BuildResult:
    return BuildResult(image_id="sha256:1" if ok else "", steps=(), log=log, seconds=0, error=error, limit=limit)


def ran(stdout: bytes = b"", stderr: bytes = b"", *, exit_code: int = 0) -> RunResult:
    return RunResult(exit_code=exit_code, stdout=stdout, stderr=stderr, seconds=0)


class ScriptedJob:
    """A job whose builds and runs come out as told, the last of them over again."""

    def __init__(self, *, builds: list[BuildResult], runs: list[RunResult]) -> None:
        self._builds, self._runs = builds, runs

    def build(self, context: bytes, **_: object) -> BuildResult:
        assert context
        return self._builds.pop(0) if len(self._builds) > 1 else self._builds[0]

    def run(self, spec: ContainerSpec) -> RunResult:
        assert spec.args
        return self._runs.pop(0) if len(self._runs) > 1 else self._runs[0]


class Client:
    """An engine that refuses to make a container, in these words; `None` lets it."""

    api_version = "1.41"

    def __init__(self, refusal: str | None = "no") -> None:
        self._refusal = refusal
        self.removed: list[str] = []

    def create_host_config(self, **options: Any) -> dict[str, Any]:
        return dict(options)

    def create_container(self, *_: object, **__: object) -> dict[str, str]:
        if self._refusal is not None:
            raise APIError(self._refusal, response=requests.Response(), explanation=self._refusal)
        return {"Id": "made"}

    def start(self, container: str) -> None:
        """It runs."""

    def remove_container(self, container: str, **_: object) -> None:
        self.removed.append(container)

    def info(self) -> dict[str, int]:
        return {"NCPU": 2}


def bench(
    *builds: BuildResult,
    runs: list[RunResult] | None = None,
    client: Client | None = None,
    canary: Canary | None = None,
) -> Bench:
    job: Any = ScriptedJob(builds=list(builds) or [built()], runs=runs or [ran()])
    engine: Any = client or Client()
    return Bench(
        address=Address("unix:///run/none/docker.sock"),
        client=engine,
        job=job,
        image="probe",
        bounds=Bounds(),
        canary=canary or Canary(port=1),
    )


@pytest.fixture(autouse=True)
def _one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "own_addresses", lambda: [HERE])
    monkeypatch.setattr(resources, "_SPACE_TRIES", 1)
    monkeypatch.setattr(resources.time, "sleep", lambda _: None)


def finding(protection: str, on: Bench) -> Finding:
    return PROTECTIONS[protection].probe(on)


BY_BUILD = ["memory-build", "pids-build", "disk-build", "cpu-build", "network-fetch", "network-build", "user-namespace"]
BY_RUN = ["memory-run", "pids-run", "disk-run", "cpu-run", "network-run", "capabilities", "system-calls"]


@pytest.mark.parametrize("protection", [*BY_BUILD, "no-new-privileges", "engine-socket"])
def test_a_build_that_failed_for_another_reason_shows_nothing(protection: str) -> None:
    seen = finding(protection, bench(built(ok=False, error="runc is missing")))
    assert not seen.holds, seen


@pytest.mark.parametrize("protection", BY_RUN)
def test_a_run_that_said_nothing_shows_nothing(protection: str) -> None:
    seen = finding(protection, bench(runs=[ran()]))
    assert not seen.holds, seen


@pytest.mark.parametrize(
    ("heard", "holds", "told"),
    [
        (f"{HERE}: Network is unreachable.\n{LINK_LOCAL}: No route to host.\n", True, "unreachable"),
        (f"{HERE}: Connection refused.\n{LINK_LOCAL}: No route to host.\n", False, f"There is a way to {HERE}"),
        (f"{HERE}: .\n{LINK_LOCAL}: No route to host.\n", False, "it was connected"),
        (f"{HERE}: Network is unreachable.\n", False, f"The attempt on {LINK_LOCAL} could not be made"),
        ("", False, "could not be made"),
    ],
)
def test_only_an_address_that_is_unreachable_is_out_of_reach(heard: str, *, holds: bool, told: str) -> None:
    seen = finding("network-build", bench(built(heard)))
    assert seen.holds is holds
    assert told in seen.seen
    assert finding("network-run", bench(runs=[ran(heard.encode())])) == seen


@pytest.mark.parametrize("protection", ["network-fetch", "network-build", "network-run"])
def test_a_canary_that_was_reached_tells_against_whatever_was_said(protection: str) -> None:
    seen = finding(protection, bench(canary=Canary(port=1, reached=1)))
    assert not seen.holds
    assert "of this machine" in seen.seen or "on this machine" in seen.seen


def test_add_that_fetched_a_page_of_this_machine_has_a_way() -> None:
    seen = finding("network-fetch", bench(built()))
    assert (seen.holds, seen.seen) == (False, f"ADD has a way to {HERE}: it fetched a page")


FULL = built("5000 KiB free\n", ok=False, limit=Limit.DISK)


@pytest.mark.parametrize(
    ("builds", "holds", "told"),
    [
        ([built("5000 KiB free\n")], False, "could take 16384 MiB of disk"),
        ([built("", ok=False, error="runc is missing")], False, "could not be filled: runc is missing"),
        ([FULL, built("100 KiB free\n"), built("90 KiB free\n")], False, "and stayed so"),
        ([FULL, built("no number"), built("4900 KiB free\n")], True, "the space came back"),
        ([FULL, built("4900 KiB free\n")], True, "the space came back"),
    ],
)
def test_a_disk_that_was_filled_must_be_empty_again(builds: list[BuildResult], *, holds: bool, told: str) -> None:
    seen = finding("disk-build", bench(*builds))
    assert seen.holds is holds
    assert told in seen.seen


@pytest.mark.parametrize(
    ("spent", "holds", "told"),
    [("0m1.00s 0m0.50s", True, "got 1.0 of 2 CPUs"), ("0m2.50s 0m0.40s", False, "got 1.9 of 2 CPUs")],
)
def test_where_nothing_can_be_read_of_the_meter_time_itself_is_measured(spent: str, *, holds: bool, told: str) -> None:
    log = f"100.00 9.99\n101.50 9.99\n{spent}\n"
    seen = finding("cpu-build", bench(built("no group here"), built(log)))
    assert seen.holds is holds
    assert told in seen.seen


@pytest.mark.parametrize(
    ("refusal", "holds", "told"),
    [
        ("privileged mode is incompatible with user namespaces", True, "Refused: privileged mode"),
        ("the disk is full", False, "refused for another reason: the disk is full"),
        (None, False, "The engine gave a container privileged mode."),
    ],
)
def test_a_refusal_must_be_the_one_that_was_meant(refusal: str | None, *, holds: bool, told: str) -> None:
    client = Client(refusal)
    seen = finding("privileged", bench(client=client))
    assert seen.holds is holds
    assert told in seen.seen
    assert client.removed == ([] if refusal else ["made"])


@pytest.mark.parametrize(
    ("table", "told"),
    [("", "could not be read"), ("0 0 4294967295", "is root on the machine"), ("7 100000 65536", "could not be read")],
)
def test_the_user_table_must_be_read_and_name_somebody_else(table: str, told: str) -> None:
    mapped = built("\nmap 0 100000 65536\n")
    seen = finding("user-namespace", bench(mapped, runs=[ran(table.encode())]))
    assert not seen.holds
    assert told in seen.seen
    assert finding("user-namespace", bench(mapped, runs=[ran(b"0 100000 65536")])).holds


def test_a_nobody_that_a_setuid_program_makes_root_is_seen() -> None:
    seen = finding("no-new-privileges", bench(runs=[ran(stderr=b"su: unknown user somebody", exit_code=1)]))
    assert (seen.holds, seen.seen) == (False, "A setuid program made a nobody root.")


@pytest.mark.parametrize("protection", ["packages-proxy", "packages-others"])
def test_an_engine_without_a_gate_has_no_way_that_could_be_misused(protection: str) -> None:
    seen = finding(protection, bench())
    assert (seen.holds, seen.seen) == (True, "This engine has no way to a package registry.")


def test_a_canary_counts_only_who_knows_its_word() -> None:
    def call(port: int, word: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as caller:
            caller.sendall(word)
            return caller.recv(4096)

    with open_canary() as canary:
        assert call(canary.port, b"hello") == b""
        assert canary.reached == 0
        assert call(canary.port, canary.nonce.encode()).endswith(b"reached")
        assert canary.reached == 1

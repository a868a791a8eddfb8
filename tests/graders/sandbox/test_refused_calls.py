"""An engine that refuses single calls: what is tried again, what is left, and what is the engine's own trouble.

A real engine refuses these too seldom to be asked; its words are those that it was seen to use.
"""

import logging
from typing import Any

import docker
import pytest
import requests
from docker.errors import APIError, NotFound

from graders.sandbox import freezing, owners, stuck
from graders.sandbox.base import BuildLimits, BuildResult, DiskFull, SandboxUnavailable
from graders.sandbox.buildkit import BuildOrder
from graders.sandbox.connection import Address, engine_call
from graders.sandbox.freezing import freeze
from graders.sandbox.hardening import start_hardened
from graders.sandbox.ledger import Ledger, reap
from graders.sandbox.limits import exec_fault, is_cpu_refusal, is_engine_going, is_removal_under_way, was_killed
from graders.sandbox.owners import find_context_owner
from graders.sandbox.stuck import holds_a_build

CPU = "OCI runtime create failed: write cpu.cfs_quota_us: invalid argument: unknown"
NOWHERE = Address("unix:///run/none/docker.sock")


def refused(words: str, kind: type[APIError] = APIError) -> APIError:
    return kind(words, response=requests.Response(), explanation=words)


class Client:
    """An engine's client: each call is written down, and gets the next of its answers, the last one over again."""

    def __init__(self, **answers: list[object]) -> None:
        self._answers = answers
        self.calls: list[str] = []

    def __getattr__(self, verb: str) -> Any:
        def call(*_: object, **__: object) -> object:
            self.calls.append(verb)
            answers = self._answers.get(verb, [None])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def client(**answers: list[object]) -> docker.APIClient:
    return Client(**answers)  # type: ignore[return-value]


def calls(of: docker.APIClient) -> list[str]:
    return of.calls  # type: ignore[attr-defined, no-any-return]


def test_a_container_starts_without_a_bound_of_its_own_where_the_engines_is_tighter() -> None:
    engine, attached = client(start=[refused(CPU), None]), []
    start_hardened(engine, "id", attach=lambda: attached.append(1))
    assert calls(engine) == ["start", "update_container", "start"]
    assert len(attached) == 2


def test_another_refusal_to_start_is_handed_on() -> None:
    engine = client(start=[refused("no such file or directory")])
    with pytest.raises(APIError, match="no such file"):
        start_hardened(engine, "id", attach=lambda: None)
    assert calls(engine) == ["start"]


@pytest.mark.parametrize(
    ("words", "trouble"),
    [("write /x: no space left on device", DiskFull), ("driver failed", SandboxUnavailable)],
)
def test_a_full_disk_is_told_from_other_trouble(words: str, trouble: type[SandboxUnavailable]) -> None:
    with pytest.raises(SandboxUnavailable, match=words) as caught, engine_call("trying"):
        raise refused(words)
    assert type(caught.value) is trouble


def leaving(refusal: APIError | None) -> docker.APIClient:
    name = Ledger("left").name("run")
    return client(
        containers=[[{"Names": [f"/{name}", f"/other/{name}"]}]],
        networks=[[]],
        volumes=[{"Volumes": None}],
        images=[[]],
        remove_container=[refusal],
    )


@pytest.mark.parametrize(
    ("refusal", "removed", "all_gone"),
    [
        (None, 1, True),
        (refused("No such container", NotFound), 0, True),
        (refused("removal of container x is already in progress"), 0, True),
        (refused("driver failed to remove root filesystem: device or resource busy"), 0, False),
    ],
)
def test_what_cannot_be_removed_is_left_and_said(
    refusal: APIError | None, removed: int, *, all_gone: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        reaped = reap(leaving(refusal))
    assert (reaped.removed, reaped.all_gone) == (removed, all_gone)
    assert ("stays on the engine for now" in caplog.text) is not all_gone


def test_an_engine_that_is_being_stopped_removes_nothing_and_is_trouble() -> None:
    with pytest.raises(SandboxUnavailable, match="is being stopped"):
        reap(leaving(refused("grpc: the client connection is closing: unavailable")))


@pytest.mark.parametrize("kept", [[{"BuildCache": None}], [{}], [{"BuildCache": [{"ID": "x"}]}, {"BuildCache": []}]])
def test_a_cache_that_empties_in_a_moment_holds_no_build(kept: list[object]) -> None:
    assert not holds_a_build(client(df=kept))


def test_a_cache_that_stays_in_use_holds_a_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stuck, "_RELEASE_SECONDS", 0.0)
    assert holds_a_build(client(df=[{"BuildCache": [{"ID": "x", "InUse": True}]}]))


def state(*, running: bool, exit_code: int = 0) -> dict[str, object]:
    return {"State": {"Running": running, "ExitCode": exit_code}}


@pytest.fixture(name="agents")
def _agents(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each of the containers that hold another one's processes ends in time."""
    ends = [True]
    monkeypatch.setattr(freezing, "wait_for_end", lambda *_: ends.pop(0) if len(ends) > 1 else ends[0])
    monkeypatch.setattr(freezing, "hardened_host_config", lambda *_, **__: {})
    monkeypatch.setattr(freezing, "start_hardened", lambda *_, **__: None)
    return ends


def frozen(engine: docker.APIClient) -> bool:
    return freeze(NOWHERE, engine, "id", image="probe", names=lambda: "freezer")


def test_a_container_is_held_when_our_program_ended_well_and_it_still_runs(agents: list[bool]) -> None:
    engine = client(create_container=[{"Id": "a"}], inspect_container=[state(running=False), state(running=True)])
    assert agents
    assert frozen(engine)
    assert calls(engine)[:2] == ["kill", "create_container"]


def test_a_container_that_has_ended_is_not_held(agents: list[bool]) -> None:
    engine = client(kill=[refused("Container id is not running")], inspect_container=[state(running=False)])
    assert agents
    assert not frozen(engine)
    assert calls(engine) == ["kill", "inspect_container"]


def test_one_that_resists_is_tried_again_but_not_for_ever(agents: list[bool]) -> None:
    agents[:] = [False]
    engine = client(create_container=[{"Id": "a"}], inspect_container=[state(running=True, exit_code=1)])
    assert not frozen(engine)
    assert calls(engine).count("create_container") == 3
    assert calls(engine).count("kill") == 6, "the container's process 1, and our own program that did not end"


@pytest.mark.parametrize("words", ["cannot join the namespace of a stopped container", "OCI runtime create failed"])
def test_a_program_of_ours_that_does_not_start_is_tried_again(agents: list[bool], words: str) -> None:
    found = [state(running=True), state(running=True, exit_code=0)]
    engine = client(create_container=[refused(words), {"Id": "a"}], inspect_container=found)
    assert agents
    assert frozen(engine)
    assert calls(engine).count("create_container") == 2


def test_an_engine_that_cannot_build_the_plainest_image_is_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    orders: list[BuildOrder] = []

    def build(_: object, __: object, order: BuildOrder) -> BuildResult:
        orders.append(order)
        return BuildResult(image_id="", error="runc is missing", seconds=0, steps=(), log="")

    monkeypatch.setattr(owners, "build", build)
    with pytest.raises(SandboxUnavailable, match="plainest of images: runc is missing"):
        find_context_owner(NOWHERE, client(), Ledger("a"), base="busybox:1.35", id_offset=0)
    assert b"FROM busybox:1.35" in orders[0].context
    assert orders[0].limits == BuildLimits()


@pytest.mark.parametrize(
    ("exit_code", "output", "fault"),
    [
        (127, b"hello", ""),
        (0, b'OCI runtime exec failed: exec failed: "x": executable file not found in $PATH: unknown', ""),
        (
            127,
            b'OCI runtime exec failed: exec failed: "x": executable file not found in $PATH: unknown\r\n',
            'OCI runtime exec failed: exec failed: "x": executable file not found in $PATH: unknown',
        ),
    ],
)
def test_a_program_that_was_not_started_is_told_from_one_that_says_so(
    exit_code: int, output: bytes, fault: str
) -> None:
    assert exec_fault(exit_code, output) == fault


def test_the_engines_words_are_told_apart() -> None:
    assert is_cpu_refusal(CPU)
    assert not is_cpu_refusal("write memory.max: invalid argument")
    assert is_removal_under_way("removal of container x is already in progress")
    assert not is_removal_under_way("No such container: x")
    assert is_engine_going("transport is closing")
    assert is_engine_going("rpc error: context canceled")
    assert not is_engine_going("connection refused")


@pytest.mark.parametrize(
    ("exit_code", "log", "killed"),
    [
        (137, "", True),
        (1, "", False),
        (None, "", False),
        (1, "container process is already dead", True),
        (1, "container process is already dead" + "." * 5000, False),
    ],
)
def test_a_step_that_somebody_killed_is_known(exit_code: int | None, log: str, *, killed: bool) -> None:
    assert was_killed(exit_code=exit_code, step_log=log) is killed

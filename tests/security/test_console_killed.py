"""A worker that is killed in the middle of a command leaves nothing that ending the session does not remove.

What counts is what was kept when it was killed: the ledger of the last `save`, before or after the engine was asked.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from graders.commands.ending import end
from graders.commands.interpreter import Console
from graders.commands.state import SessionState
from graders.commands.verbs import build as building
from tests.security.console_sessions import ok, session
from tests.security.engine_state import objects

pytestmark = pytest.mark.engine


class Killed(BaseException):
    """What no code may catch, as nothing catches a signal that kills."""


MAKING = [
    "docker create --name web busybox:1.35",
    "docker create -v /one -v two:/two --name web busybox:1.35",
    "docker run -d --name web -v /data busybox:1.35 sleep 600",
    "docker run --rm busybox:1.35 sleep 600",
    "docker run --rm -v /data --network shore busybox:1.35 true",
    "docker volume create v",
    "docker volume create",
    "docker network create n",
    "docker commit old saved",
    "docker commit old",
    "docker build -t built .",
    "docker build .",
    "docker tag busybox:1.35 mine",
    "docker rename old new",
    "docker cp old:/etc/hostname got",
    "docker rm -v old",
]
FILES = {"Dockerfile": 'FROM busybox:1.35\nVOLUME /data\nRUN echo built > /built\nCMD ["true"]\n'}


@pytest.fixture(name="kept")
def _kept(warm_engine: str) -> Iterator[tuple[Console, list[str]]]:
    """A session with a container and a network, and its ledger as it was saved each time; all must be gone after."""
    before = objects(warm_engine)
    with session(warm_engine, files=FILES, foreground_seconds=1) as console:
        ok(console, "docker create --name old busybox:1.35 && docker network create shore")
        saved = [console.state.model_dump_json()]
        console.save = lambda state: saved.append(state.model_dump_json())
        yield console, saved
        end(console.engine, SessionState.model_validate_json(saved[-1]))
        left = objects(warm_engine) | {"build cache": before["build cache"]}  # goes with the next build, see below
        assert left == before, "what the last kept ledger names, and what bears its key, is all there is"


@pytest.mark.parametrize("line", MAKING)
def test_killed_before_the_engine_is_asked(kept: tuple[Console, list[str]], line: str) -> None:
    console, saved = kept

    def save(state: SessionState) -> None:
        saved.append(state.model_dump_json())
        console.save = lambda _: None  # the dead keep nothing
        raise Killed

    console.save = save
    try:
        console.carry_out(line)
    except Killed:
        return
    assert not line.startswith(("docker create", "docker run", "docker volume", "docker network"))


@pytest.mark.parametrize("after", [1, 2, 3])
@pytest.mark.parametrize("line", MAKING)
def test_killed_after_the_engine_has_answered(
    kept: tuple[Console, list[str]], line: str, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    console, _ = kept
    client = console.engine.client
    asked: Callable[..., Any] = client.request
    changes = 0

    def request(method: str, *args: Any, **options: Any) -> Any:
        nonlocal changes
        answer = asked(method, *args, **options)
        changes += method != "GET"
        if changes == after:
            console.save = lambda _: None  # the dead keep nothing
            raise Killed
        return answer

    monkeypatch.setattr(client, "request", request)
    try:
        console.carry_out(line)
    except Killed:
        pass
    finally:
        monkeypatch.undo()


def test_killed_when_a_build_has_made_its_image(
    kept: tuple[Console, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    console, _ = kept
    builds: Callable[..., Any] = building.build_one

    def build(*args: Any, **options: Any) -> Any:
        built = builds(*args, **options)
        assert built.ok
        console.save = lambda _: None
        raise Killed

    monkeypatch.setattr(building, "build_one", build)
    with pytest.raises(Killed):
        console.carry_out("docker build -t built .")
    monkeypatch.undo()
    with session(console.engine.address.url, files=FILES) as other:
        ok(other, "docker build -q .")
    assert not console.engine.client.df()["BuildCache"], "what a killed build left of cache goes with the next build"

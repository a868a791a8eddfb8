"""Waiting for a site that comes up, or does not."""

import io
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from deploy.up import bring_up
from deploy.up.instance import REPOSITORY, Instance
from deploy.up.progress import Progress
from deploy.up.supervision import Supervisor
from deploy.up.throwaway import free_port
from deploy.up.trouble import Trouble

WELL = {"ok": True, "detail": "fine"}


class ASupervisor(Supervisor):
    """One whose programs' process numbers are what the test says."""

    def __init__(self, instance: Instance, pids: Iterator[dict[str, int]]) -> None:
        super().__init__(instance)
        self._pids = pids

    def pids(self) -> dict[str, int]:
        return next(self._pids)


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    made = Instance(name="test", repository=REPOSITORY, data=tmp_path, environment={})
    made.log_dir.mkdir()
    return made


@pytest.fixture
def site() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """A site that answers /readyz with what is in the list, the last one for ever."""
    answers: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(503 if answer["status"] == "unavailable" else 200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1], answers
    server.shutdown()
    thread.join()
    server.server_close()


def steady() -> Iterator[dict[str, int]]:
    while True:
        yield {"web": 1, "worker-0": 2}


def progress() -> Progress:
    return Progress(total=1, out=io.StringIO())


def test_up_ends_when_every_part_is_well(instance: Instance, site: tuple[int, list[dict[str, Any]]]) -> None:
    port, answers = site
    parts = {"database": WELL, "workers": {"ok": False, "detail": "1 of 2 heard of lately"}}
    answers += [{"status": "unavailable", "parts": parts}, {"status": "degraded", "parts": parts}]
    answers += [{"status": "ready", "parts": {}}]

    bring_up.wait_until_ready(instance, port, ASupervisor(instance, steady()), progress())

    assert answers == [{"status": "ready", "parts": {}}]


def test_a_part_that_does_not_come_is_named(
    instance: Instance, site: tuple[int, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bring_up, "READY_SECONDS", 0)
    port, answers = site
    answers += [
        {"status": "degraded", "parts": {"database": WELL, "engines": {"ok": False, "detail": "1 of 2 answer"}}}
    ]

    with pytest.raises(Trouble, match=r"engines \(1 of 2 answer\)"):
        bring_up.wait_until_ready(instance, port, ASupervisor(instance, steady()), progress())


def test_a_program_that_ends_is_named_with_its_last_words(instance: Instance) -> None:
    (instance.log_dir / "web.log").write_text("drydock.E004: ALLOWED_HOSTS is empty.\n")
    pids = iter([{"web": 1, "worker-0": 2}, {"web": 1, "worker-0": 2}, {"web": 9, "worker-0": 2}])

    with pytest.raises(Trouble, match=r"(?s)web does not stay up.*drydock\.E004"):
        bring_up.wait_until_ready(instance, free_port(), ASupervisor(instance, pids), progress())


def test_engines_that_do_not_come_are_counted(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bring_up, "ENGINE_SECONDS", 0)

    with pytest.raises(Trouble, match=r"of \d sandbox engines are not ready"):
        bring_up.wait_for_engines(instance, progress())


def test_a_command_that_fails_is_shown_with_its_last_words(instance: Instance) -> None:
    from deploy.up.content import _follow

    with pytest.raises(Trouble, match=r"(?s)`-c .*failed.*no such table"):
        _follow([sys.executable, "-c", "raise SystemExit('no such table')"], {}, progress(), "")

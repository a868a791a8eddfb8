"""Workers for tests of consoles in a browser: one that carries lines out on a real engine, one that grades."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import connection

from graders.sandbox.docker import DockerSandbox
from labs import console_work
from labs.grading import grade_claim
from labs.queue import claim_next


@contextmanager
def _again_and_again(step: Callable[[], bool]) -> Iterator[None]:
    """Take `step` in a thread while the block runs; it says whether there was something to do."""
    done = threading.Event()

    def work() -> None:
        try:
            while not done.is_set():
                if not step():
                    done.wait(0.05)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _carry_out() -> bool:
    return console_work.work(seconds=5, handed_in=lambda: None).taken > 0


@contextmanager
def console_workers(engine_url: str, settings: Any, *, threads: int = 2) -> Iterator[None]:
    """A worker for consoles with so many threads, and one that grades, on this engine."""
    settings.CONSOLE_ENGINE = engine_url
    settings.CONSOLE_NAME = "browser-test"

    def grade() -> bool:
        claim = claim_next(worker="browser-test")
        if claim is None:
            return False
        grade_claim(claim, DockerSandbox(engine_url, name="browser-test"))
        return True

    with ExitStack() as stack:
        for _ in range(threads):
            stack.enter_context(_again_and_again(_carry_out))
        stack.enter_context(_again_and_again(grade))
        yield

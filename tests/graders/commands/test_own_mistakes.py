"""What becomes of a line when the console itself has a mistake."""

import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest
from consoles import console

from graders.commands.daemon import Daemon
from graders.commands.doing import VERBS, Doing
from graders.commands.interpreter import Console
from graders.commands.model import Command
from graders.commands.own_words import OWN_WORDS
from graders.commands.replays import Replay, ReplayFailed
from graders.commands.rules import ConsoleRules
from graders.commands.state import OwnVolume, SessionState
from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.connection import Engine

NO_FAULT = "it is not your fault"


NO_ENGINE = cast("Engine", SimpleNamespace())


class LeaseLostInTest(Exception):
    """What a ledger's keeper raises when the session has gone over to another process."""


def _console(save: Callable[[SessionState], None] = lambda _: None) -> Console:
    return Console(state=SessionState(), engine=NO_ENGINE, rules=ConsoleRules(), save=save)


def _breaks(doing: Doing, command: Command) -> int:
    doing.out("half of it")
    doing.state.volumes.append(OwnVolume(name="data", engine_name="dd-x-v1"))
    raise KeyError("a field that was never there")


def _unreachable(doing: Doing, command: Command) -> int:
    raise SandboxUnavailable("The engine is away.")


def _saves(doing: Doing, command: Command) -> int:
    doing.save()
    return 0


def test_a_mistake_in_a_verb_ends_the_command_alone_and_is_written_down_for_the_operator(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(VERBS, ("container", "ls"), _breaks)
    monkeypatch.setattr("graders.commands.interpreter.reconcile", lambda engine, state: None)
    kept: list[int] = []
    one = _console(lambda state: kept.append(len(state.volumes)))

    with caplog.at_level(logging.ERROR):
        done = one.carry_out("docker ps; echo after; docker ps && echo never")

    assert done.stdout == "half of it\nafter\nhalf of it\n"
    assert done.stderr.count(NO_FAULT) == 2
    assert done.exit_code == 1
    assert [(each.exit_code, each.command.path if each.command else None) for each in done.done] == [
        (1, ("container", "ls"))
    ] * 2
    assert kept[-1] == 2, "what the verb had written down by then is kept"
    assert "a field that was never there" in caplog.text


def test_a_mistake_in_the_consoles_own_words_ends_the_line_and_not_the_session(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(args: list[str], stdin: str, console: Console) -> None:
        raise RecursionError

    monkeypatch.setitem(OWN_WORDS, "sort", breaks)
    one = _console()

    done = one.carry_out("echo b | sort")
    assert (done.exit_code, NO_FAULT in done.stderr) == (1, True)
    assert "RecursionError" in caplog.text
    assert one.carry_out("echo b | tr a-z A-Z").stdout == "B\n"


def test_nobody_is_graded_by_a_mistake_of_the_consoles_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VERBS, ("container", "ls"), _breaks)
    monkeypatch.setattr("graders.commands.interpreter.reconcile", lambda engine, state: None)
    replay = Replay(_console())

    assert not replay.carry_out("docker nothing; echo fine").our_fault
    with pytest.raises(ReplayFailed, match="docker ps"):
        replay.carry_out("docker ps || true")


def test_an_engine_that_is_away_is_no_mistake_of_the_consoles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VERBS, ("container", "ls"), _unreachable)
    with pytest.raises(SandboxUnavailable):
        _console().carry_out("docker ps")


def test_a_ledger_that_cannot_be_kept_stops_the_line_before_anything_more_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(VERBS, ("container", "ls"), _saves)

    def lost(state: SessionState) -> None:
        raise LeaseLostInTest

    with pytest.raises(LeaseLostInTest):
        _console(lost).carry_out("docker ps; docker ps")


def test_a_path_without_its_id_is_never_asked_for_what_everybody_has() -> None:
    daemon = Daemon(NO_ENGINE, SessionState())
    with pytest.raises(ValueError, match="an id is missing"):
        daemon.get("/containers//json")


@pytest.mark.engine
def test_what_a_mistake_left_half_written_down_is_put_right_at_once(
    engine_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = VERBS["container", "create"]

    def breaks(doing: Doing, command: Command) -> int:
        real(doing, command)
        doing.state.containers[-1].id = ""
        raise KeyError("Id")

    with console(engine_url) as one:
        monkeypatch.setitem(VERBS, ("container", "create"), breaks)
        assert NO_FAULT in one.carry_out("docker create --name web -v /data busybox:1.35 true").stderr
        assert one.carry_out("docker ps -a --format '{{.Names}}'").stdout == "web\n"
        assert one.carry_out("docker commit web kept").exit_code == 0
        assert len(one.state.volumes) == 1

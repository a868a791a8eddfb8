"""Talking to what serves: waiting for it, asking again while it starts, and stopping in time."""

from collections.abc import Callable
from dataclasses import replace
from time import monotonic

import pytest
from pydantic import ValidationError

from graders.actions import Payload, Request, Serve
from graders.sandbox.base import Container, ContainerSpec, HealthProbe, HttpReply, HttpRequest, Listener
from graders.sandbox.fake import FakeProgram, FakeSandbox, reply
from graders.serving import ask_all, wait_until_listening, wait_until_ready

SERVER = FakeProgram(serves=True, listeners=(Listener(port=80, loopback_only=False),))


def serve(**said: object) -> Serve:
    return Serve.model_validate(said)


def started(program: FakeProgram) -> Container:
    with FakeSandbox(on_run=lambda spec: program).job("job") as job:
        return job.start(ContainerSpec(image="x"))


def answering(*answers: HttpReply) -> tuple[list[HttpRequest], Callable[[HttpRequest], HttpReply]]:
    asked: list[HttpRequest] = []

    def answer(request: HttpRequest) -> HttpReply:
        asked.append(request)
        return answers[min(len(asked), len(answers)) - 1]

    return asked, answer


def test_a_port_that_is_listened_on_is_found_at_once() -> None:
    assert wait_until_listening(started(SERVER), port=80, seconds=0)


def test_another_port_is_waited_for_until_the_time_is_up() -> None:
    assert not wait_until_listening(started(SERVER), port=81, seconds=0.15)


def test_a_container_that_has_ended_is_not_waited_for() -> None:
    began = monotonic()
    assert not wait_until_listening(started(FakeProgram()), port=80, seconds=60)
    assert monotonic() - began < 30


def test_a_get_is_asked_again_while_nobody_answers() -> None:
    asked, answer = answering(reply(error="refused"), reply(error="refused"), reply(b"hi"))
    got = ask_all(
        started(replace(SERVER, http=answer)), {"a": Request()}, default_port=80, ready_by=monotonic() + 30, seconds=30
    )
    assert got["a"].body == b"hi"
    assert len(asked) == 3


def test_a_post_is_never_sent_twice() -> None:
    asked, answer = answering(reply(error="reset"), reply(b"hi"))
    container = started(replace(SERVER, http=answer))
    got = ask_all(container, {"a": Request(method="POST")}, default_port=80, ready_by=monotonic() + 30, seconds=30)
    assert got["a"].error == "reset"
    assert len(asked) == 1


def test_what_is_not_asked_in_time_says_so() -> None:
    asked, answer = answering(reply(b"hi"))
    container = started(replace(SERVER, http=answer))
    got = ask_all(container, {"a": Request()}, default_port=80, ready_by=monotonic(), seconds=0)
    assert "was not asked" in got["a"].error
    assert not asked


def test_json_and_headers_are_sent_as_asked() -> None:
    asked, answer = answering(reply())
    send = Payload.model_validate({"json": {"text": "é"}, "headers": {"X-A": "1"}})
    request = Request(port=81, method="PUT", path="/x?y=z", send=send, timeout_seconds=2)
    ask_all(started(replace(SERVER, http=answer)), {"a": request}, default_port=80, ready_by=0, seconds=30)
    (sent,) = asked
    assert (sent.port, sent.method, sent.path, sent.timeout_seconds) == (81, "PUT", "/x?y=z", 2)
    assert sent.body == '{"text": "é"}'.encode()
    assert sent.headers == {"X-A": "1", "Content-Type": "application/json"}


def test_what_it_prints_shows_that_it_is_ready() -> None:
    worker = started(FakeProgram(serves=True, stderr=b"one\nready for work 7\n"))
    assert wait_until_ready(worker, Serve.model_validate({"ready": {"log": "^ready for work [0-9]+$"}})).ready
    assert not wait_until_ready(worker, serve(ready={"log": "never"}, wait_seconds=0.15)).ready


def test_a_pattern_that_takes_for_ever_does_not_hold_grading_up() -> None:
    worker = started(FakeProgram(serves=True, stdout=b"a" * 40))
    assert not wait_until_ready(worker, serve(ready={"log": "(a|aa|aaa)+(a|b)+c{2}$"}, wait_seconds=0.1)).ready


def test_an_answer_below_400_shows_that_it_is_ready() -> None:
    asked, answer = answering(reply(error="refused"), reply(status=503), reply(b"ok"))
    server = started(replace(SERVER, http=answer))
    assert wait_until_ready(server, serve(port=80, ready={"http": "/up"}, wait_seconds=30)).ready
    assert [request.path for request in asked] == ["/up"] * 3


def test_its_healthcheck_shows_that_it_is_ready() -> None:
    assert wait_until_ready(started(replace(SERVER, health="healthy")), serve(ready="health")).ready
    tried = HealthProbe(exit_code=1, output="no\nway\n", seconds=0.1)
    sick = started(replace(SERVER, health="unhealthy", health_log=(tried,)))
    seen = wait_until_ready(sick, serve(ready="health", wait_seconds=0.15))
    assert not seen.ready
    assert seen.instead == 'Its last try ended with exit code 1 and printed "no⏎way".'


def test_what_was_answered_instead_is_told() -> None:
    _, answer = answering(reply(b"warming up", status=503))
    server = started(replace(SERVER, http=answer))
    seen = wait_until_ready(server, serve(port=80, ready={"http": "/up"}, wait_seconds=0.1))
    assert seen.instead == 'It answered with 503: "warming up".'


def test_a_worker_is_not_waited_for_but_must_run() -> None:
    assert wait_until_ready(started(FakeProgram(serves=True)), serve(ready="started")).ready
    assert not wait_until_ready(started(FakeProgram()), serve(ready="started")).ready


def test_a_port_is_what_is_waited_for_where_nothing_else_is_said() -> None:
    assert serve(port=80).ready.is_port
    assert serve(port=80, ready="port") == serve(port=80)
    assert Serve.model_validate(serve(port=80, ready="health").model_dump(mode="json")).ready.health


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, "needs the `port` that is waited for"),
        ({"ready": {"http": "/"}}, "needs the `port` that is waited for"),
        ({"port": 80, "ready": "soon"}, "must be port, health, started"),
        ({"port": 80, "ready": {"http": "up"}}, "should match pattern"),
        ({"port": 80, "ready": {"http": "/up", "log": "up"}}, "waits for one thing"),
    ],
)
def test_an_author_is_told_what_can_be_waited_for(said: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        serve(**said)

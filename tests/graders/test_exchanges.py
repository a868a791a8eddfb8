"""Steps that follow from each other: kept values, waiting, restarts, and who is to blame, on a scripted sandbox."""

import json
from collections.abc import Callable
from dataclasses import replace
from textwrap import dedent

import pytest
from pydantic import ValidationError

from graders.archive import Submission
from graders.engine import grade
from graders.exchanges import Exchange, Step, filled_step
from graders.plan import Base, InvalidPlan, LabPlan, parse_plan
from graders.report import CheckOutcome, Report
from graders.sandbox.base import ContainerSpec, HttpReply, HttpRequest, Listener
from graders.sandbox.fake import FakeProgram, FakeSandbox, reply, steps

BASES = {"busybox": Base(name="busybox", image="busybox:1.35")}
WEB = "runs: {default: {serve: {port: 80, wait_seconds: 0.1}}}"
PAIR = """
runs:
  store: {base: busybox, args: [store], network: inner, serve: {port: 90, wait_seconds: 0.1}}
  default: {network: inner, beside: [store], serve: {port: 80, wait_seconds: 0.1}}
"""


def plan_of(steps: str, runs: str = WEB, *, more: str = "") -> LabPlan:
    head = f"title: x\npoints: 1\nbases: [busybox]\nvalues: {{word: word}}\n{dedent(runs)}\n"
    check = f"checks:\n- {{id: all, kind: http_sequence, points: 1, steps: {steps}}}\n{more}"
    return parse_plan(head + check, file="lab.yaml", bases=BASES)


def graded(plan: LabPlan, on_run: Callable[[ContainerSpec], FakeProgram]) -> tuple[Report, FakeSandbox]:
    sandbox = FakeSandbox(on_run=on_run)
    submission = Submission.from_files({"Dockerfile": b"FROM busybox:1.35\nCMD httpd\n"})
    return grade(plan, submission, sandbox, seed=1, job_id="job"), sandbox


def serving(answer: Callable[[HttpRequest], HttpReply], port: int = 80) -> FakeProgram:
    return FakeProgram(serves=True, listeners=(Listener(port=port, loopback_only=False),), http=answer)


def asked(sandbox: FakeSandbox) -> list[HttpRequest]:
    return [request for request in sandbox.asked("http") if isinstance(request, HttpRequest)]


def item(request: HttpRequest) -> HttpReply:
    """A server that gives what it is told an odd name."""
    if request.method == "POST":
        return reply(
            b'{"made": [{"id": "a/../b c?"}]}', status=201, headers={"location": "http://localhost:80/x?y=1#z"}
        )
    return reply(b"{}")


def test_a_kept_value_is_encoded_in_paths_and_plain_elsewhere() -> None:
    steps = """[
      {method: POST, path: /new, status: 201, keep: {id: made.0.id, where: {header: Location}}},
      {path: "/items/{id}", send: {headers: {X-Id: "{id}", X-Plain: "{{id}} {{other}}"}, body: "{word} {id}"}},
      {path: "{where}"}]"""
    report, sandbox = graded(plan_of(steps), lambda spec: serving(item))
    assert report.checks[0].outcome is CheckOutcome.PASSED, report.checks
    _, second, third = asked(sandbox)
    assert second.path == "/items/a/../b%20c%3F"
    assert second.headers == {"X-Id": "a/../b c?", "X-Plain": "{id} {other}"}
    assert second.body.decode() == f"{report.values['word']} a/../b c?"
    assert third.path == "/x?y=1"


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "é\n", "\x00", "x" * 5000, "//evil", "http://evil/a b"])
def test_no_value_that_a_server_sends_breaks_the_next_request(value: str) -> None:
    steps = """[
      {path: /, keep: {token: token}},
      {path: "/a/{token}", send: {headers: {X-T: "{token}"}}},
      {path: "{token}"}]"""
    report, sandbox = graded(
        plan_of(steps), lambda spec: serving(lambda _: reply(json.dumps({"token": value}).encode()))
    )
    (check,) = report.checks
    assert check.outcome in {CheckOutcome.PASSED, CheckOutcome.FAILED}, check
    assert all("\n" not in text for request in asked(sandbox) for text in (request.path, *request.headers.values()))
    if check.outcome is CheckOutcome.FAILED:
        assert "cannot be sent with what was kept before it" in check.message


@pytest.mark.parametrize(
    ("place", "body", "told"),
    [
        ("id", b"<p>", "without JSON"),
        ("id", b"[1]", 'without a value at "id"'),
        ("id", b'{"id": null}', "but null"),
        ("{header: X-A}", b"", "without the header X-A"),
        ("{matches: 'n=(.)'}", b"m=1", "without a value in the place"),
        ("{matches: '(a|aa)+$'}", b"a" * 80 + b"b", "without a value in the place"),
        ("id", b"[" * 9000, "without JSON"),
    ],
)
def test_what_is_not_there_to_be_kept_fails_its_step(place: str, body: bytes, told: str) -> None:
    steps = f"[{{path: /, keep: {{id: {place}}}}}, {{path: '/{{id}}'}}]"
    report, sandbox = graded(plan_of(steps), lambda spec: serving(lambda _: reply(body)))
    assert report.checks[0].outcome is CheckOutcome.FAILED
    assert report.checks[0].message.startswith("Step 1 of 2: GET / is answered without")
    assert told in report.checks[0].message
    assert len(asked(sandbox)) == 1


def test_a_step_is_asked_again_until_its_reply_is_right_and_no_longer() -> None:
    replies = iter([reply(error="refused"), reply(status=503), reply(b"ready")])
    report, sandbox = graded(
        plan_of("[{path: /, contains: ready, within_seconds: 30}]"), lambda spec: serving(lambda _: next(replies))
    )
    assert report.checks[0].outcome is CheckOutcome.PASSED
    assert len(asked(sandbox)) == 3
    report, sandbox = graded(
        plan_of("[{path: /, within_seconds: 0.3}]"), lambda spec: serving(lambda _: reply(status=503))
    )
    assert "is answered with 503, not 200" in report.checks[0].message
    assert 1 < len(asked(sandbox)) < 10


def test_steps_end_with_the_time_of_their_run() -> None:
    runs = "runs: {default: {seconds: 0.2, serve: {port: 80}}}"
    report, _ = graded(
        plan_of("[{path: /, within_seconds: 60}]", runs), lambda spec: serving(lambda _: reply(status=503))
    )
    assert "and the run's time is over" in report.checks[0].message


def test_a_failing_step_names_what_was_sent_and_seen() -> None:
    steps = """[{path: /}, {title: adds one, method: PUT, path: /a, send: {json: {n: 1}}, status: [201, 204],
      json: {n: 2}}]"""
    report, _ = graded(plan_of(steps), lambda spec: serving(lambda _: reply(b'{"n": 1}')))
    (check,) = report.checks
    assert check.message == 'Step 2 of 2 (adds one): PUT /a is answered with 200, not 201 or 204: "{"n": 1}".'
    assert check.expected == "status 201 or 204\nn = 2"
    assert check.seen == 'PUT /a\nContent-Type: application/json\n\n{"n": 1}\n\nstatus 200\n{"n": 1}'


def test_companions_are_up_first_and_restarted_in_place() -> None:
    steps = "[{path: /}, {restart: store}, {path: /}, {stop: store}, {path: /}, {start: store}, {restart: default}]"
    report, sandbox = graded(
        plan_of(steps, PAIR), lambda spec: serving(lambda _: reply(), port=90 if spec.args else 80)
    )
    assert report.checks[0].outcome is CheckOutcome.PASSED, report.checks
    verbs = [call.verb for call in sandbox.calls if call.verb in {"start", "http", "stop", "start_again", "kill"}]
    again = ["stop", "start_again"]
    assert verbs == ["start", "start", "http", *again, "http", "stop", "http", "start_again", *again, "kill", "kill"]
    assert [spec.args for spec in sandbox.asked("start") if isinstance(spec, ContainerSpec)] == [("store",), None]


def test_what_a_failing_sequence_has_stopped_is_up_again_for_the_next() -> None:
    more = "- {id: next, kind: http_sequence, points: 0, steps: [{path: /}]}\n"
    plan = plan_of("[{stop: store}, {path: /, status: 500}, {start: store}]", PAIR, more=more)
    report, sandbox = graded(plan, lambda spec: serving(lambda _: reply(), port=90 if spec.args else 80))
    assert [check.outcome.value for check in report.checks] == ["failed", "passed"]
    assert [call.verb for call in sandbox.calls if call.verb in {"stop", "start_again"}] == ["stop", "start_again"]


def test_a_restart_that_fails_costs_the_sequence_and_nothing_else() -> None:
    more = "- {id: page, kind: http, points: 0}\n"
    program = replace(serving(lambda _: reply()), again_error="OCI runtime create failed: exec: no such file: unknown")
    report, _ = graded(plan_of("[{restart: default}]", more=more), lambda spec: program)
    assert [check.outcome.value for check in report.checks] == ["failed", "passed"]
    assert report.checks[0].message == (
        "Step 1 of 1: the restart of `default` did not bring it up again within 0.1 s. "
        "Its container could not be started again: exec: no such file."
    )


def test_a_store_of_the_labs_own_that_is_not_up_is_no_fault_of_the_learner() -> None:
    report, sandbox = graded(plan_of("[{path: /}]", PAIR), lambda spec: serving(lambda _: reply()))
    assert report.checks[0].outcome is CheckOutcome.SKIPPED
    assert "it is not your fault" in report.checks[0].message
    store, default = report.containers
    assert (store.id, store.beside, store.hidden) == ("store", "default", True)
    assert "was not tried, since `store` beside it was not ready" in default.start_error
    assert not asked(sandbox)


def test_a_companion_of_the_learners_own_that_is_not_up_is_named_with_where_it_listens() -> None:
    runs = """
    builds: {default: {}, store: {target: store}}
    runs:
      store: {build: store, network: inner, serve: {port: 90, wait_seconds: 0.1}}
      default: {network: inner, beside: [store], serve: {port: 80, wait_seconds: 0.1}}
    """
    report, _ = graded(plan_of("[{path: /}]", runs), lambda spec: serving(lambda _: reply()))
    (check,) = report.checks
    assert check.outcome is CheckOutcome.FAILED
    assert check.message == "Nothing of `store` listens on port 90 after 0.1 s. It listens on 80 instead."
    assert [(run.id, run.beside, run.hidden) for run in report.containers] == [
        ("store", "default", False),
        ("default", "", False),
    ]


def test_a_second_build_that_fails_is_named() -> None:
    runs = """
    builds: {default: {}, store: {target: store}}
    runs:
      store: {build: store, network: inner, serve: {port: 90}}
      default: {network: inner, beside: [store], serve: {port: 80}}
    """
    sandbox = FakeSandbox(on_build=lambda call: steps(failed=0) if call.target else None)
    submission = Submission.from_files({"Dockerfile": b"FROM busybox:1.35 AS store\nFROM busybox:1.35\n"})
    report = grade(plan_of("[{path: /}]", runs), submission, sandbox, seed=1, job_id="job")
    assert report.checks[0].outcome is CheckOutcome.SKIPPED
    assert report.checks[0].message == "Not judged, since the image of the build `store` could not be built."


def test_a_companion_that_ended_meanwhile_is_named_where_a_step_fails() -> None:
    runs = """
    builds: {default: {}, store: {target: store}}
    runs:
      store: {build: store, network: inner, serve: {port: 90, wait_seconds: 0.1, ready: {log: up}}}
      default: {network: inner, beside: [store], serve: {port: 80}}
    """

    def ends(spec: ContainerSpec) -> FakeProgram:
        if spec.aliases == ("store",):
            return FakeProgram(exit_code=3, stdout=b"up\n", stderr=b"disk is full\n")
        return serving(lambda _: reply(b"no store", status=503))

    report, _ = graded(plan_of("[{path: /}]", runs), ends)
    assert report.checks[0].message == (
        'Step 1 of 1: GET / is answered with 503, not 200: "no store". '
        'Meanwhile `store` beside it ended with 3. Its error output ends with "disk is full".'
    )


def test_companions_of_companions_are_started_before_them_and_each_once() -> None:
    runs = """
    runs:
      queue: {base: busybox, args: ["93"], network: inner, serve: {port: 93}}
      store: {base: busybox, args: ["91"], network: inner, beside: [queue], serve: {port: 91}}
      cache: {base: busybox, args: ["92"], network: inner, beside: [queue], serve: {port: 92}}
      default: {network: inner, beside: [store, cache], serve: {port: 80}}
    """
    report, sandbox = graded(
        plan_of("[{path: /}]", runs),
        lambda spec: serving(lambda _: reply(), port=int(spec.args[0]) if spec.args else 80),
    )
    assert report.checks[0].outcome is CheckOutcome.PASSED
    started = [spec.aliases for spec in sandbox.asked("start") if isinstance(spec, ContainerSpec)]
    assert started == [("queue",), ("store",), ("cache",), ("default",)]


def test_hidden_steps_come_last_and_leave_no_trace_in_what_learners_see() -> None:
    heard: list[str] = []

    def hears(request: HttpRequest) -> HttpReply:
        heard.append(request.path)
        return reply()

    more = "- {id: plain, kind: http, points: 0, path: /plain}\n"
    plan = plan_of("[{path: /secret, title: a secret title, status: 404}]", more=more)
    plan = plan.model_copy(update={"checks": (plan.checks[0].model_copy(update={"hidden": True}), plan.checks[1])})
    report, _ = graded(plan, lambda spec: serving(hears))
    assert heard == ["/plain", "/secret"]
    assert "secret" not in json.dumps(report.for_learner().model_dump(mode="json"))


def test_what_was_kept_stands_in_what_a_learner_is_told_was_expected() -> None:
    plan = plan_of("[{path: /, keep: {id: id}}, {path: '/{id}', json: {id: '{id}'}}]")
    answers = {"/": reply(b'{"id": "n7"}')}
    report, _ = graded(plan, lambda spec: serving(lambda request: answers.get(request.path, reply(b"{}"))))
    assert 'id = "n7"' in report.checks[0].expected
    assert "{id}" not in report.checks[0].expected


def test_a_plan_with_steps_is_read_again_as_it_was_stored() -> None:
    plan = plan_of("[{path: /, keep: {id: id}}, {path: '/{id}', json: {word: '{word}'}}]")
    again = LabPlan.model_validate(plan.model_dump(mode="json"))
    assert again == plan


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("[]", "`steps`"),
        ("[{method: POST}]", "does one thing"),
        ("[{restart: default, status: 404}]", "`status` belongs to a request"),
        ("[{path: /, keep: {Id: id}}]", "which is no name"),
        ("[{path: /, keep: {id: {}}}]", "says where a value stands"),
        ("[{path: /, keep: {id: {json: a, header: B}}}]", "says where a value stands"),
        ("[{start: default}]", "was not stopped before"),
        ("[{stop: default}, {path: /}, {start: default}]", "cannot be asked"),
        ("[{stop: default}, {restart: default}]", "write `start: default`"),
        ("[{path: no-slash}]", "`path`"),
    ],
)
def test_an_author_is_told_what_is_wrong_with_steps(steps: str, told: str) -> None:
    with pytest.raises(InvalidPlan) as caught:
        plan_of(steps)
    assert told in str(caught.value)


def test_drawn_values_are_encoded_in_paths_and_escaped_in_patterns() -> None:
    step = Step.model_validate({"path": "/{word}/{id}", "keep": {"id": {"matches": "{word}=(.+)"}}})
    (filled,) = Exchange(steps=(step,)).filled({"word": "a.b /c"}).steps
    assert filled.path == "/a.b%20/c/{id}"
    assert filled.keep["id"].matches == r"a\.b\ /c=(.+)"
    with pytest.raises(ValidationError):
        filled_step(Step(path="/x", port="{port}"), {"port": "none"})


def test_a_store_of_the_labs_own_that_does_not_start_again_is_no_fault_of_the_learner() -> None:
    def program(spec: ContainerSpec) -> FakeProgram:
        store = replace(serving(lambda _: reply(), port=90), again_error="OCI runtime create failed: no space")
        return store if spec.args else serving(lambda _: reply())

    report, _ = graded(plan_of("[{path: /}, {restart: store}, {path: /}]", PAIR), program)
    (check,) = report.checks
    assert check.outcome is CheckOutcome.SKIPPED
    assert "`store`, which the lab brings, could not be started again" in check.message
    assert "it is not your fault" in check.message


def test_a_part_of_a_reply_is_kept_where_a_pattern_finds_it() -> None:
    steps = "[{path: /login, keep: {token: {matches: 'token=([a-z]+)'}}}, {path: '/use/{token}'}]"
    report, sandbox = graded(plan_of(steps), lambda spec: serving(lambda _: reply(b"your token=abc.")))
    assert report.checks[0].outcome is CheckOutcome.PASSED, report.checks
    assert [request.path for request in asked(sandbox)] == ["/login", "/use/abc"]


def test_one_that_listens_inside_its_container_only_is_told_so() -> None:
    inside = FakeProgram(serves=True, listeners=(Listener(port=80, loopback_only=True),), http=lambda _: reply())
    report, _ = graded(plan_of("[{path: /}]"), lambda spec: inside)
    assert report.checks[0].outcome is CheckOutcome.FAILED
    assert "127.0.0.1" in report.checks[0].message


def test_the_output_of_every_part_is_read_before_hidden_steps_could_show_in_it() -> None:
    more = "- {id: plain, kind: http, points: 0, path: /plain}\n"
    plan = plan_of("[{path: /secret}]", PAIR, more=more)
    plan = plan.model_copy(update={"checks": (plan.checks[0].model_copy(update={"hidden": True}), plan.checks[1])})
    report, sandbox = graded(plan, lambda spec: serving(lambda _: reply(), port=90 if spec.args else 80))
    assert [check.outcome for check in report.checks] == [CheckOutcome.PASSED] * 2
    verbs = [call.verb for call in sandbox.calls if call.verb in {"http", "logs"}]
    plain, secret = (position for position, verb in enumerate(verbs) if verb == "http")
    assert verbs[plain + 1 : secret].count("logs") >= 2, "that of the container, and of the one beside it"

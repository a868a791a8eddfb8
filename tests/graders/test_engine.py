"""Grading on a scripted sandbox: order, skipping, points, events, and that nothing but a broken engine raises."""

from collections.abc import Mapping
from dataclasses import replace
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graders.archive import Submission
from graders.engine import grade
from graders.events import Event
from graders.plan import Base, LabPlan, parse_plan
from graders.report import CheckOutcome, Outcome, Report
from graders.sandbox.base import (
    BuildResult,
    ContainerSpec,
    DiskFull,
    HttpRequest,
    ImageFacts,
    Limit,
    Listener,
    Process,
    SandboxUnavailable,
)
from graders.sandbox.fake import IMAGE, BuildCall, FakeProgram, FakeSandbox, reply, steps

BASES = {"busybox": Base(name="busybox", image="busybox:1.35")}
DOCKERFILE = 'FROM busybox:1.35\nRUN make\nCMD ["app"]\n'

PLAN = """
title: Greet
topics: [dockerfile.cmd]
points: 10
bases: [busybox]
values: {word: word, port: port}
runs:
  greeted: {args: ["{word}"]}
  web: {env: {PORT: "{port}"}, serve: {port: "{port}", wait_seconds: 0.2}}
checks:
  - {id: builds, kind: builds, points: 2}
  - {id: has-cmd, kind: instruction, instruction: CMD, form: exec, points: 1}
  - {id: greets, kind: stdout, run: greeted, contains: "{word}", points: 3, hint: Print it., topics: [cmd.run]}
  - {id: polite, kind: stdout, run: greeted, matches: "^Hello", points: 1, needs: [greets], hidden: true}
  - {id: serves, kind: http, run: web, path: "/{word}", equals: "{word}", points: 2.5}
  - {id: serves-again, kind: http, run: web, path: /, points: 0.5}
"""


def plan_of(text: str = PLAN, **changes: Any) -> LabPlan:
    plan = parse_plan(dedent(text), file="lab.yaml", bases=BASES)
    return plan.model_copy(update=changes)


def hand_in(dockerfile: str | bytes = DOCKERFILE, **files: str) -> Submission:
    text = dockerfile.encode() if isinstance(dockerfile, str) else dockerfile
    return Submission.from_files({"Dockerfile": text, **{name: content.encode() for name, content in files.items()}})


def honest(spec: ContainerSpec) -> FakeProgram:
    """A program that greets whom it is told to, and serves the path as its body on the port it is told."""
    if spec.args:
        return FakeProgram(stdout=f"Hello {spec.args[0]}\n".encode())
    ports = (Listener(port=int(spec.env.get("PORT", "80")), loopback_only=False),)
    return FakeProgram(serves=True, listeners=ports, http=lambda request: reply(request.path.lstrip("/").encode()))


def graded(
    sandbox: FakeSandbox, plan: LabPlan | None = None, submission: Submission | None = None, seed: int = 1
) -> tuple[Report, list[Event]]:
    events: list[Event] = []
    report = grade(plan or plan_of(), submission or hand_in(), sandbox, seed=seed, job_id="job", on_event=events.append)
    return report, events


def outcomes(report: Report) -> Mapping[str, str]:
    return {check.id: check.outcome.value for check in report.checks}


def test_a_right_submission_gets_all_points() -> None:
    report, _ = graded(FakeSandbox(on_run=honest))
    assert outcomes(report) == dict.fromkeys(
        ["builds", "has-cmd", "greets", "polite", "serves", "serves-again"], "passed"
    )
    assert (report.score, report.max_score, report.outcome) == (10.0, 10.0, Outcome.GRADED)


def test_the_line_that_is_to_blame_is_looked_for_in_the_build_that_the_check_is_about() -> None:
    plan = plan_of(
        """
        title: Two images of one file
        points: 3
        bases: [busybox]
        builds: {first: {target: first}, second: {target: second}}
        runs: {hello: {build: second, args: [you]}}
        checks:
          - {id: small, kind: image_size, build: first, at_most_mib: 0.1, points: 1, blame: FROM}
          - {id: small-too, kind: image_size, build: second, at_most_mib: 0.1, points: 1, blame: FROM}
          - {id: greets, kind: stdout, run: hello, contains: never, points: 1, blame: COPY}
        """
    )
    dockerfile = "FROM busybox:1.35 AS first\nCOPY a /\nFROM busybox:1.35 AS second\nCOPY a /\n"
    report, _ = graded(FakeSandbox(on_run=honest), plan, hand_in(dockerfile, a="a"))
    assert [(check.outcome.value, check.line) for check in report.checks] == [
        ("failed", 1),
        ("failed", 3),
        ("failed", 4),
    ]


def test_the_score_is_the_exact_sum_of_the_points() -> None:
    checks = "".join(f"  - {{id: c{n}, kind: builds, points: 0.1}}\n" for n in range(3))
    report, _ = graded(FakeSandbox(), plan_of(f"title: x\npoints: 0.3\nbases: [busybox]\nchecks:\n{checks}"))
    assert report.score == 0.3
    assert report.max_score == 0.3


def test_one_build_and_one_container_serve_every_check_that_looks_at_them() -> None:
    sandbox = FakeSandbox(on_run=honest)
    graded(sandbox)
    assert len(sandbox.asked("build")) == 1
    started = [spec for spec in sandbox.asked("start") if isinstance(spec, ContainerSpec)]
    assert len(started) == 2
    assert len(sandbox.asked("http")) == 2


def test_what_only_a_skipped_check_wants_is_not_done() -> None:
    plan = plan_of(
        """
        title: x
        points: 2
        bases: [busybox]
        checks:
          - {id: has-user, kind: instruction, instruction: USER, points: 1}
          - {id: prints, kind: stdout, contains: a, points: 1, needs: [has-user]}
        """
    )
    sandbox = FakeSandbox()
    report, _ = graded(sandbox, plan)
    assert outcomes(report) == {"has-user": "failed", "prints": "skipped"}
    assert report.checks[1].message == 'Not judged, since "The Dockerfile has a USER" did not pass.'
    assert not sandbox.asked("build")


def test_a_failed_build_skips_what_needs_an_image_and_judges_the_rest() -> None:
    broken = steps(
        "[1/2] FROM busybox:1.35", "[2/2] RUN make", failed=1, exit_code=127, log="/bin/sh: make: not found\n"
    )
    sandbox = FakeSandbox(on_build=lambda call: broken)
    report, _ = graded(sandbox)
    assert outcomes(report) == {
        "builds": "failed",
        "has-cmd": "passed",
        "greets": "skipped",
        "polite": "skipped",
        "serves": "skipped",
        "serves-again": "skipped",
    }
    builds = report.checks[0]
    assert builds.line == 2
    assert "step 2 of 2, line 2: RUN make" in builds.message
    assert "make: not found" in builds.seen
    assert "not found" in builds.hint
    assert report.checks[2].message == "Not judged, since the image could not be built."
    assert not sandbox.asked("start")


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (Limit.WALL, "time limit"),
        (Limit.MEMORY, "memory limit"),
        (Limit.DISK, "disk limit"),
        (Limit.OUTPUT, "limit of output"),
        (Limit.PIDS, "limit of processes"),
    ],
)
def test_a_limit_that_was_hit_is_named(limit: Limit, words: str) -> None:
    broken = replace(steps("[1/2] FROM busybox:1.35", "[2/2] RUN make", failed=1), limit=limit, exit_code=None)
    report, _ = graded(FakeSandbox(on_build=lambda call: broken))
    assert words in report.checks[0].message
    assert report.checks[0].hint
    assert report.builds[0].limit == limit.value
    report, _ = graded(FakeSandbox(on_run=lambda spec: FakeProgram(limit=limit, exit_code=137)))
    assert words in next(check for check in report.checks if check.id == "greets").message


def test_a_fixed_answer_does_not_pass_for_a_drawn_one() -> None:
    first, _ = graded(FakeSandbox(on_run=honest), seed=1)
    fixed = FakeProgram(stdout=f"Hello {first.values['word']}\n".encode())
    again, _ = graded(FakeSandbox(on_run=lambda spec: fixed if spec.args else honest(spec)), seed=2)
    assert outcomes(again)["greets"] == "failed"


def test_the_same_seed_draws_the_same_values_and_they_are_recorded() -> None:
    first, _ = graded(FakeSandbox(on_run=honest), seed=5)
    second, _ = graded(FakeSandbox(on_run=honest), seed=5)
    third, _ = graded(FakeSandbox(on_run=honest), seed=6)
    assert first.values == second.values
    assert first.values != third.values
    assert set(first.values) == {"word", "port"}


def test_the_authors_hint_comes_before_the_checks_own() -> None:
    report, _ = graded(FakeSandbox(on_run=lambda spec: FakeProgram(start_error="executable file not found in $PATH")))
    greets = next(check for check in report.checks if check.id == "greets")
    assert greets.hint.splitlines()[0] == "Print it."
    assert "must be a program of the image" in greets.hint
    assert greets.line == 3
    assert all(not check.hint for check in report.checks if check.outcome is not CheckOutcome.FAILED)


def test_a_check_says_why_it_matters_when_it_failed_and_only_then() -> None:
    report, _ = graded(FakeSandbox(on_run=lambda spec: FakeProgram(stdout=b"bye")))
    assert {bool(check.why) for check in report.checks if check.outcome is CheckOutcome.FAILED} == {True}
    assert {check.why for check in report.checks if check.outcome is not CheckOutcome.FAILED} == {""}


def test_topics_are_the_checks_own_or_the_labs() -> None:
    report, _ = graded(FakeSandbox(on_run=honest))
    topics = {check.id: check.topics for check in report.checks}
    assert topics["greets"] == ("cmd.run",)
    assert topics["builds"] == ("dockerfile.cmd",)


def test_events_tell_the_work_as_it_happens() -> None:
    _, events = graded(
        FakeSandbox(
            on_run=honest, on_build=lambda call: steps("[1/2] FROM busybox:1.35", "[2/2] RUN make", log="made\n")
        )
    )
    kinds = [event.kind.value for event in events]
    assert kinds[:2] == ["started", "policy"]
    assert kinds[-1] == "finished"
    assert kinds.index("build_started") < kinds.index("step_started") < kinds.index("build_finished")
    assert kinds.index("build_finished") < kinds.index("check_finished") < kinds.index("run_started")
    finished = [event.data for event in events if event.kind.value == "check_finished"]
    assert [data["index"] for data in finished] == [1, 2, 3, 4, 5, 6]
    steps_started = [event.data for event in events if event.kind.value == "step_started"]
    assert [(data["index"], data["line"]) for data in steps_started] == [(1, 1), (2, 2)]
    assert next(event.data for event in events if event.kind.value == "step_log")["text"] == "made\n"
    assert events[-1].data["score"] == 10.0


def test_a_hidden_checks_event_gives_title_and_outcome_only() -> None:
    _, events = graded(FakeSandbox(on_run=honest))
    hidden = next(event.data for event in events if event.data.get("id") == "polite")
    assert set(hidden) == {"index", "total", "id", "title", "outcome"}


def test_a_learners_report_does_not_tell_what_hidden_checks_saw() -> None:
    text = (
        PLAN + "  - {id: odd, title: Odd, kind: stdout, run: secretly, contains: sesame, points: 0, hidden: true,"
        " hint: Say sesame.}\n"
    )
    plan = plan_of(text.replace("runs:\n", "runs:\n  secretly: {args: [open]}\n"))
    report, events = graded(FakeSandbox(on_run=lambda spec: FakeProgram(stdout=b"closed")), plan)
    shown = report.for_learner().model_dump_json()
    assert "sesame" in report.model_dump_json()
    assert "sesame" not in shown
    assert "secretly" not in shown
    assert "secretly" not in "".join(event.model_dump_json() for event in events)
    assert report.for_learner().values == {}


def test_hidden_requests_are_sent_when_all_else_has_been_seen() -> None:
    text = PLAN.replace(
        "  - {id: serves,",
        "  - {id: knocks, kind: http, run: web, path: /hush, points: 0, hidden: true}\n  - {id: serves,",
    )
    sandbox = FakeSandbox(on_run=honest)
    report, _ = graded(sandbox, plan_of(text))
    paths = [request.path for request in sandbox.asked("http") if isinstance(request, HttpRequest)]
    assert paths[-1] == "/hush"
    assert len(paths) == 3
    assert outcomes(report)["knocks"] == "passed"


def test_a_hidden_check_without_a_title_does_not_tell_what_it_looks_at() -> None:
    check = "  - {id: knocks, kind: http, run: web, path: /hush, points: 0, hidden: true}\n"
    report, events = graded(FakeSandbox(on_run=honest), plan_of(PLAN + check))
    shown = report.for_learner().model_dump_json() + "".join(event.model_dump_json() for event in events)
    assert "hush" not in shown
    assert next(check.title for check in report.checks if check.id == "knocks") == "A hidden check"


@pytest.mark.parametrize(("hidden", "told"), [("true", False), ("false", True)])
def test_what_only_hidden_checks_ask_of_a_run_is_not_told(hidden: str, *, told: bool) -> None:
    checks = (
        f"  - {{id: ends, kind: stops, run: web, points: 0, hidden: {hidden}}}\n"
        f"  - {{id: small, kind: memory, run: web, at_most_mib: 9, points: 0, hidden: {hidden}}}\n"
    )
    report, _ = graded(FakeSandbox(on_run=honest), plan_of(PLAN + checks))
    (web,) = [container for container in report.for_learner().containers if container.id == "web"]
    assert (web.stop_seconds is not None, web.memory_peak_bytes is not None) == (told, told)
    assert outcomes(report)["ends"] != "skipped"


def test_a_build_that_only_hidden_checks_need_is_not_told_of() -> None:
    plan = plan_of(
        """
        title: x
        points: 2
        bases: [busybox]
        values: {code: nonce}
        builds: {hush: {args: {CODE: "{code}"}}}
        checks:
          - {id: builds, kind: builds, points: 1}
          - {id: odd, title: Odd, kind: builds, build: hush, points: 1, hidden: true}
        """
    )

    def telling(call: BuildCall) -> BuildResult:
        return steps("[1/1] FROM busybox:1.35", log=f"the code is {call.build_args.get('CODE')}\n")

    report, events = graded(FakeSandbox(on_build=telling), plan)
    code = report.values["code"]
    assert outcomes(report) == {"builds": "passed", "odd": "passed"}
    assert code in report.builds[1].model_dump_json()
    for shown in (report.for_learner().model_dump_json(), "".join(event.model_dump_json() for event in events)):
        assert code not in shown
        assert "hush" not in shown


def test_a_disk_that_the_submission_has_filled_is_its_own_affair() -> None:
    def fill(spec: ContainerSpec) -> FakeProgram:
        raise DiskFull("no space left on device")

    report, _ = graded(FakeSandbox(on_run=fill))
    assert report.outcome is Outcome.GRADED
    assert outcomes(report)["builds"] == "passed"
    assert outcomes(report)["greets"] == "skipped"
    (greets,) = [check for check in report.checks if check.id == "greets"]
    assert "filled the disk" in greets.message


@pytest.mark.parametrize(
    ("submission", "rule"),
    [
        (Submission.from_files({"dockerfile": b"FROM busybox:1.35\n"}), "no-dockerfile"),
        (Submission.from_files({"app.py": b"print()\n"}), "no-dockerfile"),
        (hand_in(""), "empty"),
        (hand_in("# nothing but a comment\n"), "no-instructions"),
        (hand_in(bytes(range(256)) * 40), "nul"),
        (hand_in("FROM alpine\n"), "base-not-allowed"),
        (hand_in("# syntax=elsewhere/frontend\nFROM busybox:1.35\n"), "syntax-directive"),
        (hand_in("FROM busybox:1.35\nRUN --network=host true\n"), "unknown-flag"),
        (Submission.from_files({"Dockerfile": b"FROM busybox:1.35\n", "big": b"x" * 6_000_000}), "too-large"),
        (hand_in(**{".dockerignore": "*.md\n[\n"}), "ignore-pattern"),
    ],
)
def test_a_refused_submission_says_why_and_nothing_is_built(submission: Submission, rule: str) -> None:
    sandbox = FakeSandbox(on_run=honest)
    report, events = graded(sandbox, submission=submission)
    assert report.outcome is Outcome.REFUSED
    assert [refusal.rule for refusal in report.refusals] == [rule]
    assert report.refusals[0].message.endswith(".")
    assert report.score == 0
    assert set(outcomes(report).values()) == {"skipped"}
    assert not sandbox.asked("job")
    assert events[1].data["ok"] is False


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("engine-0", "engine-0"),
        ("unix:///run/drydock/site-1/docker.sock", "site-1"),
        ("unix:///docker.sock", "engine"),
        ("tcp://10.0.0.7:2375", "engine"),
    ],
)
def test_an_engines_address_is_not_shown_to_learners(name: str, shown: str) -> None:
    report, events = graded(FakeSandbox(on_run=honest, name=name))
    assert report.engine is not None
    assert report.engine.name == events[0].data["engine"] == shown


def test_every_build_of_the_plan_is_judged_by_the_policy() -> None:
    plan = plan_of(
        """
        title: x
        points: 1
        bases: [busybox]
        builds: {other: {dockerfile: other.Dockerfile}}
        checks: [{id: builds, kind: builds, build: other, points: 1}]
        """
    )
    report, _ = graded(FakeSandbox(), plan, hand_in(**{"other.Dockerfile": "FROM alpine\n"}))
    assert [(refusal.rule, refusal.line) for refusal in report.refusals] == [("base-not-allowed", 1)]
    assert report.refusals[0].message.startswith("other.Dockerfile: Line 1")


def test_files_of_a_build_replace_what_was_handed_in() -> None:
    plan = plan_of(
        """
        title: x
        points: 1
        bases: [busybox]
        values: {nonce: nonce}
        builds: {default: {files: {message.txt: "{nonce}"}}}
        checks: [{id: builds, kind: builds, points: 1}]
        """
    )
    sandbox = FakeSandbox()
    report, _ = graded(sandbox, plan, hand_in(**{"message.txt": "mine"}))
    (call,) = sandbox.asked("build")
    assert isinstance(call, BuildCall)
    assert Submission.from_tar(call.context).files["message.txt"].decode() == report.values["nonce"]


def test_a_file_in_the_way_of_the_plans_own_is_refused() -> None:
    plan = plan_of(
        """
        title: x
        points: 1
        bases: [busybox]
        builds: {default: {files: {site/index.html: hello}}}
        checks: [{id: builds, kind: builds, points: 1}]
        """
    )
    report, _ = graded(FakeSandbox(), plan, hand_in(site="a file, no folder"))
    assert report.outcome is Outcome.REFUSED
    assert "site" in report.refusals[0].message


def test_a_run_that_a_visible_check_waits_for_is_not_hidden() -> None:
    plan = plan_of(
        """
        title: x
        points: 1
        bases: [busybox]
        runs: {second: {after: [default]}}
        checks: [{id: ends, kind: exit_code, run: second, points: 1}]
        """
    )
    report, events = graded(FakeSandbox(), plan)
    assert [container.hidden for container in report.containers] == [False, False]
    assert [event.data["run"] for event in events if event.kind.value == "run_started"] == ["default", "second"]


def test_runs_share_volumes_and_start_in_the_order_they_wait_for() -> None:
    plan = plan_of(
        """
        title: x
        points: 2
        bases: [busybox]
        values: {nonce: nonce}
        runs:
          read: {args: [read], volumes: {/data: store}, after: [write], network: inner, beside: [web]}
          write: {args: [write], volumes: {/data: store}}
          web: {network: inner, serve: {port: 80, wait_seconds: 0.1}}
        checks:
          - {id: kept, kind: stdout, run: read, contains: read, points: 2}
        """
    )
    listeners = (Listener(port=80, loopback_only=False),)
    sandbox = FakeSandbox(
        on_run=lambda spec: FakeProgram(
            stdout=(spec.args or ("web",))[0].encode(), serves=not spec.args, listeners=listeners
        )
    )
    report, _ = graded(sandbox, plan)
    assert outcomes(report) == {"kept": "passed"}
    assert [(run.id, run.beside) for run in report.containers][-2:] == [("web", "read"), ("read", "")]
    assert sandbox.asked("create_volume") == ["store"]
    assert sandbox.asked("create_network") == ["inner"]
    started = [spec.args for spec in sandbox.asked("start") if isinstance(spec, ContainerSpec)]
    assert started == [("write",), None, ("read",)]
    assert len(sandbox.asked("kill")) == 1


def test_a_server_that_never_listens_fails_and_says_where_it_listens() -> None:
    silent = FakeProgram(serves=True, listeners=(Listener(port=9, loopback_only=False),), stderr=b"bad config\n")
    report, _ = graded(FakeSandbox(on_run=lambda spec: honest(spec) if spec.args else silent))
    serves = next(check for check in report.checks if check.id == "serves")
    assert serves.outcome is CheckOutcome.FAILED
    assert "It listens on 9 instead." in serves.message
    assert '"bad config"' in serves.message


@pytest.mark.parametrize(
    ("user", "processes", "reads", "message"),
    [
        ("app", (Process(pid=1, uid=12, command=("app",)),), 0, "It runs as app (12)."),
        (
            "app",
            (Process(pid=1, uid=0, command=("app",)),),
            0,
            '"app" runs as root (0); expected was anybody but root.',
        ),
        ("12", (), 0, "It runs as 12."),
        ("app", (), 1, "It runs as app (12)."),
    ],
)
def test_the_list_of_users_is_read_where_processes_do_not_tell(
    user: str, processes: tuple[Process, ...], reads: int, message: str
) -> None:
    plan = plan_of(
        """
        title: x
        points: 1
        bases: [busybox]
        runs:
          default: {serve: {port: 80}}
        checks:
          - {id: who, kind: runs_as, points: 1}
        """
    )
    server = FakeProgram(serves=True, listeners=(Listener(port=80, loopback_only=False),), processes=processes)
    users = {"/etc/passwd": b"app:x:12:12::/:\n"}
    sandbox = FakeSandbox(image=replace(IMAGE, user=user), files=users, on_run=lambda spec: server)
    report, _ = graded(sandbox, plan)
    assert report.checks[0].message == message
    assert len([call for call in sandbox.calls if call.verb == "image_files"]) == reads


def test_a_check_that_breaks_costs_its_own_points_only_and_says_whose_fault_it_is() -> None:
    image: ImageFacts = replace(IMAGE, env=None)  # type: ignore[arg-type]  # what no engine should answer
    plan = plan_of(
        """
        title: x
        points: 3
        bases: [busybox]
        checks:
          - {id: broken, kind: image_config, env: {A: b}, points: 1}
          - {id: builds, kind: builds, points: 2}
        """
    )
    report, _ = graded(FakeSandbox(image=image), plan)
    assert outcomes(report) == {"broken": "skipped", "builds": "passed"}
    assert "not your fault" in report.checks[0].message
    assert report.score == 2


@pytest.mark.parametrize("verb", ["info", "job", "build", "image", "image_files", "start", "http", "listeners", "kill"])
def test_a_broken_engine_raises_sandbox_unavailable_wherever_it_breaks(verb: str) -> None:
    text = PLAN.replace("points: 10", "points: 11") + "  - {id: file, kind: image_file, present: /a, points: 1}\n"
    sandbox = FakeSandbox(on_run=honest)
    sandbox.break_on(verb)
    with pytest.raises(SandboxUnavailable):
        graded(sandbox, plan_of(text))
    assert not sandbox.open_jobs


def test_a_report_survives_json() -> None:
    report, _ = graded(FakeSandbox(on_run=honest))
    assert Report.model_validate_json(report.model_dump_json()) == report


def test_control_and_bidi_characters_are_shown_inert_everywhere() -> None:
    nasty = b"\x1b[2J\xe2\x80\xaeevil\x00\xff\r\n"
    log = nasty.decode("utf-8", errors="replace")

    def build(call: BuildCall) -> BuildResult:
        return steps("[1/2] FROM busybox:1.35", "[2/2] RUN \x1b[31mmake", failed=1, log=log)

    report, events = graded(FakeSandbox(on_build=build))
    ran, more = graded(
        FakeSandbox(on_run=lambda spec: FakeProgram(stdout=nasty, stderr=nasty, start_error="\x1b]0;x\x07"))
    )
    for text in (
        report.model_dump_json(),
        ran.model_dump_json(),
        *(event.model_dump_json() for event in [*events, *more]),
    ):
        assert not {"\\u001b", "\x1b", "\u202e", "\\u0000", "\x00"} & {
            part for part in ("\\u001b", "\x1b", "\u202e", "\\u0000", "\x00") if part in text
        }


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode(errors="replace"))),
    st.booleans(),
)
def test_no_dockerfile_makes_grading_raise(text: bytes, follow: bool) -> None:
    content = DOCKERFILE.encode() + text if follow else text
    report, _ = graded(FakeSandbox(on_run=honest), submission=hand_in(content))
    assert report.outcome in {Outcome.GRADED, Outcome.REFUSED}


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=200), st.sampled_from([None, 0, 1, 137, 255]))
def test_no_output_makes_grading_raise(stdout: bytes, body: bytes, exit_code: int | None) -> None:
    def run(spec: ContainerSpec) -> FakeProgram:
        return replace(honest(spec), stdout=stdout, stderr=body, exit_code=exit_code, http=lambda request: reply(body))

    report, _ = graded(FakeSandbox(on_run=run))
    assert report.outcome is Outcome.GRADED

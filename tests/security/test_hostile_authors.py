"""Row 29 of docs/security.md: an author's plan is data, and cannot ask for what nobody may have."""

from collections.abc import Callable

import pytest

from graders.archive import Submission
from graders.plan import InvalidPlan, parse_plan
from graders.report import CheckOutcome, Report
from tests.security.attempts import BASES
from tests.security.looking_around import GET_MORE, LOOK_AROUND

Graded = Callable[..., Report]


@pytest.mark.engine
def test_an_author_gets_nothing_but_what_a_lab_may_ask_for(graded: Graded) -> None:
    """Row 29: what a plan can ask for, all of it at once, gives a container no right that others have not."""
    plan = parse_plan(
        """
        title: x
        points: 1
        bases: [busybox]
        limits: {run_seconds: 20}
        runs:
          most:
            user: "0"
            env: {PATH: "/bin", LD_PRELOAD: /x}
            volumes: {/dev/shm: one, /host: two}
            network: bridge
            args: [sh, -c, "SCRIPT; echo tried; grep CapEff /proc/self/status"]
        checks: [{id: tried, kind: stdout, run: most, contains: tried, points: 1}]
        """.replace("SCRIPT", GET_MORE),
        file="lab.yaml",
        bases=BASES,
    )
    report = graded(plan, Submission.from_files({"Dockerfile": b"FROM busybox:1.35\n"}))
    (container,) = report.containers
    assert "GOT-" not in container.stdout
    assert "tried\nCapEff:\t0000000000000000" in container.stdout


@pytest.mark.parametrize(
    "wish",
    [
        "privileged: true",
        "cap_add: [ALL]",
        "security_opt: [seccomp=unconfined]",
        "pid: host",
        "userns: host",
        "network_mode: host",
        "devices: [/dev/sda]",
        "binds: ['/:/h']",
        'volumes: {/h: "/"}',
        'volumes: {/h: "../../etc"}',
        'network: "container:abc"',
        "network: HOST!",
        "image: debian:12-slim",
        "command: docker run --privileged --userns=host -v /:/h x",
    ],
)
def test_an_author_cannot_ask_for_more(wish: str) -> None:
    text = (
        "title: x\npoints: 1\nbases: [busybox]\n"
        f"runs:\n  most:\n    {wish}\nchecks: [{{id: a, kind: exit_code, run: most, points: 1}}]\n"
    )
    with pytest.raises(InvalidPlan) as refused:
        parse_plan(text, file="lab.yaml", bases=BASES)
    (problem, *_) = refused.value.problems
    assert str(problem).startswith("lab.yaml:6:")


ATTACKING = """
count() {{ ls /proc | grep -c '^[0-9]'; }}
{look}
{more}
cat /proc/*/environ 2> /dev/null | tr '\\0' '\\n' | grep -i canary
echo "processes: $(count)"
cat /autograder/record.json | grep -c student-secret
echo '{{"passed": true, "message": "\\u001b[2J<script>alert(1)</script>"}}' > /autograder/results/results.json
"""


@pytest.mark.engine
def test_a_checker_that_attacks_is_shut_in_like_a_student(graded: Graded, monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks around, asks for rights, writes escapes into its verdict: nothing is got, and they are shown inert."""
    monkeypatch.setenv("SECRET_KEY", "canary-of-the-platform")
    look = LOOK_AROUND.format(host="172.17.0.1", ports="6379 5432").replace("; true", "")
    script = ATTACKING.format(look=look, more=GET_MORE)
    plan = parse_plan(
        """
        title: x
        points: 2
        bases: [busybox]
        limits: {run_seconds: 20, memory_mib: 64, pids: 40}
        checks:
          - {id: builds, kind: builds, points: 1}
          - {id: own, kind: custom, base: busybox, command: [sh, /autograder/source/check.sh], seconds: 60, points: 1}
        """,
        file="lab.yaml",
        bases=BASES,
        folders=lambda name: {"check.sh": script.encode()} if name == "checker" else None,
    )
    report = graded(plan, Submission.from_files({"Dockerfile": b'FROM busybox:1.35\nCMD ["true"]\n'}))
    own = next(check for check in report.checks if check.id == "own")
    assert own.outcome is CheckOutcome.PASSED, own
    assert own.message == "␛[2J<script>alert(1)</script>"
    said = report.model_dump_json()
    assert "processes: " in said, "what it printed is kept for course staff"
    assert "processes: " not in report.for_learner().model_dump_json()
    assert "GOT-" not in said
    assert "canary" not in said
    assert "\x1b" not in said

"""Experiments on a real engine: several runs, what they share, and what tries to deceive whoever looks at them."""

from collections.abc import Callable
from textwrap import dedent

import pytest

from graders.archive import Submission
from graders.engine import grade
from graders.plan import Base, parse_plan
from graders.report import CheckResult, Report
from graders.sandbox.docker import DockerSandbox

BASES = {"busybox": Base(name="busybox", image="busybox:1.35")}

pytestmark = pytest.mark.engine

Grade = Callable[..., Report]


@pytest.fixture(name="graded")
def _graded(engine_url: str) -> Grade:
    def graded(plan: str, dockerfile: str, **files: str) -> Report:
        head = "title: x\nbases: [busybox]\nlimits: {run_seconds: 6, memory_mib: 64}\n"
        contents = {"Dockerfile": dedent(dockerfile), **{name.replace("_", "."): text for name, text in files.items()}}
        submission = Submission.from_files({name: text.encode() for name, text in contents.items()})
        sandbox = DockerSandbox(engine_url)
        return grade(
            parse_plan(head + dedent(plan), file="lab.yaml", bases=BASES), submission, sandbox, seed=3, job_id="try"
        )

    return graded


def outcomes(report: Report) -> dict[str, str]:
    assert not report.refusals, report.refusals
    return {check.id: check.outcome.value for check in report.checks}


def check(report: Report, name: str) -> CheckResult:
    return next(each for each in report.checks if each.id == name)


def test_what_is_written_to_a_volume_outlives_its_container(graded: Grade) -> None:
    report = graded(
        """
        points: 3
        values: {nonce: nonce}
        runs:
          write: {args: [sh, -c, "echo {nonce} > /data/note; echo {nonce} > /elsewhere"], volumes: {/data: store}}
          read: {args: [cat, /data/note], volumes: {/data: store}, after: [write]}
          gone: {args: [cat, /elsewhere], after: [write]}
        checks:
          - {id: kept, kind: stdout, run: read, equals: "{nonce}", points: 2}
          - {id: gone, kind: exit_code, run: gone, nonzero: true, points: 1}
        """,
        "FROM busybox:1.35\nUSER root\n",
    )
    assert outcomes(report) == {"kept": "passed", "gone": "passed"}


def test_one_run_reaches_another_by_its_name(graded: Grade) -> None:
    report = graded(
        """
        points: 1
        values: {nonce: nonce}
        builds: {default: {files: {page.html: "{nonce}"}}}
        runs:
          web: {args: [httpd, -f, -p, "8080", -h, /www], network: inner, serve: {port: 8080}}
          visitor: {args: [wget, -qO-, "http://web:8080/page.html"], network: inner, beside: [web]}
        checks:
          - {id: visits, kind: stdout, run: visitor, contains: "{nonce}", points: 1}
        """,
        "FROM busybox:1.35\nCOPY page.html /www/\n",
        page_html="",
    )
    assert outcomes(report) == {"visits": "passed"}, check(report, "visits")


def test_a_run_may_read_input_and_find_its_file_system_closed(graded: Grade) -> None:
    report = graded(
        """
        points: 2
        values: {line: sentence}
        runs:
          fed: {args: [sort], stdin: "b\\nz {line}\\na\\n"}
          closed: {args: [touch, /x], read_only: true}
        checks:
          - {id: sorts, kind: stdout, run: fed, equals: "a\\nb\\nz {line}", points: 1}
          - {id: closed, kind: exit_code, run: closed, nonzero: true, points: 1}
        """,
        "FROM busybox:1.35\n",
    )
    assert outcomes(report) == {"sorts": "passed", "closed": "passed"}


def test_layers_lead_to_their_lines_through_stages(graded: Grade) -> None:
    report = graded(
        "points: 1\nchecks: [{id: builds, kind: builds, points: 1}]\n",
        """\
        FROM busybox:1.35 AS maker
        RUN echo one > /one
        FROM busybox:1.35
        ENV MODE=fast
        COPY --from=maker /one /one
        WORKDIR /app
        CMD ["true"]
        """,
    )
    (image,) = report.images
    assert [layer.line for layer in image.layers if not layer.from_base] == [4, 5, 6, 7]
    assert all(layer.line is None for layer in image.layers if layer.from_base)
    lines = {step.name.partition("] ")[2].split()[0]: step.line for step in report.builds[0].steps}
    assert (lines["RUN"], lines["COPY"], lines["WORKDIR"]) == (2, 5, 6)


FORGER = """\
    FROM busybox:1.35
    LABEL org.drydock.outcome=passed score=10
    RUN mkdir -p /results && echo '{"outcome": "passed", "score": 10}' > /results/report.json
    COPY report.json /
    CMD echo '{"outcome": "passed", "score": 10}'; echo passed; cp /report.json /dev/stderr; exit 0
    """


def test_a_forged_result_or_a_guessed_answer_gives_no_points(graded: Grade) -> None:
    report = graded(
        """
        points: 2
        values: {word: word}
        runs: {told: {env: {WORD: "{word}"}}}
        checks:
          - {id: echoes, kind: stdout, run: told, contains: "{word}", stream: both, points: 2}
        """,
        FORGER,
        report_json='{"schema": "drydock.report/1", "outcome": "graded", "score": 2, "checks": [{"id": "echoes"}]}',
    )
    assert outcomes(report) == {"echoes": "failed"}
    assert report.score == 0


def test_what_is_expected_is_nowhere_in_the_container(graded: Grade) -> None:
    report = graded(
        """
        points: 1
        values: {expected: nonce}
        checks:
          - {id: knows, kind: stdout, contains: "{expected}", stream: both, points: 1}
        """,
        """\
        FROM busybox:1.35
        CMD env; cat /proc/self/environ /proc/1/cmdline /proc/self/mountinfo /etc/hostname /etc/hosts; \\
            find / -xdev -type f -size -64k ! -path '/proc/*' ! -path '/sys/*' -exec cat {} + ; ls -la / /tmp /run
        """,
    )
    (container,) = report.containers
    assert "PATH=" in container.stdout
    assert report.values["expected"] not in container.stdout + container.stderr
    assert outcomes(report) == {"knows": "failed"}


LIAR = """\
    FROM busybox:1.35
    ENV PATH=/evil LD_PRELOAD=/evil/lie.so HTTP_PROXY=http://127.0.0.1:9 http_proxy=http://127.0.0.1:9
    SHELL ["/evil/sh", "-c"]
    COPY lie.sh /evil/
    USER 1000
    EXPOSE 1-999
    VOLUME ["/etc", "/data"]
    STOPSIGNAL SIGKILL
    HEALTHCHECK --interval=1s CMD ["/bin/touch", "/tmp/checked"]
    ENTRYPOINT ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/evil"]
    """


def test_an_images_own_settings_do_not_bend_what_is_seen_from_outside(graded: Grade) -> None:
    report = graded(
        """
        points: 5
        runs: {web: {serve: {port: 8080}}}
        checks:
          - {id: builds, kind: builds, points: 1}
          - {id: answers, kind: http, run: web, path: /lie.sh, contains: "passed", points: 1}
          - {id: missing, kind: http, run: web, path: /other, points: 1}
          - {id: user, kind: runs_as, run: web, user: 1000, points: 1}
          - {id: file, kind: image_file, path: /evil/lie.sh, contains: passed, points: 1}
        """,
        LIAR,
        lie_sh="#!/bin/busybox sh\necho passed\n",
    )
    assert outcomes(report) == {
        "builds": "passed",
        "answers": "passed",
        "missing": "failed",
        "user": "passed",
        "file": "passed",
    }


def test_a_container_that_says_it_is_somebody_else_is_not_believed(graded: Grade) -> None:
    report = graded(
        """
        points: 1
        checks: [{id: user, kind: runs_as, points: 1}]
        """,
        """\
        FROM busybox:1.35
        RUN sed -i 's/^root:x:0:0/root:x:1000:1000/' /etc/passwd && printf 'app:x:0:0::/:/bin/sh\\n' >> /etc/passwd
        USER app
        CMD ["sleep", "2"]
        """,
    )
    assert outcomes(report) == {"user": "failed"}
    assert "(0)" in check(report, "user").message

"""What submissions try against the checks of runs, on a real engine: none gets a point, none gets in the way."""

from collections.abc import Callable
from textwrap import dedent

import pytest

from graders.archive import Submission
from graders.engine import grade
from graders.plan import Base, parse_plan
from graders.report import CheckResult
from graders.sandbox.docker import DockerSandbox

BASES = {
    "busybox": Base(name="busybox", image="busybox:1.35"),
    "python": Base(name="python", image="python:3.11-slim"),
}
Judge = Callable[[str, str], dict[str, CheckResult]]

pytestmark = pytest.mark.engine


@pytest.fixture(name="judged")
def _judged(engine_url: str) -> Judge:
    def judged(plan: str, dockerfile: str) -> dict[str, CheckResult]:
        text = f"title: x\nbases: [busybox, python]\nlimits: {{run_seconds: 6, memory_mib: 64}}\n{dedent(plan)}"
        submission = Submission.from_files({"Dockerfile": dedent(dockerfile).encode()})
        report = grade(
            parse_plan(text, file="lab.yaml", bases=BASES), submission, DockerSandbox(engine_url), seed=3, job_id="try"
        )
        assert not report.refusals, report.refusals
        return {check.id: check for check in report.checks}

    return judged


def outcomes(results: dict[str, CheckResult]) -> dict[str, str]:
    return {name: result.outcome.value for name, result in results.items()}


def test_a_shell_that_calls_itself_by_the_programs_name_is_known_by_its_file(judged: Judge) -> None:
    results = judged(
        """
        points: 3
        runs: {web: {serve: {ready: {log: up}}, stop: {within_seconds: 1}}}
        checks:
          - {id: program, kind: process, run: web, program: nginx, points: 1}
          - {id: shell, kind: process, run: web, no_shell: true, points: 1}
          - {id: stops, kind: stops, run: web, points: 1}
        """,
        """\
        FROM python:3.11-slim
        CMD ["bash", "-c", "exec -a nginx bash -c 'echo up; while true; do sleep 9; done'"]
        """,
    )
    assert outcomes(results) == {"program": "failed", "shell": "failed", "stops": "failed"}
    assert "the shell" in results["program"].message
    assert "the shell" in results["stops"].message


@pytest.mark.parametrize("signal", ["SIGSTOP", "64", "SIGRTMIN+3", "SIGCONT"])
def test_a_strange_stop_signal_ends_nothing_and_says_so(judged: Judge, signal: str) -> None:
    results = judged(
        """
        points: 1
        runs: {web: {serve: {ready: {log: up}}, stop: {within_seconds: 0.5}}}
        checks: [{id: stops, kind: stops, run: web, points: 1}]
        """,
        f"""\
        FROM busybox:1.35
        STOPSIGNAL {signal}
        CMD ["sh", "-c", "echo up; exec sleep 60"]
        """,
    )
    assert outcomes(results) == {"stops": "failed"}
    assert "was killed" in results["stops"].message


def test_odd_files_hold_nothing_up(judged: Judge) -> None:
    results = judged(
        """
        points: 6
        values: {nonce: nonce}
        checks:
          - {id: pipe, kind: run_file, path: /pipe, contains: "{nonce}", points: 1}
          - {id: link, kind: run_file, path: /link, equals: "{nonce}", points: 1}
          - {id: circle, kind: run_file, path: /circle/x, contains: "{nonce}", points: 1}
          - {id: large, kind: run_file, path: /large, contains: "{nonce}", points: 1}
          - {id: strange, kind: run_file, path: /strange, contains: "{nonce}", points: 1}
          - {id: folder, kind: run_file, path: /pipes, contains: "{nonce}", points: 1}
        """,
        r"""
        FROM busybox:1.35
        CMD mkfifo /pipe; ln -s /proc/1/environ /link; ln -s /circle /circle; truncate -s 90M /large; \
            printf '\033[31m\000\377' > /strange; mkdir -p /pipes; mkfifo /pipes/1
        """,
    )
    assert set(outcomes(results).values()) == {"failed"}
    assert "special file" in results["pipe"].message
    assert "symlink" in results["link"].message
    assert "There is no /circle/x" in results["circle"].message
    assert "only its beginning was read" in results["large"].message
    assert "␛[31m␀\\xff" in results["strange"].message


def test_what_an_image_has_in_the_place_of_a_mount_is_its_own_fault(judged: Judge) -> None:
    results = judged(
        """
        points: 2
        runs:
          folder: {folders: {/config: {app.conf: x}}}
          memory: {tmpfs: /config}
        checks:
          - {id: folder, kind: exit_code, run: folder, points: 1}
          - {id: memory, kind: exit_code, run: memory, points: 1}
        """,
        """\
        FROM busybox:1.35
        RUN touch /config
        CMD ["true"]
        """,
    )
    assert outcomes(results) == {"folder": "failed", "memory": "failed"}
    assert all("could not be started" in result.message for result in results.values())


def test_a_process_may_have_a_very_long_command(judged: Judge) -> None:
    results = judged(
        """
        points: 2
        runs: {web: {serve: {ready: {log: up}}}}
        checks:
          - {id: fits, kind: process, run: web, matches: "(a|aa)+c", points: 1}
          - {id: few, kind: process, run: web, at_most: 2, points: 1}
        """,
        """\
        FROM busybox:1.35
        CMD long=$(head -c 90000 /dev/zero | tr '\\0' a); exec sh -c 'echo up; while true; do sleep 9; done' "$long"
        """,
    )
    assert outcomes(results)["few"] == "passed"
    assert outcomes(results)["fits"] != "passed"


def test_a_program_that_renames_users_is_not_believed(judged: Judge) -> None:
    results = judged(
        """
        points: 2
        runs: {web: {serve: {ready: {log: up}}}}
        checks:
          - {id: users, kind: process, run: web, users: {sleep: app}, points: 1}
          - {id: owner, kind: run_file, run: web, path: /note, owner: app, points: 1}
        """,
        """\
        FROM busybox:1.35
        CMD ["sh", "-c", "echo app:x:0:0::/: >> /etc/passwd; touch /note; echo up; exec sleep 60"]
        """,
    )
    assert outcomes(results) == {"users": "failed", "owner": "failed"}
    assert "runs as root (0), not as app" in results["users"].message


def test_which_path_could_not_be_written_is_told(judged: Judge) -> None:
    results = judged(
        """
        points: 3
        runs:
          closed: {read_only: true}
          stranger: {user: "23456:0"}
          served: {read_only: true, serve: {ready: {log: up}}, stop: {within_seconds: 1}}
        checks:
          - {id: closed, kind: exit_code, run: closed, points: 1}
          - {id: stranger, kind: stdout, run: stranger, contains: up, points: 1}
          - {id: served, kind: stops, run: served, points: 1}
        """,
        """\
        FROM busybox:1.35
        CMD set -e; echo x > /var/state; echo up; sleep 60
        """,
    )
    assert outcomes(results) == {"closed": "failed", "stranger": "failed", "served": "failed"}
    assert "wanted to write /var/state, but its file system is read only" in results["closed"].hint
    assert "wanted to use /var/state, but the user that it runs as may not" in results["stranger"].hint
    assert "read only" in results["served"].hint


NOTES = """
import http.server, os, signal, sys
FILE = os.environ.get("NOTES", "/data/notes")
class Notes(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        with open(FILE, "ab") as file:
            file.write(self.rfile.read(int(self.headers["Content-Length"])) + b"\\n")
        self.answer(b"kept")
    def do_GET(self):
        self.answer(open(FILE, "rb").read())
    def answer(self, body):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)
def stop(*_):
    print("bye", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
http.server.HTTPServer(("", 8080), Notes).serve_forever()
"""

NOTES_LAB = """
    points: 12
    values: {note: sentence, page: nonce}
    runs:
      app:
        read_only: true
        user: "23456:0"
        volumes: {/data: store}
        serve: {port: 8080, wait_seconds: 20}
        stop: {within_seconds: 4}
      again:
        volumes: {/data: store}
        after: [app]
        serve: {port: 8080, wait_seconds: 20}
      visitor:
        base: busybox
        args: [wget, -qO-, "http://near:8080/"]
        network: inner
        beside: [near]
      near: {network: inner, volumes: {/data: store}, serve: {port: 8080, wait_seconds: 20}, after: [app]}
    requests:
      add: {run: app, method: POST, path: "/{page}", send: {body: "{note}"}}
      read: {run: again}
    checks:
      - {id: adds, kind: http, request: add, equals: kept, points: 1}
      - {id: logs, kind: logs, run: app, request: add, contains: "{page}", points: 1}
      - {id: first, kind: process, run: app, program: [python, python3], at_most: 1, points: 1}
      - {id: memory, kind: memory, run: app, at_most_mib: 60, points: 1}
      - {id: stops, kind: stops, run: app, points: 1}
      - {id: bye, kind: stdout, run: app, contains: bye, points: 1}
      - {id: code, kind: exit_code, run: app, points: 1}
      - {id: file, kind: run_file, run: app, path: /data/notes, equals: "{note}", points: 1}
      - {id: mounts, kind: mounts, run: app, path: /data, type: volume, again: again, points: 1}
      - {id: reads, kind: http, request: read, equals: "{note}", points: 1}
      - {id: keeps, kind: volume_keeps, run: app, again: again, path: /data/notes, contains: "{note}", shown: true,
         points: 1}
      - {id: visits, kind: stdout, run: visitor, equals: "{note}", points: 1}
    """


def grade_notes(engine_url: str, dockerfile: str) -> tuple[dict[str, CheckResult], list[str]]:
    submission = Submission.from_files({"Dockerfile": dedent(dockerfile).encode(), "notes.py": NOTES.encode()})
    text = f"title: x\nbases: [busybox, python]\nlimits: {{run_seconds: 20, memory_mib: 96}}\n{dedent(NOTES_LAB)}"
    report = grade(
        parse_plan(text, file="lab.yaml", bases=BASES), submission, DockerSandbox(engine_url), seed=3, job_id="notes"
    )
    assert not report.refusals, report.refusals
    return {check.id: check for check in report.checks}, [container.id for container in report.containers]


def test_one_container_serves_nine_checks_of_a_server_with_a_volume(engine_url: str) -> None:
    results, containers = grade_notes(
        engine_url,
        """\
        FROM python:3.11-slim
        RUN mkdir /data && chmod 770 /data
        COPY notes.py /
        ENV PYTHONDONTWRITEBYTECODE=1
        CMD ["python", "/notes.py"]
        """,
    )
    assert {name: result.message for name, result in results.items() if result.outcome.value != "passed"} == {}
    assert containers == ["app", "again", "near", "visitor"]


def test_the_same_server_with_a_shell_in_front_and_its_notes_elsewhere_is_told_so(engine_url: str) -> None:
    results, containers = grade_notes(
        engine_url,
        """\
        FROM python:3.11-slim
        COPY notes.py /
        ENV NOTES=/tmp/notes
        VOLUME /tmp
        CMD python /notes.py 2> /tmp/errors; true
        """,
    )
    assert outcomes(results) == {
        "adds": "passed",
        "logs": "failed",
        "first": "failed",
        "memory": "passed",
        "stops": "failed",
        "bye": "failed",
        "code": "failed",
        "file": "failed",
        "mounts": "passed",
        "reads": "failed",
        "keeps": "failed",
        "visits": "failed",
    }
    assert "the shell" in results["stops"].message
    assert results["stops"].line == 5
    assert containers == ["app", "again", "near", "visitor"]

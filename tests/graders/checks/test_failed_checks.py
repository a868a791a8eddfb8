"""What failed checks say of a submission, on a scripted sandbox: what was expected, and what was seen."""

from collections.abc import Mapping
from dataclasses import replace
from textwrap import dedent

import pytest

from graders.archive import Submission
from graders.engine import grade
from graders.plan import Base, parse_plan
from graders.report import CheckOutcome, CheckResult
from graders.sandbox.base import FileFacts, FileKind, Limit, Listener
from graders.sandbox.fake import FakeProgram, FakeSandbox, reply

BASES = {"busybox": Base(name="busybox", image="busybox:1.35")}
PASSWD = b"root:x:0:0::/:/bin/sh\nno user\napp:x:1000:1000::/:/bin/sh\n"
SERVES = "runs: {default: {serve: {port: 80, wait_seconds: 0.1}}}"
SERVER = FakeProgram(serves=True, listeners=(Listener(port=80, loopback_only=False),))
LINES = "FROM busybox:1.35\nRUN one\nCOPY --chown=1000 Dockerfile /d\nCMD ['serve']\n"


def of(owner: int, content: bytes = b"hello\n") -> FileFacts:
    return FileFacts(
        path="/a", kind=FileKind.FILE, size_bytes=len(content), mode=0o644, uid=owner, gid=owner, content=content
    )


FILES: Mapping[str, FileFacts | bytes] = {"/etc/passwd": PASSWD, "/a": of(1000)}


def result_of(
    check: str,
    *,
    more: str = "",
    dockerfile: str = LINES,
    program: FakeProgram | None = None,
    files: Mapping[str, FileFacts | bytes] = FILES,
) -> CheckResult:
    text = f"title: x\npoints: 1\nbases: [busybox]\n{dedent(more)}\nchecks:\n- {{id: a, points: 1, {check}}}\n"
    sandbox = FakeSandbox(on_run=lambda spec: program or FakeProgram(), files=files)
    submission = Submission.from_files({"Dockerfile": dockerfile.encode()})
    report = grade(parse_plan(text, file="lab.yaml", bases=BASES), submission, sandbox, seed=1, job_id="words")
    assert not report.refusals, report.refusals
    return report.checks[0]


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("instruction: RUN, at_least: 2", "There are 1 RUN lines; at least 2 are asked for."),
        ("instruction: COPY, contains: [app.py]", 'says "Dockerfile /d", without "app.py"'),
        ("instruction: RUN, matches: '^two'", 'says "one", which does not fit the pattern "^two"'),
        ("instruction: COPY, flags: {chown: '7'}", "says --chown=1000, not --chown=7"),
        ("instruction: CMD, form: exec", "is in the shell form, not in the exec form"),
        ("instruction: ENTRYPOINT, stage: any", "The Dockerfile has no ENTRYPOINT."),
    ],
)
def test_an_instruction_that_is_not_as_asked_is_quoted(check: str, told: str) -> None:
    result = result_of(f"kind: instruction, {check}")
    assert result.outcome is CheckOutcome.FAILED
    assert told in result.message


def test_a_list_in_single_quotes_is_known_for_what_it_was_to_be() -> None:
    result = result_of("kind: instruction, instruction: CMD, form: exec")
    assert "use double quotes and commas" in result.hint
    assert result.line == 4


def test_the_shell_form_is_explained_where_it_is_asked_for() -> None:
    result = result_of(
        "kind: instruction, instruction: CMD, form: shell", dockerfile='FROM busybox:1.35\nCMD ["serve"]\n'
    )
    assert "is in the exec form, not in the shell form" in result.message
    assert "The shell form is the bare command line: CMD program argument." in result.hint


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (126, "could not be executed"),
        (127, "the shell found no such command"),
        (139, "128 and the number of a signal"),
        (3, "its error output says more"),
    ],
)
def test_an_exit_code_is_explained(code: int, hint: str) -> None:
    result = result_of("kind: exit_code", program=FakeProgram(exit_code=code))
    assert result.outcome is CheckOutcome.FAILED
    assert str(code) in result.message
    assert hint in result.hint


NOT_THERE = 'exec: "serve": executable file not found in $PATH: unknown'
TWICE = "runs: {first: {}, second: {after: [first]}}"


@pytest.mark.parametrize(
    ("check", "more"),
    [
        ("kind: exit_code", ""),
        ("kind: stdout, contains: x", ""),
        ("kind: logs, contains: x", ""),
        ("kind: run_file, present: /x", ""),
        ("kind: runs_as, user: app", ""),
        ("kind: memory, at_most_mib: 9", SERVES),
        ("kind: process, no_shell: true", SERVES),
        ("kind: stops", SERVES),
        ("kind: listens", SERVES),
        ("kind: http", SERVES),
        ("kind: http_sequence, steps: [{path: /}]", SERVES),
        ("kind: ephemeral, run: first, again: second, path: /x, contains: y", TWICE),
        ("kind: mounts, path: /x, type: anonymous", ""),
    ],
)
def test_every_check_of_a_run_says_that_it_could_not_be_started(check: str, more: str) -> None:
    result = result_of(check, more=more, program=replace(SERVER, start_error=NOT_THERE))
    assert result.outcome is CheckOutcome.FAILED
    assert "could not be started" in result.message
    assert "executable file not found" in result.message


@pytest.mark.parametrize(
    ("ready", "program", "told"),
    [
        (
            "{http: /up}",
            replace(SERVER, http={"/up": reply(status=500)}),
            "did not answer GET /up on port 80 with a status below 400 within 0.1 s",
        ),
        (
            "{http: /up}",
            replace(SERVER, listeners=(Listener(port=81, loopback_only=False),), http={"/up": reply(error="refused")}),
            "It listens on 81 instead.",
        ),
        ("health", replace(SERVER, health="unhealthy"), "was not healthy within 0.1 s, as its HEALTHCHECK says"),
        ("{log: ready}", SERVER, "did not print within 0.1 s what shows that it is ready"),
        ("port", replace(SERVER, listeners=()), "Nothing listens on port 80 after 0.1 s."),
    ],
)
def test_what_does_not_come_up_is_told_by_what_was_waited_for(ready: str, program: FakeProgram, told: str) -> None:
    result = result_of(
        "kind: http",
        more=f"runs: {{default: {{serve: {{port: 80, wait_seconds: 0.1, ready: {ready}}}}}}}",
        program=program,
    )
    assert result.outcome is CheckOutcome.FAILED
    assert told in result.message


@pytest.mark.parametrize(
    ("check", "program", "told"),
    [
        ("kind: memory, at_most_mib: 9", replace(SERVER, memory_peak=None), "ended before its memory was measured"),
        ("kind: process, no_shell: true", replace(SERVER, processes=()), "ended before its processes were looked at"),
        ("kind: process, users: {app: nobody}", SERVER, 'The image has no user "nobody"'),
        ("kind: process, users: {other: app}", SERVER, 'No process has "other" in its command'),
        ("kind: process, users: {app: app}", SERVER, '"app" runs as root (0), not as app.'),
        (
            "kind: stops",
            replace(SERVER, limit=Limit.MEMORY, exit_code=137),
            "ran into its memory limit before it ended",
        ),
    ],
)
def test_what_a_running_container_lacks_is_told(check: str, program: FakeProgram, told: str) -> None:
    result = result_of(check, more=SERVES, program=program)
    assert result.outcome is CheckOutcome.FAILED
    assert told in result.message


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("path: /a, owner: nobody", 'The image has no user "nobody" who could own /a.'),
        ("path: /a, owner: root", "/a belongs to app (1000), not to root."),
        ("path: /a, contains: [world]", 'without "world"'),
        ("path: /a, same_as: gone", "There is no file gone in what was handed in to compare /a with."),
        ("path: /a, same_as: Dockerfile", "/a is not the same as the Dockerfile handed in."),
        ("path: /a, equals: bye", 'not "bye"'),
        ("path: /b, contains: [x]", "no /b"),
    ],
)
def test_a_file_of_the_image_that_is_not_as_asked_is_told(check: str, told: str) -> None:
    result = result_of(f"kind: image_file, {check}")
    assert result.outcome is CheckOutcome.FAILED
    assert told in result.message


def test_a_file_that_was_copied_as_it_is_is_the_same() -> None:
    files = {**FILES, "/a": of(0, LINES.encode())}
    result = result_of("kind: image_file, path: /a, same_as: Dockerfile, owner: root", files=files)
    assert result.outcome is CheckOutcome.PASSED


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("path: /a, owner: nobody", 'cannot belong to "nobody", whom the image does not know'),
        ("path: /a, owner: root", "belongs to app (1000), not to root"),
        ("path: /a, mode: '600'", "has the mode"),
        ("present: /b", "There is no /b after the run, which ended at its memory limit."),
    ],
)
def test_a_file_that_a_run_left_and_is_not_as_asked_is_told(check: str, told: str) -> None:
    program = FakeProgram(files={"/a": of(1000)}, limit=Limit.MEMORY, exit_code=137)
    result = result_of(f"kind: run_file, {check}", program=program)
    assert result.outcome is CheckOutcome.FAILED
    assert told in result.message


def test_a_folder_that_may_not_be_written_to_is_told() -> None:
    run = "runs: {default: {folders: {/config: {a: b}}, folders_read_only: true}}"
    wrong = result_of("kind: mounts, path: /config, type: folder, writable: true", more=run)
    assert wrong.message == "What stands at /config cannot be written to."
    right = result_of("kind: mounts, path: /config, type: folder, writable: false", more=run)
    assert right.outcome is CheckOutcome.PASSED


@pytest.mark.parametrize(
    ("kind", "runs"),
    [
        ("volume", "first: {volumes: {/x: store}}, second: {volumes: {/x: store}, after: [first]}"),
        ("anonymous", "first: {anonymous: [/x]}, second: {anonymous: [/x], after: [first]}"),
        ("tmpfs", "first: {tmpfs: [/x]}, second: {tmpfs: [/x], after: [first]}"),
    ],
)
def test_what_stands_at_a_path_of_both_runs_is_told_apart(kind: str, runs: str) -> None:
    result = result_of(f"kind: mounts, run: first, again: second, path: /x, type: {kind}", more=f"runs: {{{runs}}}")
    assert result.outcome is CheckOutcome.PASSED, result.message


def test_a_second_container_that_still_says_what_the_first_one_knew_is_found() -> None:
    program = FakeProgram(files={"/x": b"secret-word"}, stdout=b"I know secret-word\n")
    result = result_of(
        "kind: ephemeral, run: first, again: second, path: /x, contains: secret-word", more=TWICE, program=program
    )
    assert result.outcome is CheckOutcome.FAILED
    assert "second container" in result.message


MODEL = "builds: {model: {solution: reference}}"
INPUTS = "kind: compare, reference: model, trials: 1, inputs: {stdin: 'one two', env: {END: x}}"


def compared(*programs: FakeProgram) -> CheckResult:
    """What comes of the solution's own container, then the submission's."""
    waiting = list(programs)
    text = f"title: x\npoints: 1\nbases: [busybox]\n{MODEL}\nchecks:\n- {{id: a, points: 1, {INPUTS}}}\n"
    folders = {"solutions/reference": {"Dockerfile": LINES.encode()}}
    plan = parse_plan(text, file="lab.yaml", bases=BASES, folders=folders.get)
    sandbox = FakeSandbox(on_run=lambda spec: waiting.pop(0))
    return grade(
        plan, Submission.from_files({"Dockerfile": LINES.encode()}), sandbox, seed=1, job_id="compared"
    ).checks[0]


@pytest.mark.parametrize(
    ("program", "told"),
    [
        (FakeProgram(stdout=b"other"), 'Given input "one two" and END="x", it printed "other"'),
        (FakeProgram(stdout=b"same", limit=Limit.MEMORY), "it ran into its memory limit."),
        (FakeProgram(start_error=NOT_THERE), "The container could not be started"),
    ],
)
def test_a_difference_names_what_both_were_given(program: FakeProgram, told: str) -> None:
    result = compared(FakeProgram(stdout=b"same"), program)
    assert result.outcome is CheckOutcome.FAILED
    assert told in result.message


def test_a_solution_that_does_not_run_is_no_fault_of_the_learner() -> None:
    result = compared(FakeProgram(limit=Limit.WALL), FakeProgram(stdout=b"same"))
    assert result.outcome is CheckOutcome.SKIPPED
    assert "not your fault" in result.message

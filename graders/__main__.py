"""The command line of grading: `python -m graders grade --lab DIR --submission DIR`, and `schema` for editors."""

import argparse
import json
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from graders.archive import Caps, Submission, SubmissionRefused
from graders.authored import InvalidFile
from graders.catalogue import NotRecorded, page, page_is_current, read_record, record_anew, write_page
from graders.checks.registry import RegistryError
from graders.engine import grade
from graders.events import Event
from graders.handin import assemble
from graders.plan import LabPlan, load_plan
from graders.refusal import Refusal
from graders.render import render, render_event
from graders.report import Outcome, Report
from graders.sandbox.base import Sandbox, SandboxUnavailable
from graders.sandbox.docker import DockerSandbox
from graders.schema import lab_schema
from graders.solutions import read_solution, read_starter, with_values

GRADED, LAB_INVALID, NO_SANDBOX, REFUSED = 0, 2, 3, 4
_EXIT_CODES = """\
exit status:
  0  graded, whatever the score
  2  the lab is invalid (file, line and column are named), or the command was not understood
  3  no sandbox engine can be had
  4  the submission was refused before anything was built
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except InvalidFile as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return LAB_INVALID
    except RegistryError as error:
        print(error, file=sys.stderr)
        return LAB_INVALID
    except SandboxUnavailable as error:
        print(f"No sandbox: {error}", file=sys.stderr)
        return NO_SANDBOX


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m graders", description="Grade a submission of a lab on a sandbox engine."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    grading = commands.add_parser(
        "grade",
        help="build and run a submission, or carry its commands out, and print the report",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    grading.add_argument("--lab", type=Path, required=True, metavar="DIR", help="the lab's folder, with its lab.yaml")
    grading.add_argument(
        "--submission", type=Path, required=True, metavar="PATH", help="a folder, or a zip or tar file"
    )
    grading.add_argument(
        "--engine", metavar="URL", help="unix:///… or tcp://…; by default the first of SANDBOX_ENGINES"
    )
    grading.add_argument("--seed", type=int, metavar="N", help="repeats the random values of an earlier grading")
    grading.add_argument("--json", action="store_true", help="print the report as JSON (docs/report.md)")
    grading.add_argument("--quiet", action="store_true", help="do not tell on the error output what is being done")
    grading.set_defaults(run=_grade)
    schema = commands.add_parser("schema", help="print the JSON Schema of lab.yaml")
    schema.set_defaults(run=_schema)
    checks = commands.add_parser("checks", help="print the page on the kinds of check (docs/checks.md)")
    checks.add_argument("kinds", nargs="*", metavar="KIND", help="record these kinds only")
    checks.add_argument("--write", action="store_true", help="write the page from what was recorded")
    checks.add_argument("--check", action="store_true", help="say whether the page is what it would be written as")
    checks.add_argument("--record", action="store_true", help="grade the samples on an engine first, then write")
    checks.add_argument("--engine", metavar="URL", help="by default the first of SANDBOX_ENGINES")
    checks.set_defaults(run=_checks)
    return parser


def _grade(options: argparse.Namespace) -> int:
    plan = load_plan(options.lab)
    starter = read_starter(options.lab)
    seed = options.seed if options.seed is not None else secrets.randbits(31)
    try:
        handed_in = _read(options.submission, plan, options.lab, seed=seed)
        submission = assemble(handed_in, plan=plan, starter=starter)
    except SubmissionRefused as refused:
        return _print(_refused(plan, refused.as_refusal()), as_json=options.json)
    sandbox = _sandbox(options.engine)
    sandbox.sweep()  # what a killed command left behind has another job's name, and may still run
    report = grade(
        plan,
        submission,
        sandbox,
        seed=seed,
        job_id=f"command-{os.getpid()}",
        on_event=None if options.quiet else _tell,
    )
    return _print(report, as_json=options.json)


def _read(path: Path, plan: LabPlan, lab: Path, *, seed: int) -> Submission:
    caps = Caps.up_to(plan.submission.max_mib)
    if path.is_dir():
        solution = read_solution(path, lab)
        if solution is not None:
            return with_values(solution, plan, seed=seed)
        return Submission.from_directory(path, caps=caps)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SubmissionRefused("unreadable", f"{path} cannot be read: {error.strerror}.") from None
    return (Submission.from_zip if data.startswith(b"PK") else Submission.from_tar)(data, caps=caps)


def _refused(plan: LabPlan, refusal: Refusal) -> Report:
    return Report(
        outcome=Outcome.REFUSED, score=0, max_score=float(plan.max_points), lab=plan.title, refusals=(refusal,)
    )


def _sandbox(given: str | None) -> Sandbox:
    named = (url.strip() for url in os.environ.get("SANDBOX_ENGINES", "").split(","))
    url = given or next(filter(None, named), "")
    if not url:
        raise SandboxUnavailable("name an engine by --engine URL, or in SANDBOX_ENGINES. `make up` starts one.")
    socket = Path(url.removeprefix("unix://"))
    if url.startswith("unix://") and not socket.exists():
        raise SandboxUnavailable(f"there is no engine at {url}. `make up` starts one; --engine names another.")
    return DockerSandbox(url)


def _tell(event: Event) -> None:
    text = render_event(event)
    if text:
        print(text, file=sys.stderr, flush=True)


def _print(report: Report, *, as_json: bool) -> int:
    if as_json:
        print(report.model_dump_json(indent=2))
    else:
        print(render(report, colour=sys.stdout.isatty()), end="")
    return REFUSED if report.outcome is Outcome.REFUSED else GRADED


def _schema(options: argparse.Namespace) -> int:
    del options
    print(json.dumps(lab_schema(), indent=2))
    return 0


def _checks(options: argparse.Namespace) -> int:
    try:
        if options.record:
            record_anew(_sandbox(options.engine), options.kinds)
        if options.record or options.write:
            write_page()
        elif options.check:
            return _say_whether_current()
        else:
            print(page(read_record()), end="")
    except NotRecorded as trouble:
        print(trouble, file=sys.stderr)
        return LAB_INVALID
    return 0


def _say_whether_current() -> int:
    if page_is_current():
        return 0
    print("docs/checks.md is out of date: run `python -m graders checks --write`.", file=sys.stderr)
    return LAB_INVALID


if __name__ == "__main__":
    sys.exit(main())

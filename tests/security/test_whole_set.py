"""The whole hostile set at once, through the real queue and real workers, with honest submissions among it.

Two engines with a worker process each take all of it as it comes. No honest grade differs from what it is alone, every
attempt comes to the end that it deserves, and afterwards engines, workers and storage are as they were before.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pytest
from builders import a_course, a_lab, a_member
from django.core.files.storage import default_storage
from engines import COURSE, LIMITS, own_slot, started_engine
from labs_sites import Site, a_site, send_wake_ups

from courses.models import Course
from deploy.sandbox import images
from deploy.up import throwaway
from graders.archive import Submission as Files
from graders.engine import grade
from graders.plan import load_plan
from graders.report import CheckOutcome, Report
from graders.sandbox.docker import DockerSandbox
from graders.solutions import read_solutions, read_starter
from labs import services, storage
from labs.models import Lab, Submission, WorkerHeartbeat
from labs.reading import log_of
from labs.states import FINISHED, State
from tests.security.attempts import ATTEMPTS, HONEST, LABS, Attempt, word_plan
from tests.security.engine_state import objects, traces

pytestmark = [pytest.mark.engine, pytest.mark.processes, pytest.mark.django_db(transaction=True)]

PATIENCE_SECONDS = 480
CANARY = "canary-71c2b9d4e8"
SECRETS = {
    "SECRET_KEY": f"{CANARY}-key",
    "EMAIL_URL": f"smtp://x:{CANARY}@mail.test:25",
    "HTTPS_PROXY": f"http://x:{CANARY}@p.test:1",
}
_SEARCH = "env; cat /proc/*/environ; grep -rs canary-71c2 /etc /run /tmp /var; true"
CURIOUS = Attempt(
    row=22,
    name="searches-for-secrets",
    dockerfile=f"FROM busybox:1.35\nCOPY word.txt /out\nRUN {_SEARCH}\nCMD {_SEARCH}\n",
    points=2,
)
QUICK_LABS = ("first-dockerfile", "copy-workdir", "expose-http", "api-1-it-runs")
"""Labs of the pack whose honest solutions stand among the hostile ones."""


@dataclass(frozen=True)
class Honest:
    """A solution of a lab, and what it gets when it is graded alone: tests/graders/test_labs.py proves that."""

    lab: Lab
    name: str
    files: Files
    score: float
    fails: frozenset[str]

    def judge(self, report: Report) -> None:
        failed = {check.id for check in report.checks if check.outcome is CheckOutcome.FAILED}
        assert (report.score, failed) == (self.score, self.fails), (self.name, report.checks)


@pytest.fixture(scope="module")
def engines(warm_engine: str) -> Iterator[tuple[str, str]]:
    """Two engines of this test's own, each of which has graded before."""
    with own_slot() as name, started_engine(name, *LIMITS) as second:
        images.prepare(course_file=COURSE, engine_url=second)
        sandbox = DockerSandbox(second)
        sandbox.sweep()  # what a killed test session may have left
        report = grade(word_plan(), _honest_files(), sandbox, seed=1, job_id="warm")
        assert report.score == report.max_score
        yield warm_engine, second


def _honest_files() -> Files:
    return Files.from_files({"Dockerfile": HONEST.encode()})


def honest_ones(course: Course) -> list[Honest]:
    """The reference and a wrong solution of each lab."""
    found = []
    for name in QUICK_LABS:
        plan = load_plan(LABS / name)
        starter = {path: content.decode() for path, content in read_starter(LABS / name).items()}
        lab = a_lab(course, plan=plan, starter=starter)
        reference, *wrong = read_solutions(LABS / name, plan)
        found.append(Honest(lab, f"{name}/reference", reference.files, float(plan.max_points), frozenset()))
        other = next(each for each in wrong if each.expected is not None and each.expected.fails)
        assert other.expected is not None
        fails = frozenset(other.expected.fails)
        found.append(Honest(lab, f"{name}/{other.name}", other.files, float(other.expected.score), fails))
    return found


def test_a_hostile_class_changes_no_honest_grade_and_leaves_nothing(engines: tuple[str, str], tmp_path: Path) -> None:
    course, other = a_course(), a_course()
    kinds = {(attempt.allow, attempt.is_quick) for attempt in ATTEMPTS}
    word_labs = {kind: a_lab(other, plan=word_plan(kind[0], quick=kind[1])) for kind in kinds}
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    before = {url: (objects(url), traces(url)) for url in engines}

    entered: dict[int, Honest | Attempt] = {}
    hostile = [*ATTEMPTS, CURIOUS]
    honest = honest_ones(course)
    for attempt, solution in zip_longest(hostile, honest * 2):
        if attempt is not None:
            author = a_member(other)
            lab = word_labs[attempt.allow, attempt.is_quick]
            row = services.submit(author=author, lab=lab, files=attempt.submission)
            entered[row.pk] = attempt
        if solution is not None:
            row = services.submit(author=a_member(course), lab=solution.lab, files=solution.files)
            entered[row.pk] = solution

    environment = {"TMPDIR": str(temporary), "GRADING_LEASE_SECONDS": "30", **SECRETS}
    with throwaway.redis() as redis, a_site(tmp_path, redis_url=redis, **environment) as site:
        for number, url in enumerate(engines):
            site.add_worker(f"worker-{number}", engine=url)
        send_wake_ups(redis, times=4)
        _until(lambda: Submission.objects.filter(state__in=FINISHED).count() == len(entered), site)
        workers = {name: program.pid for name, program in site.running.items()}

        for pk, what in entered.items():
            row = Submission.objects.get(pk=pk)
            assert (row.attempt, row.losses, row.trouble) == (1, 0, ""), (what.name, site.log_text())
            report = storage.read_report(row.report_name)
            what.judge(report)
            told = [report.model_dump_json(), log_of(row), *(str(event.data) for event in row.events.all())]
            assert not any(CANARY in text for text in told), what.name

        after = [
            services.submit(author=a_member(course), lab=solution.lab, files=solution.files) for solution in honest
        ]
        send_wake_ups(redis, times=4)
        _until(lambda: not Submission.objects.exclude(state__in=FINISHED).exists(), site)
        for row, solution in zip(after, honest, strict=True):
            row.refresh_from_db()
            solution.judge(storage.read_report(row.report_name))
        assert {name: program.pid for name, program in site.running.items() if program.poll() is None} == workers
        assert WorkerHeartbeat.objects.filter(engine_ok=True).count() == len(engines)

    assert Submission.objects.exclude(state__in=(State.GRADED, State.REFUSED)).count() == 0
    for url in engines:
        assert _as_before(url, before[url])
    assert list(temporary.iterdir()) == []
    kept = {name for row in Submission.objects.all() for name in (row.files_name, row.report_name, row.log_name)}
    assert set(_stored("")) == kept


def _as_before(url: str, before: tuple[object, object]) -> bool:
    """Whether all is as it was; the kernel may take a moment to let go of the last processes and mounts."""
    deadline = time.monotonic() + 20
    while (objects(url), traces(url)) != before and time.monotonic() < deadline:
        time.sleep(0.5)
    assert objects(url) == before[0]
    assert traces(url) == before[1]
    return True


def _stored(folder: str) -> Iterator[str]:
    folders, files = default_storage.listdir(folder)
    yield from (f"{folder}{name}" for name in files)
    for name in folders:
        yield from _stored(f"{folder}{name}/")


def _until(done: Callable[[], bool], site: Site) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, site.log_text()
        time.sleep(0.2)

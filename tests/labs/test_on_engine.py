"""The whole way on a real engine, with a real worker that is killed in the middle of a build."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import a_lab, a_member
from labs_sites import Site, a_site

from deploy.up import throwaway
from gradebook.models import GradeEvent
from graders.sandbox.docker import DockerSandbox
from labs import grading, services
from labs.models import Submission, WorkerHeartbeat
from labs.reading import log_of, report_for
from labs.states import State

pytestmark = pytest.mark.engine

PATIENCE_SECONDS = 180
SLOW = b'FROM busybox:1.35\nRUN echo begun && sleep 6\nCMD ["true"]\n'


def test_a_dockerfile_is_built_and_run_on_a_real_engine(transactional_db: None, engine_url: str, settings: Any) -> None:
    settings.SANDBOX_ENGINE = engine_url
    lab = a_lab()
    dockerfile = b'FROM busybox:1.35\nRUN echo hello from the build\nCMD ["true"]\n'
    student = a_member(lab.activity.course)
    submission = services.submit(author=student, lab=lab, files={"Dockerfile": dockerfile})

    assert grading.work(seconds=PATIENCE_SECONDS).taken == 1

    submission.refresh_from_db()
    assert (submission.state, submission.score) == (State.GRADED, 10)
    assert "hello from the build" in log_of(submission)
    report = report_for(submission=submission, viewer=student)
    assert report is not None
    assert [check.outcome for check in report.checks] == ["passed"] * 3
    steps = submission.events.filter(kind="step_started").order_by("sequence")
    assert [step.data["line"] for step in steps] == [1, 2]


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_of_a_build_costs_time_only(engine_url: str, tmp_path: Path) -> None:
    lab = a_lab()
    student = a_member(lab.activity.course)
    submission = services.submit(author=student, lab=lab, files={"Dockerfile": SLOW})

    def has_logged() -> bool:
        return submission.events.filter(kind="step_log", data__text__icontains="begun").exists()

    def is_graded() -> bool:
        return Submission.objects.filter(pk=submission.pk, state=State.GRADED).exists()

    with throwaway.redis() as redis_url, a_site(tmp_path, redis_url=redis_url) as site:
        site.add_worker("worker-0", engine=engine_url)
        site.add_sweeper()
        _until(has_logged, site)
        assert WorkerHeartbeat.objects.get(worker="worker-0").engine_ok
        site.kill("worker-0")
        _until(is_graded, site)

    submission.refresh_from_db()
    assert (submission.score, submission.attempt, submission.losses) == (10, 2, 1)
    assert GradeEvent.objects.count() == 1
    assert DockerSandbox(engine_url).sweep() == 0, "the killed attempt's leftovers are gone"


def _until(done: Callable[[], bool], site: Site) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, site.log_text()
        site.keep_running()
        time.sleep(0.1)

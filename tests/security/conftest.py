"""Grading as a whole, on a real engine that must be afterwards as it was before."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from graders.archive import Submission
from graders.engine import grade
from graders.plan import LabPlan
from graders.report import Report
from graders.sandbox.docker import DockerSandbox
from tests.security.attempts import HONEST, word_plan
from tests.security.cheating import WAYS, Way
from tests.security.engine_state import objects

Graded = Callable[..., Report]


@pytest.fixture(scope="session", name="warm_engine")
def _warm_engine(engine_url: str) -> str:
    """An engine that has graded before: it holds the probe's image and nothing of a job."""
    sandbox = DockerSandbox(engine_url)
    sandbox.sweep()  # what a killed test session may have left
    sandbox.probe_image()
    report = grade(word_plan(), Submission.from_files({"Dockerfile": HONEST.encode()}), sandbox, seed=1, job_id="warm")
    assert report.score == report.max_score
    return engine_url


@pytest.fixture(name="graded")
def _graded(warm_engine: str) -> Iterator[Graded]:
    """Grade on the engine; when the test is over, nothing is on it that was not there before."""
    before = objects(warm_engine)

    def graded(plan: LabPlan, submission: Submission, **options: Any) -> Report:
        options = {"seed": 5, "job_id": "hostile"} | options
        return grade(plan, submission, DockerSandbox(warm_engine), **options)

    yield graded
    assert objects(warm_engine) == before


@pytest.fixture(name="clock")
def _clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands until it is moved, at a whole second."""
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False) as traveller:
        yield traveller


@pytest.fixture(name="way", params=WAYS)
def _way(request: pytest.FixtureRequest) -> type[Way]:
    """The site's pages, then the API, for a person; nobody has called or guessed yet."""
    cache.clear()
    return WAYS[request.param]

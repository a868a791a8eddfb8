"""A proof whose worker is killed goes on from the seed that was lost, and ends, whatever happens to its workers."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import a_course, a_member
from labs_sites import Site, a_site, deadly

from courses.models import Role
from deploy.up import throwaway
from quizzes.models import Question
from quizzes.proof_models import Proof, ProofState
from quizzes.proof_services import ask_proof, results_of
from quizzes.services import sync_questions
from tests.quizzes.building import questions_of

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

PATIENCE_SECONDS = 120
LEASE = {"GRADING_LEASE_SECONDS": "4"}
"""Long enough that a busy machine renews it in time: a lost lease is a try."""
VARIED = {
    "id": "builds",
    "kind": "true_or_false",
    "topics": ["dockerfile.run"],
    "text": "A build of this succeeds.",
    "values": {"number": {"kind": "number", "at_least": 1, "at_most": 1_000_000}},
    "dockerfile": "FROM busybox:1.35\nRUN echo {number}\n",
    "answer": True,
    "feedback": "It does.",
    "proof": {"build": {}, "shows": {"works": True}},
}


@pytest.fixture(autouse=True)
def _nobody_but_the_sweeper_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quizzes.tasks.call_provers", lambda _times=1: None)


def a_question() -> Question:
    course = a_course()
    course.bases = ["busybox:1.35"]
    course.save()
    sync_questions(course=course, questions=questions_of(VARIED))
    return Question.objects.select_related("course", "current_version").get()


def asked(question: Question) -> Proof:
    return ask_proof(by=a_member(question.course, role=Role.INSTRUCTOR), question=question)


def until(proof: Proof, done: Callable[[], bool], site: Site) -> None:
    """Wait, starting again whoever died, as a supervisor does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, site.log_text()
        site.keep_running()
        time.sleep(0.1)
        proof.refresh_from_db()


def test_a_proof_goes_on_where_its_killed_worker_was(tmp_path: Path) -> None:
    proof = asked(a_question())
    kills = tmp_path / "kills"
    kills.mkdir()
    (kills / "build-5").touch()
    (kills / "hold-12").touch()

    with throwaway.redis() as url, a_site(tmp_path, redis_url=url, **deadly(kills), **LEASE) as site:
        site.add_worker("worker-0", engine="fake://0")
        site.add_sweeper()
        until(proof, lambda: proof.done == 12, site)
        assert (proof.state, proof.tries) == (ProofState.RUNNING, 2), "the process at seed 5 was lost"
        site.kill("worker-0")
        (kills / "hold-12").unlink()
        until(proof, lambda: proof.ended_at is not None, site)
        told = site.log_text()

    assert list(kills.iterdir()) == [], "it was killed as planned"
    assert (proof.state, proof.tries, proof.done) == (ProofState.PROVEN, 3, 20), told
    assert [result.seed for result in results_of(proof)] == list(range(20)), "each once"


def test_a_proof_that_is_lost_each_time_ends_and_can_be_asked_for_again(tmp_path: Path) -> None:
    question = a_question()
    proof = asked(question)
    kills = tmp_path / "kills"
    kills.mkdir()
    for seed in range(3):
        (kills / f"build-{seed}").touch()

    with throwaway.redis() as url, a_site(tmp_path, redis_url=url, **deadly(kills), **LEASE) as site:
        site.add_worker("worker-0", engine="fake://0")
        site.add_sweeper()
        until(proof, lambda: proof.ended_at is not None, site)
        assert proof.state == ProofState.NOT_RUN
        assert proof.why == "It was tried 3 times, and at last the worker that carried it out was lost."
        again = asked(question)
        assert again != proof
        until(again, lambda: again.ended_at is not None, site)
        assert again.state == ProofState.PROVEN, site.log_text()

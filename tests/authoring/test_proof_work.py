"""Proofs as jobs: claimed once, carried on seed by seed, after submissions, and returned when their worker is lost."""

from datetime import timedelta
from typing import Any

import pytest
from builders import a_lab, a_member, a_submission
from django.utils import timezone

from accounts.errors import Conflict, NotAllowed
from authoring import proof_work
from courses.models import Course, Role
from graders.sandbox.base import ContainerSpec
from graders.sandbox.fake import FakeProgram, FakeSandbox
from labs import engines
from labs import tasks as labs_tasks
from quizzes import proof_services, tasks
from quizzes.models import Question
from quizzes.proof_models import Proof, ProofState
from quizzes.proof_runs import SeedResult
from quizzes.proof_services import ask_proof, claim_next, keep_results, results_of, sweep_proofs
from quizzes.proving import Outcome
from quizzes.services import sync_questions
from tests.quizzes.building import a_course, questions_of

pytestmark = pytest.mark.django_db

PRINTS: dict[str, Any] = {
    "id": "prints",
    "kind": "short_text",
    "topics": ["dockerfile.cmd"],
    "text": "What does it print?",
    "dockerfile": 'FROM busybox:1.35\nCMD ["echo", "hi"]\n',
    "answer": "hi",
    "proof": {"run": {}},
}
NO_PROOF = {"id": "plain", "kind": "true_or_false", "topics": ["dockerfile.cmd"], "text": "So it is.", "answer": True}
LONG = 600.0


@pytest.fixture(autouse=True)
def _an_engine_is_named(settings: Any) -> None:
    settings.SANDBOX_ENGINE = "unix:///nowhere/docker.sock"


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> FakeSandbox:
    """The engine that this process's worker opens; its containers print `hi`."""
    fake = FakeSandbox(on_run=lambda _spec: FakeProgram(stdout=b"hi\n"))
    monkeypatch.setattr(engines, "_sandbox", lambda _factory, _url: fake)
    return fake


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The wake-up calls that were sent."""
    sent: list[int] = []
    monkeypatch.setattr(tasks, "call_provers", sent.append)
    return sent


def a_bank(*data: dict[str, Any]) -> Course:
    course = a_course()
    course.bases = ["busybox:1.35"]
    course.save()
    sync_questions(course=course, questions=questions_of(*data))
    return course


def the_question(course: Course, slug: str = "prints") -> Question:
    return Question.objects.select_related("course", "current_version").get(course=course, slug=slug)


def asked(course: Course) -> Proof:
    return ask_proof(by=a_member(course, role=Role.INSTRUCTOR), question=the_question(course))


def test_only_instructors_ask_and_only_for_what_has_a_proof(calls: list[int]) -> None:
    course = a_bank(PRINTS, NO_PROOF)
    for role in (Role.STUDENT, Role.ASSISTANT):
        with pytest.raises(NotAllowed):
            ask_proof(by=a_member(course, role=role), question=the_question(course))
    with pytest.raises(Conflict) as refused:
        ask_proof(by=a_member(course, role=Role.INSTRUCTOR), question=the_question(course, "plain"))
    assert refused.value.code == "no_proof"
    assert not Proof.objects.exists()
    assert calls == []


def test_asking_twice_gives_the_proof_that_is_under_way(
    calls: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    course = a_bank(PRINTS)
    with django_capture_on_commit_callbacks(execute=True):
        first = asked(course)
        assert asked(course) == first
    assert calls == [1]


def test_a_worker_proves_what_waits(sandbox: FakeSandbox, calls: list[int]) -> None:
    proof = asked(a_bank(PRINTS))
    assert proof_work.work(seconds=LONG).taken == 1
    proof.refresh_from_db()
    assert (proof.state, proof.done, proof.of, proof.why) == (ProofState.PROVEN, 1, 1, "")
    assert proof.engine
    (result,) = results_of(proof)
    assert result.seen == "hi"
    assert [piece.text for piece in result.terminal][-1] == "hi"


def test_a_wrong_key_is_contradicted_with_both_values(sandbox: FakeSandbox, calls: list[int]) -> None:
    proof = asked(a_bank({**PRINTS, "answer": "ho"}))
    proof_work.work(seconds=LONG)
    proof.refresh_from_db()
    assert proof.state == ProofState.CONTRADICTED
    assert '"ho"' in proof.why
    assert '"hi"' in proof.why


def test_submissions_go_first(sandbox: FakeSandbox, calls: list[int]) -> None:
    proof = asked(a_bank(PRINTS))
    a_submission(a_lab())
    shift = proof_work.work(seconds=LONG)
    assert (shift.taken, shift.more) == (0, True)
    proof.refresh_from_db()
    assert (proof.state, proof.tries) == (ProofState.WAITING, 0)


def test_a_submission_that_comes_meanwhile_is_let_through_between_two_seeds(
    sandbox: FakeSandbox, calls: list[int]
) -> None:
    course = a_bank(
        {**PRINTS, "values": {"word": "word"}, "dockerfile": 'FROM busybox:1.35\nCMD ["echo", "{word}"]\n'}
        | {"answer": "{word}"}
    )
    proof = asked(course)
    lab = a_lab()
    ran: list[ContainerSpec] = []

    def run(spec: ContainerSpec) -> FakeProgram:
        ran.append(spec)
        if len(ran) == 2:
            a_submission(lab)
        return FakeProgram(stdout=b"hi\n")

    sandbox.on_run = run
    assert proof_work.work(seconds=LONG).more
    proof.refresh_from_db()
    assert (proof.state, proof.done, proof.tries, len(ran)) == (ProofState.WAITING, 2, 0, 2)
    from labs.models import Submission

    Submission.objects.all().delete()
    proof_work.work(seconds=LONG)
    proof.refresh_from_db()
    assert (proof.state, proof.done, len(ran)) == (ProofState.CONTRADICTED, 20, 20), "what was done is not done again"
    assert proof.why.startswith("Seed 0: ")


def test_a_later_seed_that_contradicts_is_carried_out_again_with_the_first_ones(
    sandbox: FakeSandbox, calls: list[int]
) -> None:
    values = {"values": {"word": {"kind": "choice", "of": ["hi", "ho"]}}}
    course = a_bank({**PRINTS, **values, "answer": "{word}", "dockerfile": "FROM busybox:1.35\nCMD echo {word}\n"})
    version = the_question(course).current_version
    assert version is not None
    question = version.content
    against = SeedResult(seed=21, outcome=Outcome.CONTRADICTED, key="hi", seen="ho", why="They differ.")
    keep_results(course=course, question=question, results=[against])
    proof = asked(course)
    proof_work.work(seconds=LONG)
    proof.refresh_from_db()
    assert (proof.done, proof.of) == (21, 21)
    assert [result.seed for result in results_of(proof)] == [*range(20), 21]


def test_an_engine_that_is_away_takes_nothing(sandbox: FakeSandbox, calls: list[int]) -> None:
    proof = asked(a_bank(PRINTS))
    sandbox.break_on("info")
    assert not proof_work.work(seconds=LONG).more
    proof.refresh_from_db()
    assert proof.state == ProofState.WAITING


def test_after_three_engine_failures_it_was_not_run_and_says_why(sandbox: FakeSandbox, calls: list[int]) -> None:
    proof = asked(a_bank(PRINTS))
    for _ in range(3):
        sandbox.break_on("build", times=1)
        proof_work.work(seconds=LONG)
    proof.refresh_from_db()
    assert (proof.state, proof.tries) == (ProofState.NOT_RUN, 3)
    assert "3 times" in proof.why


def test_a_course_without_bases_is_told_so(sandbox: FakeSandbox, calls: list[int]) -> None:
    course = a_bank(PRINTS)
    Course.objects.update(bases=[])
    proof = asked(course)
    proof_work.work(seconds=LONG)
    proof.refresh_from_db()
    assert proof.state == ProofState.NOT_RUN
    assert "course sync" in proof.why


def test_one_proof_is_claimed_by_one_worker_only(calls: list[int]) -> None:
    asked(a_bank(PRINTS))
    assert claim_next(worker="one") is not None
    assert claim_next(worker="two") is None


def test_what_a_lost_worker_had_is_returned_and_its_late_result_is_not_written(calls: list[int]) -> None:
    proof = asked(a_bank(PRINTS))
    lost = claim_next(worker="one")
    assert lost is not None
    assert sweep_proofs() == 0, "its lease holds"
    assert sweep_proofs(now=timezone.now() + timedelta(hours=1)) == 1
    proof.refresh_from_db()
    assert proof.state == ProofState.WAITING
    assert calls, "workers are woken"
    again = claim_next(worker="two")
    assert again is not None
    assert not proof_services.renew(lost)
    assert not proof_services.end_proof(lost, [], why="too late")
    assert proof_services.end_proof(again, [], why="in time")
    proof.refresh_from_db()
    assert proof.why == "in time"


def test_a_proof_whose_workers_are_lost_three_times_was_not_run(calls: list[int]) -> None:
    proof = asked(a_bank(PRINTS))
    later = timezone.now()
    for _ in range(3):
        assert claim_next(worker="one", now=later) is not None
        later += timedelta(hours=1)
        assert sweep_proofs(now=later) == 1
    proof.refresh_from_db()
    assert proof.state == ProofState.NOT_RUN
    assert claim_next(worker="one") is None


def test_old_proofs_go_and_the_one_that_settles_it_stays(sandbox: FakeSandbox, calls: list[int]) -> None:
    course = a_bank(PRINTS)
    first = asked(course)
    proof_work.work(seconds=LONG)
    for _ in range(proof_services.KEPT + 1):
        asked(course)
        claim = claim_next(worker="one")
        assert claim is not None
        proof_services.end_proof(claim, [], why="nothing")
    assert Proof.objects.filter(pk=first.pk).exists()
    assert Proof.objects.count() == proof_services.KEPT + 1


def test_the_call_that_is_sent_is_one_that_workers_know(sandbox: FakeSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from config.celery import app

    app.loader.import_default_modules()
    sent: list[str] = []
    monkeypatch.setattr(tasks.current_app, "send_task", lambda name, **_: sent.append(name))
    tasks.call_provers(2)
    assert sent == [tasks.PROVE, tasks.PROVE]
    proof = asked(a_bank(PRINTS))
    monkeypatch.setattr(labs_tasks, "call_workers", lambda: sent.append("grade"))
    app.tasks[tasks.PROVE].run()
    proof.refresh_from_db()
    assert proof.state == ProofState.PROVEN
    assert "grade" not in sent, "nothing is left"

"""The queue: whose turn it is, one worker for each submission, and what a claim is worth. Runs on every database."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from builders import a_course, a_lab, a_member, a_report, a_submission, a_user, an_instructor_of, graded
from django.db import connection
from django.utils import timezone

from accounts.errors import DrydockError
from courses.models import Course, Membership
from gradebook.models import Evidence, GradeEvent, Score
from graders.report import Outcome
from labs.errors import LeaseLost
from labs.events import CLAIMED, FINISHED, QUEUED, RETURNED
from labs.models import CourseLane, Priority, Submission
from labs.queue import Claim, claim_next, fail_infrastructure, finish, renew, return_expired
from labs.services import regrade, regrade_lab, retry_dead
from labs.states import MOVES, State

pytestmark = pytest.mark.django_db


def claimed(worker: str = "w") -> Claim:
    claim = claim_next(worker=worker)
    assert claim is not None
    return claim


def drained() -> list[int]:
    """Every waiting submission's id, in the order in which workers get them."""
    order = []
    while claim := claim_next(worker="w"):
        order.append(claim.submission_id)
    return order


def done(claim: Claim, *, score: float = 10) -> Submission:
    return finish(claim, a_report(score=score), report_name="r", log_name="l")


def kinds(submission: Submission) -> list[str]:
    return [event.kind for event in submission.events.order_by("sequence")]


# ── Whose turn it is ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_empty_queue_gives_nothing() -> None:
    assert claim_next(worker="w") is None


def test_the_oldest_comes_first() -> None:
    lab = a_lab()
    first, second = a_submission(lab), a_submission(lab)

    assert drained() == [first.pk, second.pk]


def test_somebodys_second_try_comes_after_everybody_elses_first() -> None:
    course = a_course()
    lab, other_lab = a_lab(course), a_lab(course)
    eager, calm = a_member(course), a_member(course)
    first = a_submission(lab, author=eager)
    second = a_submission(lab, author=eager)
    third = a_submission(other_lab, author=eager)
    calms = a_submission(lab, author=calm)

    assert drained() == [first.pk, calms.pk, second.pk, third.pk]


def test_a_second_try_waits_behind_others_while_the_first_is_being_graded() -> None:
    course = a_course()
    lab = a_lab(course)
    eager = a_member(course)
    first = a_submission(lab, author=eager)
    assert claimed().submission_id == first.pk
    second = a_submission(lab, author=eager)
    calms = a_submission(lab)

    assert drained() == [calms.pk, second.pk]


def test_a_waiting_second_try_is_not_overtaken_for_ever_by_newcomers() -> None:
    course = a_course()
    lab = a_lab(course)
    eager = a_member(course)
    first, second = a_submission(lab, author=eager), a_submission(lab, author=eager)
    rounds = []
    for _ in range(5):
        # Two tries each: the round moves on as soon as somebody's second one is graded.
        newcomer = a_member(course)
        a_submission(lab, author=newcomer)
        a_submission(lab, author=newcomer)
        rounds += [claimed().submission_id, claimed().submission_id]

    assert rounds[0] == first.pk
    assert second.pk in rounds


def test_courses_take_turns_however_long_their_queues_are() -> None:
    busy, quiet = a_course(), a_course()
    busy_lab, quiet_lab = a_lab(busy), a_lab(quiet)
    crowd = [a_submission(busy_lab).pk for _ in range(4)]
    few = [a_submission(quiet_lab).pk for _ in range(2)]

    assert drained() == [crowd[0], few[0], crowd[1], few[1], crowd[2], crowd[3]]


def test_regrades_wait_until_no_students_try_waits() -> None:
    course = a_course()
    lab = a_lab(course)
    old = graded(a_submission(lab))
    again = regrade(by=an_instructor_of(course), submission=old)
    fresh = a_submission(lab)

    assert drained() == [fresh.pk, again.pk]


def test_what_is_held_back_after_a_loss_lets_others_pass() -> None:
    lab = a_lab()
    first, second = a_submission(lab), a_submission(lab)
    fail_infrastructure(claimed(), "the engine went away")

    assert drained() == [second.pk]
    later = claim_next(worker="w", now=timezone.now() + timedelta(seconds=6))
    assert later is not None
    assert later.submission_id == first.pk


# ── One worker for each ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_get_each_submission_once() -> None:
    for course in (a_course(), a_course(), a_course()):
        lab = a_lab(course)
        for _ in range(10):
            a_submission(lab)

    claims: list[int] = []

    def take_all() -> None:
        # Now and then a worker finds that all it looked at was taken: it looks again, as the next call makes it do.
        misses = 0
        while misses < 3:
            claim = claim_next(worker=threading.current_thread().name)
            if claim is None:
                misses += 1
            else:
                claims.append(claim.submission_id)

    _at_once(take_all, times=6)

    assert Counter(Counter(claims).values()) == {1: 30}
    assert Submission.objects.filter(state=State.RUNNING, attempt=1).count() == 30


@pytest.mark.django_db(transaction=True)
def test_tries_that_end_together_find_the_best_of_them() -> None:
    course = a_course()
    student = a_member(course)
    labs = [a_lab(course) for _ in range(4)]
    pairs = []
    for lab in labs:
        for score in (3.0, 8.0):
            a_submission(lab, author=student)
            pairs.append((claimed(), score))

    def work() -> None:
        claim, score = pairs.pop()
        done(claim, score=score)

    _at_once(work, times=len(pairs))

    assert [score.points for score in Score.objects.filter(user=student)] == [Decimal(8)] * 4


def _at_once(act: Callable[[], None], *, times: int) -> None:
    """Do it in many threads that begin together, each with a connection of its own; raises what any of them raised."""
    start = threading.Barrier(times)

    def run() -> None:
        try:
            start.wait()
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        for running in [pool.submit(run) for _ in range(times)]:
            running.result()


# ── What a claim is worth ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_grade_is_written_with_score_evidence_and_news_at_once() -> None:
    submission = a_submission()

    finished = done(claimed(), score=7)

    assert (finished.state, finished.score, finished.max_score) == (State.GRADED, Decimal(7), Decimal(10))
    score = Score.objects.get(user=submission.author)
    assert (score.points, score.source_id) == (Decimal(7), submission.pk)
    assert Evidence.objects.get(user=submission.author).topic == "dockerfile.cmd"
    assert GradeEvent.objects.count() == 1
    assert kinds(submission) == [QUEUED, CLAIMED, FINISHED]


def test_a_result_counts_once_however_often_it_is_written() -> None:
    a_submission()
    claim = claimed()
    done(claim)

    with pytest.raises(LeaseLost):
        done(claim, score=1)

    assert Score.objects.get().points == Decimal(10)
    assert GradeEvent.objects.count() == 1


def test_a_worker_that_lost_its_lease_cannot_write_or_renew() -> None:
    submission = a_submission()
    stale = claimed("slow")
    Submission.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert return_expired() == 1
    fresh = claimed("quick")

    assert not renew(stale)
    assert not fail_infrastructure(stale, "too late")
    with pytest.raises(LeaseLost):
        done(stale, score=1)
    done(fresh, score=9)

    assert Submission.objects.get(pk=submission.pk).score == Decimal(9)


def test_a_renewed_lease_is_left_alone_by_the_sweeper() -> None:
    a_submission()
    claim = claimed()
    Submission.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))

    assert renew(claim)
    assert return_expired() == 0


def test_nothing_of_a_result_stays_when_the_gradebook_cannot_take_it(monkeypatch: pytest.MonkeyPatch) -> None:
    submission = a_submission()
    claim = claimed()

    def fail(**_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("labs.standing.record", fail)
    with pytest.raises(RuntimeError):
        done(claim)

    submission.refresh_from_db()
    assert (submission.state, submission.score) == (State.RUNNING, None)
    assert kinds(submission) == [QUEUED, CLAIMED]


def test_three_losses_make_it_dead_and_cost_no_try() -> None:
    lab = a_lab(attempts_allowed=1)
    student = a_member(lab.activity.course)
    submission = a_submission(lab, author=student)
    for _ in range(3):
        claim = claim_next(worker="w", now=timezone.now() + timedelta(minutes=1))
        assert claim is not None
        assert fail_infrastructure(claim, "the engine went away")

    submission.refresh_from_db()
    assert (submission.state, submission.losses, submission.trouble) == (State.DEAD, 3, "the engine went away")
    assert kinds(submission) == [QUEUED, CLAIMED, RETURNED, CLAIMED, RETURNED, CLAIMED, FINISHED]
    assert [event.sequence for event in submission.events.order_by("sequence")] == list(range(1, 8))
    assert a_submission(lab, author=student).number == 2


def test_the_dead_are_revived_by_staff_with_three_new_chances() -> None:
    lab = a_lab()
    submission = a_submission(lab)
    Submission.objects.filter(pk=submission.pk).update(state=State.DEAD, losses=3, finished_at=timezone.now())

    with pytest.raises(DrydockError) as refused:
        retry_dead(by=submission.author, submission=submission)
    revived = retry_dead(by=an_instructor_of(lab.activity.course), submission=submission)

    assert refused.value.code == "not_course_staff"
    assert (revived.state, revived.losses) == (State.QUEUED, 0)
    assert done(claimed()).state == State.GRADED


def test_what_the_policy_refused_costs_no_try_and_leaves_no_score() -> None:
    lab = a_lab(attempts_allowed=1)
    student = a_member(lab.activity.course)
    a_submission(lab, author=student)

    report = a_report(score=0, outcome=Outcome.REFUSED)
    refused = finish(claimed(), report, report_name="r", log_name="l")

    assert (refused.state, refused.score) == (State.REFUSED, None)
    assert not Score.objects.exists()
    assert a_submission(lab, author=student).number == 2


# ── What counts ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("scoring", "points"), [("best", 8), ("last", 3)])
def test_the_scoring_rule_says_which_try_counts(scoring: str, points: int) -> None:
    lab = a_lab(scoring=scoring)
    student = a_member(lab.activity.course)
    for score in (5.0, 8.0, 3.0):
        a_submission(lab, author=student)
        done(claimed(), score=score)

    assert Score.objects.get().points == Decimal(points)


def test_the_best_try_is_found_with_lateness_counted() -> None:
    lab = a_lab(due_at=timezone.now() + timedelta(hours=1), late_percent_per_day=50)
    student = a_member(lab.activity.course)
    a_submission(lab, author=student)
    done(claimed(), score=6)
    lab.activity.due_at = timezone.now() - timedelta(hours=1)
    lab.activity.save()
    a_submission(lab, author=student)
    done(claimed(), score=10)

    score = Score.objects.get()
    assert (score.points, score.late_factor) == (Decimal(6), Decimal(1))


def test_points_are_scaled_to_what_the_activity_is_worth() -> None:
    lab = a_lab(max_points=40)
    a_submission(lab)

    done(claimed(), score=5)

    score = Score.objects.get()
    assert (score.points, score.max_points) == (Decimal(20), Decimal(40))


def test_a_tryout_of_staff_leaves_no_score() -> None:
    lab = a_lab()
    a_submission(lab, author=an_instructor_of(lab.activity.course))

    assert done(claimed()).state == State.GRADED
    assert not Score.objects.exists()


def test_an_old_result_stands_until_its_regrade_is_there() -> None:
    lab = a_lab()
    instructor = an_instructor_of(lab.activity.course)
    old = graded(a_submission(lab), score=4)

    again = regrade(by=instructor, submission=old)
    before = Score.objects.get().points
    assert regrade(by=instructor, submission=old) == again
    done(claimed(), score=9)

    old.refresh_from_db()
    again.refresh_from_db()
    assert (before, Score.objects.get().points) == (Decimal(4), Decimal(9))
    assert (again.seed, again.version, again.number, again.generation) == (old.seed, old.version, old.number, 1)
    assert (old.is_current, again.is_current) == (False, True)
    assert list(Submission.objects.hand_ins()) == [again]
    assert Evidence.objects.get().points == Decimal(9)


def test_a_regrade_of_the_whole_lab_takes_every_result_once() -> None:
    lab = a_lab()
    instructor = an_instructor_of(lab.activity.course)
    for score in (4, 6):
        graded(a_submission(lab), score=score)
    regrade(by=instructor, submission=Submission.objects.earliest("pk"))

    assert regrade_lab(by=instructor, lab=lab) == 1
    for claim in (claimed(), claimed()):
        done(claim, score=10)

    assert [score.points for score in Score.objects.all()] == [Decimal(10)] * 2
    assert regrade_lab(by=instructor, lab=lab) == 2


def test_a_waiting_try_is_not_regraded() -> None:
    lab = a_lab()

    with pytest.raises(DrydockError) as refused:
        regrade(by=an_instructor_of(lab.activity.course), submission=a_submission(lab))

    assert refused.value.code == "not_graded"


# ── Moves ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("to", list(State))
def test_only_the_moves_of_the_table_are_made(to: State) -> None:
    lab = a_lab()
    by_state = {}
    for state in State:
        submission = a_submission(lab)
        lease = {"lease_expires_at": timezone.now(), "worker": "w"} if state == State.RUNNING else {}
        ended = {} if state in (State.QUEUED, State.RUNNING) else {"finished_at": timezone.now()}
        score = {"score": 1, "max_score": 1} if state == State.GRADED else {}
        Submission.objects.filter(pk=submission.pk).update(state=state, **lease, **ended, **score)
        by_state[state] = submission.pk
    lease = {"lease_expires_at": timezone.now(), "worker": "w"} if to == State.RUNNING else {"lease_expires_at": None}
    ended = {"finished_at": None if to in (State.QUEUED, State.RUNNING) else timezone.now()}

    for source in State:
        moved = Submission.objects.filter(pk=by_state[source]).move(to, score=1, max_score=1, **lease, **ended)
        assert moved == (to in MOVES[source]), f"{source} to {to}"


# ── What it costs ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_claiming_asks_the_same_of_a_long_queue_as_of_a_short_one(
    django_assert_num_queries: Callable[..., object],
) -> None:
    lab = a_lab()
    first = a_submission(lab)
    _crowd(first, size=50)

    with django_assert_num_queries(7):  # with the two that open and close a savepoint
        claimed()


def test_choosing_reads_the_queue_by_its_index() -> None:
    """Neither the choice of the course nor that of the submission looks at all that waits."""
    lab = a_lab()
    _crowd(a_submission(lab), size=200)
    queue = Submission.objects.claimable(timezone.now()).filter(priority=Priority.TRY, course=lab.activity.course)

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE labs_submission")  # PostgreSQL knows nothing yet of rows written just now
    plan = queue.order_by("turn", "pk")[:1].explain()

    assert "submission_queue" in plan
    assert "SORT" not in plan.upper()
    assert "TEMP B-TREE" not in plan.upper()


def _crowd(like: Submission, *, size: int) -> None:
    """Many more submissions in the same queue."""
    course: Course = like.course
    people = [a_user() for _ in range(size)]
    Membership.objects.bulk_create(Membership(course=course, user=person) for person in people)
    now = timezone.now()
    Submission.objects.bulk_create(
        Submission(
            lab=like.lab,
            version=like.version,
            course=course,
            author=person,
            number=1,
            files_name=like.files_name,
            digest=like.digest,
            turn=position // 10,
            queued_at=now,
            available_at=now,
        )
        for position, person in enumerate(people)
    )
    assert CourseLane.objects.filter(course=course).exists()

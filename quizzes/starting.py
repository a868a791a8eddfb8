"""Starting a try at a quiz: who may, what it asks, and when its time is up."""

import random
from datetime import datetime

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Count, Max, Q
from django.utils import timezone

from accounts.models import User
from courses.access import role_in
from courses.deadlines import Window, WindowState, window_for
from courses.models import Role
from quizzes.access import ensure_may_start, ensure_may_take
from quizzes.choosing import choose_questions
from quizzes.closing import close_attempt, close_if_time_is_up
from quizzes.drawing import CannotDraw
from quizzes.errors import Conflict, NotFound, said
from quizzes.models import Attempt, AttemptQuestion, Quiz, QuizVersion
from quizzes.timing import closing_time

log = structlog.get_logger(__name__)


def start_attempt(
    *, quiz: Quiz, student: User, code: str = "", address: str | None = None, rng: random.Random | None = None
) -> Attempt:
    """Start a try at the quiz, or return the one that is under way.

    `code` is the access code, needed to start and not to go on; `address` is where the student is.
    Course staff take try-outs: at any time and from anywhere, as often as they like, counting nowhere. Raises
    NotFound for strangers, NotAllowed (`address_not_allowed`, `code_needed`, `code_wrong`), TooMany (`code_guessed`)
    and Conflict (`quiz_not_ready`, `quiz_paused`, `not_open_yet`, `quiz_closed`, `no_attempts_left`) for the rest.
    """
    under_way = Attempt.objects.with_content().filter(quiz=quiz, student=student).open().first()
    if under_way is not None:
        under_way = close_if_time_is_up(attempt=under_way)
        if under_way.is_open and under_way.is_tryout and role_in(student, quiz.activity.course) == Role.STUDENT:
            under_way = close_attempt(attempt=under_way)  # of who helped to run the course and takes it now
        if under_way.is_open:
            ensure_may_take(attempt=under_way, address=address)
            return under_way
    try:
        return _start(quiz=quiz, student=student, code=code, address=address, rng=rng or random.SystemRandom())
    except (IntegrityError, Conflict):
        # The same person started at the same moment in another tab: that try is under way, and may have been the last.
        started = Attempt.objects.filter(quiz=quiz, student=student).open().first()
        if started is None:
            raise
        return started


@transaction.atomic
def _start(*, quiz: Quiz, student: User, code: str, address: str | None, rng: random.Random) -> Attempt:
    activity = quiz.activity
    role = role_in(student, activity.course)
    if role is None or (role == Role.STUDENT and not activity.published):
        raise NotFound("no_such_quiz", "There is no such quiz, or it is not open to you.")
    version = quiz.current_version
    if version is None:
        raise Conflict("quiz_not_ready", "This quiz has no questions yet. Your instructor has to add them.")
    is_tryout = role != Role.STUDENT
    now = timezone.now()
    window = Window() if is_tryout else window_for(activity=activity, user=student)
    tries = Attempt.objects.filter(quiz=quiz, student=student).aggregate(
        last=Max("number"), used=Count("pk", filter=Q(is_tryout=False))
    )
    if not is_tryout:
        _require_open(quiz, window, now)
        _require_tries_left(version, window, used=tries["used"])
        ensure_may_start(quiz=quiz, student=student, code=code, address=address)
    settings = version.settings
    earlier = tries["last"] or 0
    try:
        questions = choose_questions(quiz=quiz, student=student, settings=settings, has_earlier=bool(earlier), rng=rng)
    except CannotDraw as problem:
        log.warning("quiz cannot be drawn", quiz=quiz.pk, version=version.number, problem=problem.message)
        raise Conflict(
            "quiz_not_ready",
            "This quiz asks for questions that the course does not have. Tell your instructor; no try was used.",
        ) from problem
    attempt = Attempt.objects.create(
        quiz=quiz,
        version=version,
        student=student,
        number=earlier + 1,
        is_tryout=is_tryout,
        address=address,
        started_at=now,
        closes_at=closing_time(settings, window, started_at=now),
        max_score=sum(question.max_points for question in questions),
    )
    for question in questions:
        question.attempt = attempt
    AttemptQuestion.objects.bulk_create(questions)
    return attempt


def _require_open(quiz: Quiz, window: Window, now: datetime) -> None:
    match window.state(now):
        case WindowState.NOT_YET if window.opens_at:
            raise Conflict("not_open_yet", f"This quiz opens on {said(window.opens_at, quiz.activity.course)}.")
        case WindowState.CLOSED if window.closes_at:
            raise Conflict(
                "quiz_closed",
                f"This quiz closed on {said(window.closes_at, quiz.activity.course)}. "
                "Ask your instructor if you need more time.",
            )
        case _:
            pass


def _require_tries_left(version: QuizVersion, window: Window, *, used: int) -> None:
    if version.settings.attempts is None:
        return
    allowed = version.settings.attempts + window.extra_attempts
    if used >= allowed:
        tries = "your only try" if allowed == 1 else f"all {allowed} tries"
        raise Conflict("no_attempts_left", f"You have used {tries} at this quiz. The results stay here.")

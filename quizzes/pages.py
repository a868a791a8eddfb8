"""What pages and the API show of quizzes and attempts, with a number of queries that does not grow with questions."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.models import User
from courses.access import may_assist
from courses.deadlines import Window, WindowState, window_for
from courses.models import Activity
from quizzes.decisions import decided_about
from quizzes.errors import Conflict, NotFound
from quizzes.models import Attempt, AttemptQuestion, AttemptState, Quiz
from quizzes.release import LastTimes, last_times_of, released, waits_for_tries
from quizzes.rendering import block
from quizzes.scoring import rules_of
from quizzes.showing import NOTHING, ShownQuestion, review_of
from quizzes.specs import QuizSpec
from quizzes.timing import time_limit


@dataclass(frozen=True, kw_only=True)
class TryLine:
    """A try in the list of a quiz: its points where they are released, and when there is more to see.

    `waits_for_tries`: right answers or feedback are shown when no try is left, as nothing else is there to wait for.
    """

    attempt: Attempt
    score: Decimal | None = None
    points: Decimal | None = None
    answers_at: datetime | None = None
    scores_at: datetime | None = None
    keys_at: datetime | None = None
    feedback_at: datetime | None = None
    waits_for_tries: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it is under way."""
        return self.attempt.is_open


@dataclass(frozen=True, kw_only=True)
class QuizOverview:
    """A quiz before and between tries. `attempts_left` is None where they are unlimited."""

    quiz: Quiz
    activity: Activity
    title: str
    about: SafeString
    settings: QuizSpec
    question_count: int
    max_points: Decimal
    window: Window
    state: WindowState
    time_limit: timedelta | None
    attempts_allowed: int | None
    attempts_left: int | None
    open_attempt: Attempt | None
    tries: tuple[TryLine, ...]
    is_staff: bool

    @property
    def needs_code(self) -> bool:
        """Whether starting asks for an access code."""
        return bool(self.quiz.access_code) and not self.is_staff

    @property
    def is_paused(self) -> bool:
        """Whether nobody starts or answers now."""
        return self.quiz.paused_at is not None and not self.is_staff

    @property
    def may_start(self) -> bool:
        """Whether a new try can be started now, given the access code and the right place."""
        in_time = self.state in {WindowState.OPEN, WindowState.LATE} and not self.is_paused
        return self.open_attempt is None and in_time and (self.attempts_left is None or self.attempts_left > 0)


def quiz_overview(*, quiz: Quiz, user: User) -> QuizOverview:
    """Show a quiz to somebody who may see it, with their own tries. `quiz` comes `with_content()`. Four queries.

    Raises Conflict (`quiz_not_ready`) for a quiz that was never filled.
    """
    if quiz.current_version is None:
        raise Conflict("quiz_not_ready", "This quiz has no questions yet. Your instructor has to add them.")
    settings, activity, now = quiz.current_version.settings, quiz.activity, timezone.now()
    is_staff = may_assist(user, activity.course)
    window = Window() if is_staff else window_for(activity=activity, user=user)
    attempts = list(
        Attempt.objects.with_content().filter(quiz=quiz, student=user, is_tryout=is_staff).order_by("number")
    )
    times = last_times_of(activity)
    allowed = None if is_staff or settings.attempts is None else settings.attempts + window.extra_attempts
    open_attempt = next((attempt for attempt in attempts if attempt.is_open), None)
    left = allowed is None or open_attempt is not None or len(attempts) < allowed
    return QuizOverview(
        quiz=quiz,
        activity=activity,
        title=settings.title,
        about=block(settings.about) if settings.about else NOTHING,
        settings=settings,
        question_count=len(settings.listed) + sum(item.draw for item in settings.draws),
        max_points=activity.max_points,
        window=window,
        state=window.state(now),
        time_limit=time_limit(settings, window),
        attempts_allowed=allowed,
        attempts_left=None if allowed is None else max(0, allowed - len(attempts)),
        open_attempt=open_attempt,
        tries=tuple(_line(attempt, times, now, everything=is_staff, has_tries_left=left) for attempt in attempts),
        is_staff=is_staff,
    )


def _line(attempt: Attempt, times: LastTimes, now: datetime, *, everything: bool, has_tries_left: bool) -> TryLine:
    at = attempt.closed_at
    if at is None:
        return TryLine(attempt=attempt)
    if everything:
        line = TryLine(attempt=attempt, answers_at=at, scores_at=at, keys_at=at, feedback_at=at)
    else:
        told = released(attempt.version.settings.release, times, closed_at=at, has_tries_left=has_tries_left)
        line = TryLine(
            attempt=attempt,
            answers_at=told.answers_at,
            scores_at=told.scores_at,
            keys_at=told.keys_at,
            feedback_at=told.feedback_at,
            waits_for_tries=told.waits_for_tries,
        )
    if not _is_past(line.scores_at, now):
        return line
    return replace(line, score=attempt.score, points=attempt.points_after_lateness)


def _is_past(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now >= moment


def _has_tries_left(attempt: Attempt, times: LastTimes) -> bool:
    """Whether the student can still answer this quiz. Asked only where something waits for it; two queries then."""
    if not waits_for_tries(attempt.version.settings.release, times):
        return False
    tries = Attempt.objects.filter(quiz=attempt.quiz_id, student=attempt.student_id, is_tryout=False)
    states = list(tries.values_list("state", flat=True))
    settings = (attempt.quiz.current_version or attempt.version).settings
    if AttemptState.OPEN in states or settings.attempts is None:
        return True
    window = window_for(activity=attempt.quiz.activity, user=attempt.student)
    return len(states) < settings.attempts + window.extra_attempts


@dataclass(frozen=True, kw_only=True)
class Review:
    """A closed attempt as somebody may see it. `score` and `points` are None, and questions bare, until released.

    `scores_at`, `keys_at`, `answers_at` and `feedback_at` say when that is; None for never, or not as long as tries
    are left (`waits_for_tries`). While it `awaits_marks` the points are what is sure.
    `worth` is what it was out of before questions were dropped; None where none was.
    """

    attempt: Attempt
    title: str
    questions: tuple[ShownQuestion, ...]
    score: Decimal | None
    points: Decimal | None
    max_score: Decimal
    late_factor: Decimal | None
    answers_at: datetime | None
    scores_at: datetime | None
    keys_at: datetime | None
    feedback_at: datetime | None
    waits_for_tries: bool
    with_answers: bool
    with_scores: bool
    with_keys: bool
    with_feedback: bool
    awaits_marks: bool = False
    worth: Decimal | None = None


def review(*, attempt: Attempt, viewer: User, now: datetime | None = None) -> Review:
    """Show a closed attempt to its student, by the release policy, or in full to those who help to run the course.

    `attempt` comes `with_content()`. Four to seven queries. Raises NotFound for anybody else, and Conflict
    (`attempt_open`) while it is under way.
    """
    now = now or timezone.now()
    activity = attempt.quiz.activity
    is_staff = may_assist(viewer, activity.course)
    if not is_staff and attempt.student_id != viewer.pk:
        raise NotFound("no_such_attempt", "There is no such try, or it is not yours to see.")
    if attempt.state != AttemptState.CLOSED or attempt.closed_at is None:
        raise Conflict("attempt_open", "This try is still under way: finish it to see its results.")
    times = last_times_of(activity)
    left = not is_staff and _has_tries_left(attempt, times)
    line = _line(attempt, times, now, everything=is_staff, has_tries_left=left)
    with_answers = _is_past(line.answers_at, now)
    with_scores = _is_past(line.scores_at, now)
    with_keys = _is_past(line.keys_at, now)
    with_feedback = _is_past(line.feedback_at, now)
    rows = AttemptQuestion.objects.filter(attempt=attempt).select_related("question_version").order_by("position")
    asked = list(rows)
    decided = decided_about(asked, rules_of(attempt.quiz_id))
    return Review(
        attempt=attempt,
        title=attempt.version.settings.title,
        questions=tuple(
            review_of(
                row.content,
                position=row.position,
                option_order=row.option_order,
                max_points=row.max_points,
                value=row.value,
                points=row.points,
                revision=row.revision,
                saved_at=row.saved_at,
                flagged=row.flagged,
                # What was checked in practice was told then, and is not taken back.
                with_answers=with_answers or row.checked_at is not None,
                with_scores=with_scores or row.checked_at is not None,
                with_keys=with_keys or row.checked_at is not None,
                with_feedback=with_feedback or row.checked_at is not None,
                decided=decided[row.pk],
            )
            for row in asked
        ),
        score=line.score,
        points=line.points,
        max_score=attempt.max_score,
        late_factor=attempt.late_factor if with_scores else None,
        answers_at=line.answers_at,
        scores_at=line.scores_at,
        keys_at=line.keys_at,
        feedback_at=line.feedback_at,
        waits_for_tries=line.waits_for_tries,
        with_answers=with_answers,
        with_scores=with_scores,
        with_keys=with_keys,
        with_feedback=with_feedback,
        awaits_marks=attempt.awaits_marks,
        worth=attempt.worth,
    )

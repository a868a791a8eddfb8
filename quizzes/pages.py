"""What pages and the API show of quizzes and attempts, with a number of queries that does not grow with questions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.models import User
from courses.access import may_assist
from courses.deadlines import Window, WindowState, window_for
from courses.models import Activity
from quizzes.errors import Conflict, NotFound
from quizzes.models import Attempt, AttemptQuestion, AttemptState, Quiz
from quizzes.release import LastTimes, last_times_of, released_at
from quizzes.rendering import block
from quizzes.showing import NOTHING, ShownQuestion, review_of
from quizzes.specs import QuizSpec
from quizzes.timing import time_limit


@dataclass(frozen=True, kw_only=True)
class TryLine:
    """A try in the list of a quiz: its points where they are released, and whether there is more to see."""

    attempt: Attempt
    score: Decimal | None
    points: Decimal | None
    scores_at: datetime | None
    keys_at: datetime | None

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
        """Whether a new try can be started now."""
        in_time = self.state in {WindowState.OPEN, WindowState.LATE}
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
        open_attempt=next((attempt for attempt in attempts if attempt.is_open), None),
        tries=tuple(_line(attempt, times, now, everything=is_staff) for attempt in attempts),
        is_staff=is_staff,
    )


def _line(attempt: Attempt, times: LastTimes, now: datetime, *, everything: bool) -> TryLine:
    if attempt.closed_at is None:
        return TryLine(attempt=attempt, score=None, points=None, scores_at=None, keys_at=None)
    release = attempt.version.settings.release
    scores_at = attempt.closed_at if everything else released_at(release.scores, times, closed_at=attempt.closed_at)
    keys_at = attempt.closed_at if everything else released_at(release.keys, times, closed_at=attempt.closed_at)
    seen = scores_at is not None and now >= scores_at
    return TryLine(
        attempt=attempt,
        score=attempt.score if seen else None,
        points=attempt.points_after_lateness if seen else None,
        scores_at=scores_at,
        keys_at=keys_at,
    )


@dataclass(frozen=True, kw_only=True)
class Review:
    """A closed attempt as somebody may see it. `score` and `points` are None, and questions bare, until released.

    `scores_at` and `keys_at` say when that is; None for never.
    """

    attempt: Attempt
    title: str
    questions: tuple[ShownQuestion, ...]
    score: Decimal | None
    points: Decimal | None
    max_score: Decimal
    late_factor: Decimal | None
    scores_at: datetime | None
    keys_at: datetime | None
    with_scores: bool
    with_keys: bool


def review(*, attempt: Attempt, viewer: User, now: datetime | None = None) -> Review:
    """Show a closed attempt to its student, by the release policy, or in full to those who help to run the course.

    `attempt` comes `with_content()`. Three queries. Raises NotFound for anybody else, and Conflict (`attempt_open`)
    while it is under way.
    """
    now = now or timezone.now()
    activity = attempt.quiz.activity
    is_staff = may_assist(viewer, activity.course)
    if not is_staff and attempt.student_id != viewer.pk:
        raise NotFound("no_such_attempt", "There is no such try, or it is not yours to see.")
    if attempt.state != AttemptState.CLOSED or attempt.closed_at is None:
        raise Conflict("attempt_open", "This try is still under way: finish it to see its results.")
    line = _line(attempt, last_times_of(activity), now, everything=is_staff)
    with_scores = line.scores_at is not None and now >= line.scores_at
    with_keys = line.keys_at is not None and now >= line.keys_at
    asked = AttemptQuestion.objects.filter(attempt=attempt).select_related("question_version").order_by("position")
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
                with_scores=with_scores,
                with_keys=with_keys,
            )
            for row in asked
        ),
        score=line.score,
        points=line.points,
        max_score=attempt.max_score,
        late_factor=attempt.late_factor if with_scores else None,
        scores_at=line.scores_at,
        keys_at=line.keys_at,
        with_scores=with_scores,
        with_keys=with_keys,
    )

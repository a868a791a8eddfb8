"""Who may see which question, quiz and attempt: written once, used by portal, API and admin."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self, TypeVar

from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from courses.querysets import member_of, staff_of

if TYPE_CHECKING:
    from accounts.models import User

M = TypeVar("M", bound=models.Model)


class _StaffQuerySet(models.QuerySet[M]):
    """Rows that hold keys: only those who help to run the course see them."""

    _course_path: str

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Those of the courses one helps to run."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_superuser else self.filter(staff_of(user, self._course_path))


class QuestionQuerySet(_StaffQuerySet[M]):
    """Questions; they hold keys."""

    _course_path = "course_id"

    def in_use(self) -> Self:
        """Questions that draws may pick."""
        return self.filter(retired=False, current_version__isnull=False)

    def contradicted(self) -> Self:
        """Questions whose content's newest proof contradicts its key: nobody is to be asked them."""
        return self.filter(self.is_contradicted())

    @staticmethod
    def is_contradicted() -> Exists:
        """The same, to annotate a question with."""
        proofs = apps.get_model("quizzes", "Proof").objects.standing()
        return Exists(
            proofs.filter(
                course=OuterRef("course"), question_digest=OuterRef("current_version__digest"), state="contradicted"
            )
        )


class QuestionVersionQuerySet(_StaffQuerySet[M]):
    """Versions of questions; they hold keys."""

    _course_path = "question__course_id"


class QuizVersionQuerySet(_StaffQuerySet[M]):
    """Versions of quizzes; they name the questions."""

    _course_path = "quiz__activity__course_id"


class QuizQuerySet(models.QuerySet[M]):
    """Quizzes by who may see them."""

    def with_content(self) -> Self:
        """With the version, activity and course that pages need, in the same query."""
        return self.select_related("current_version", "activity__course")

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Published ones of one's courses, and every one of the courses one helps to run."""
        if not user.is_authenticated:
            return self.none()
        if user.is_superuser:
            return self
        course = "activity__course_id"
        return self.filter(staff_of(user, course) | (Q(activity__published=True) & member_of(user, course)))

    def staffed_by(self, user: "User | AnonymousUser") -> Self:
        """Those of the courses one helps to run."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_superuser else self.filter(staff_of(user, "activity__course_id"))


class _AttemptPartQuerySet(models.QuerySet[M]):
    """Rows that belong to an attempt, seen by the student who takes it and by those who help to run the course."""

    _prefix = ""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """One's own while in the course and the quiz is published, and all in the courses one helps to run."""
        if not user.is_authenticated:
            return self.none()
        if user.is_superuser:
            return self
        course = f"{self._prefix}quiz__activity__course_id"
        own = Q(**{f"{self._prefix}student_id": user.pk, f"{self._prefix}quiz__activity__published": True}) & member_of(
            user, course
        )
        return self.filter(own | staff_of(user, course))

    def staffed_by(self, user: "User | AnonymousUser") -> Self:
        """All in the courses one helps to run, and none elsewhere, one's own included."""
        if not user.is_authenticated:
            return self.none()
        if user.is_superuser:
            return self
        return self.filter(staff_of(user, f"{self._prefix}quiz__activity__course_id"))


class AttemptQuerySet(_AttemptPartQuerySet[M]):
    """Attempts by who may see them, who takes them, and where they stand."""

    def taken_by(self, user: "User | AnonymousUser") -> Self:
        """One's own among those one may see: the only ones in which one may answer."""
        return self.visible_to(user).filter(student_id=user.pk or 0)

    def with_content(self) -> Self:
        """With the version, quiz, activity and course that pages and scoring need, in the same query."""
        return self.select_related("version", "quiz__activity__course", "quiz__current_version", "student")

    def for_taking(self) -> Self:
        """With what the pages of a try under way need: read for every one of them, so no more than that."""
        return self.select_related("version", "quiz__activity__course")

    def open(self) -> Self:
        """Attempts that are under way, or wait to be closed."""
        return self.filter(state="OPEN")

    def closed(self) -> Self:
        """Attempts that were handed in, or ended with their time."""
        return self.filter(state="CLOSED")

    def past_their_time(self, now: datetime, grace: timedelta) -> Self:
        """Open attempts whose time, with the grace, is over. Those whose clock stands still are not."""
        return self.open().filter(Q(quiz__paused_at=None) | Q(is_tryout=True), closes_at__lt=now - grace)

    def next_to_close(self, now: datetime, grace: timedelta, pause: timedelta) -> Self:
        """Those past their time, without those just tried in vain; whoever was never tried first, so all get a turn."""
        waiting = Q(close_tried_at=None) | Q(close_tried_at__lt=now - pause)
        in_turn = F("close_tried_at").asc(nulls_first=True)
        return self.past_their_time(now, grace).filter(waiting).order_by(in_turn, "closes_at", "pk")


class AttemptQuestionQuerySet(_AttemptPartQuerySet[M]):
    """Questions of attempts by who may see them."""

    _prefix = "attempt__"

    def taken_by(self, user: "User | AnonymousUser") -> Self:
        """Those of one's own attempts: the only ones that one may answer."""
        return self.visible_to(user).filter(attempt__student_id=user.pk or 0)

    def for_answering(self) -> Self:
        """With all that saving an answer looks at, in the same query."""
        return self.select_related("question_version", "attempt__version", "attempt__quiz__activity__course")


class AnswerQuerySet(_AttemptPartQuerySet[M]):
    """Saved revisions of answers by who may see them."""

    _prefix = "attempt_question__attempt__"


class AnswerFileQuerySet(_AttemptPartQuerySet[M]):
    """Uploaded files by who may see them."""

    _prefix = "attempt_question__attempt__"


class MarkQuerySet(_AttemptPartQuerySet[M]):
    """Marks by who may see them; whether they are released is not asked here."""

    _prefix = "attempt_question__attempt__"

    def current(self) -> Self:
        """Those that count."""
        return self.filter(is_current=True)


class PauseQuerySet(_StaffQuerySet[M]):
    """Pauses of quizzes."""

    _course_path = "quiz__activity__course_id"


class RegradeQuerySet(_StaffQuerySet[M]):
    """Regrades of quizzes."""

    _course_path = "quiz__activity__course_id"


class RegradeMoveQuerySet(_StaffQuerySet[M]):
    """What regrades moved."""

    _course_path = "regrade__quiz__activity__course_id"


class ScoringRuleQuerySet(_StaffQuerySet[M]):
    """Rules that hold in place of questions' own keys."""

    _course_path = "quiz__activity__course_id"


class ProofQuerySet(_StaffQuerySet[M]):
    """Runs of proofs."""

    _course_path = "course_id"

    def under_way(self) -> Self:
        """Those that wait for an engine, or are being carried out."""
        return self.filter(state__in=("waiting", "running"))

    def standing(self) -> Self:
        """Of those that settled a content, one way or the other, the newest of each."""
        settled = self.model._default_manager.filter(state__in=("proven", "contradicted"))  # noqa: SLF001  Django's name
        newer = settled.filter(
            course=OuterRef("course"), question_digest=OuterRef("question_digest"), pk__gt=OuterRef("pk")
        )
        return self.filter(~Exists(newer), state__in=("proven", "contradicted"))

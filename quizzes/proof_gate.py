"""A question whose newest proof contradicts its key is asked of nobody: not brought in, not listed, not published."""

from collections.abc import Iterable, Mapping

from courses.models import Activity, ActivityKind, Course
from quizzes.errors import Conflict
from quizzes.models import Question, Quiz
from quizzes.proof_models import Proof, ProofState
from quizzes.stored import digest_of
from quizzes.types.base import QuestionType

CODE = "question_contradicted"


class ListsContradicted(Conflict):
    """A quiz lists questions whose keys an engine contradicts; the message is for whoever takes it."""

    def __init__(self, slugs: Iterable[str]) -> None:
        super().__init__(
            "quiz_not_ready",
            "A question of this quiz is being put right: what it counted as right turned out to be wrong. Tell your "
            "instructor; no try was used.",
        )
        self.slugs = tuple(sorted(slugs))


def contradicted(*, course: Course, digests: Iterable[str]) -> dict[str, Proof]:
    """Those of these contents whose newest proof that settled anything contradicts them, each with it. One query."""
    standing = Proof.objects.standing().filter(course=course, question_digest__in=set(digests))
    return {proof.question_digest: proof for proof in standing.filter(state=ProofState.CONTRADICTED)}


def require_not_contradicted(*, course: Course, questions: Mapping[str, QuestionType]) -> None:
    """Raise Conflict for questions, by their digests, whose keys an engine contradicts."""
    if found := contradicted(course=course, digests=questions):
        raise Conflict(CODE, _said({questions[digest].id: proof for digest, proof in found.items()}))


def require_listed_not_contradicted(*, course: Course, slugs: Iterable[str]) -> None:
    """Raise Conflict for those of the course's questions, by id, whose keys an engine contradicts, with both values."""
    if found := _by_slug(course, slugs):
        raise Conflict(CODE, _said(found))


def objection(activity: Activity) -> str:
    """Why a quiz cannot be published, for `courses.publishing`."""
    if activity.kind != ActivityKind.QUIZ:
        return ""
    quiz = Quiz.objects.filter(activity=activity).select_related("current_version").first()
    if quiz is None or quiz.current_version is None:
        return ""
    listed = {item.question for item in quiz.current_version.settings.listed}
    found = _by_slug(activity.course, listed)
    return _said(found) if found else ""


def _by_slug(course: Course, slugs: Iterable[str]) -> dict[str, Proof]:
    rows = Question.objects.filter(course=course, slug__in=set(slugs)).contradicted()
    digests = dict(rows.values_list("current_version__digest", "slug"))
    return {digests[digest]: proof for digest, proof in contradicted(course=course, digests=digests).items()}


def _said(found: Mapping[str, Proof]) -> str:
    told = " ".join(f"`{slug}`: {proof.why}" for slug, proof in sorted(found.items()))
    return (
        f"An engine contradicts the key of {len(found)} question{'s' if len(found) > 1 else ''}. {told} "
        "Put the key or the proof right, and have it proven again."
    )


def digest_and_question(questions: Iterable[QuestionType]) -> dict[str, QuestionType]:
    """Questions by what names their content."""
    return {digest_of(question): question for question in questions}

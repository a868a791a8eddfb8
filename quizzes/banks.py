"""What those who run a course see of its banks: questions found by what they are about, and who asks them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import CharField, Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from courses.models import Activity, Course
from quizzes.models import Question, QuestionVersion, Quiz
from quizzes.proof_models import Proof, ProofState

NO_PROOF = "none"
NOT_RUN = ProofState.NOT_RUN.value
PROOF_WORDS: Mapping[str, str] = {
    ProofState.PROVEN.value: "proven",
    ProofState.CONTRADICTED.value: "contradicted",
    NOT_RUN: "not run",
    NO_PROOF: "without a proof",
}
_WORDS_READ = 5
_SHORTEST_WORD = 2
# Where words are looked for: reading the whole spec would find the names of its fields, too.
_SEARCHED = (
    "slug",
    "current_version__spec__text",
    "current_version__spec__explanation",
    "current_version__spec__dockerfile",
)


@dataclass(frozen=True, kw_only=True)
class BankFilter:
    """What a list of questions is narrowed to; empty fields let everything through."""

    words: str = ""
    topic: str = ""
    tag: str = ""
    kind: str = ""
    difficulty: int | None = None
    proof: str = ""
    varies: str = ""
    state: Literal["", "retired", "all"] = ""


@dataclass(frozen=True, kw_only=True)
class Facets:
    """What a course's questions can be narrowed to: only what some question has."""

    topics: Sequence[tuple[str, str]]
    tags: Sequence[str]
    kinds: Sequence[tuple[str, str]]
    total: int
    retired: int


@dataclass(frozen=True, kw_only=True)
class AskedBy:
    """A quiz that asks a question: it lists it, or one of its draws may pick it."""

    activity: Activity
    is_listed: bool


def kind_words(kind: str) -> str:
    """A kind as a reader knows it: `single_choice` is "single choice"."""
    return kind.replace("_", " ")


def questions_of_course(course: Course) -> "QuerySet[Question]":
    """The course's questions with their newest content, and how a proof settled it (`settled`)."""
    proofs = Proof.objects.filter(
        course=OuterRef("course"),
        question_digest=OuterRef("current_version__digest"),
        state__in=(ProofState.PROVEN, ProofState.CONTRADICTED),
    ).order_by("-pk")
    rows = Question.objects.filter(course=course, current_version__isnull=False).select_related("current_version")
    return rows.annotate(
        settled=Coalesce(Subquery(proofs.values("state")[:1]), Value(""), output_field=CharField()),
    ).order_by("slug")


def narrowed(rows: "QuerySet[Question]", wanted: BankFilter) -> "QuerySet[Question]":
    """The questions that fit."""
    for word in wanted.words.split()[:_WORDS_READ]:
        if len(word) >= _SHORTEST_WORD:
            fits = Q()
            for field in _SEARCHED:
                fits |= Q(**{f"{field}__icontains": word})
            rows = rows.filter(fits)
    if wanted.topic:
        rows = rows.filter(current_version__topics__icontains=f'"{wanted.topic}"')
    if wanted.tag:
        rows = rows.filter(current_version__tags__icontains=f'"{wanted.tag}"')
    if wanted.kind:
        rows = rows.filter(current_version__kind=wanted.kind)
    if wanted.difficulty is not None:
        rows = rows.filter(current_version__difficulty=wanted.difficulty)
    if wanted.varies:
        rows = rows.filter(_varies()) if wanted.varies == "yes" else rows.exclude(_varies())
    if wanted.state != "all":
        rows = rows.filter(retired=wanted.state == "retired")
    return _by_proof(rows, wanted.proof)


def _varies() -> Q:
    return Q(current_version__spec__has_key="values")


def _by_proof(rows: "QuerySet[Question]", proof: str) -> "QuerySet[Question]":
    without = Q(current_version__spec__proof__isnull=True) | Q(current_version__spec__proof=None)
    match proof:
        case ProofState.PROVEN.value | ProofState.CONTRADICTED.value:
            return rows.filter(settled=proof)  # type: ignore[misc]  # annotated above
        case "not_run":
            return rows.exclude(without).filter(settled="")  # type: ignore[misc]  # annotated above
        case "none":
            return rows.filter(without)
        case _:
            return rows


def facets_of(course: Course) -> Facets:
    """What the course's questions can be narrowed to. One query."""
    topics: set[str] = set()
    tags: set[str] = set()
    kinds: set[str] = set()
    total = retired = 0
    found: Any = Question.objects.filter(course=course, current_version__isnull=False).values_list(
        "retired", "current_version__kind", "current_version__topics", "current_version__tags"
    )
    for is_retired, kind, its_topics, its_tags in found:
        topics.update(its_topics)
        tags.update(its_tags)
        kinds.add(kind)
        total += 1
        retired += is_retired
    return Facets(
        topics=[(topic, course.topics.get(topic, "")) for topic in sorted(topics)],
        tags=sorted(tags),
        kinds=[(kind, kind_words(kind)) for kind in sorted(kinds)],
        total=total,
        retired=retired,
    )


def proof_state(question: Question) -> str:
    """Where the question's newest content stands, as one of PROOF_WORDS."""
    assert question.current_version is not None  # noqa: S101 - rows without one are not listed
    if not question.current_version.spec.get("proof"):
        return NO_PROOF
    return getattr(question, "settled", "") or NOT_RUN


class Asking:
    """The quizzes of a course by which questions they may ask. One query, whatever is asked of it."""

    def __init__(self, course: Course) -> None:
        quizzes = Quiz.objects.with_content().filter(activity__course=course, current_version__isnull=False)
        self._quizzes = [
            (quiz.activity, quiz.current_version.settings)
            for quiz in quizzes.order_by("activity__position", "pk")
            if quiz.current_version is not None
        ]

    def of(self, question: Question) -> list[AskedBy]:
        """The quizzes that list the question, or may draw it."""
        return list(self._of(question))

    def _of(self, question: Question) -> Iterator[AskedBy]:
        version = question.current_version
        for activity, settings in self._quizzes:
            if any(item.question == question.slug for item in settings.listed):
                yield AskedBy(activity=activity, is_listed=True)
            elif (
                version is not None
                and not question.retired
                and any(
                    draw.takes(
                        topics=version.topics, kind=version.kind, difficulty=version.difficulty, tags=version.tags
                    )
                    for draw in settings.draws
                )
            ):
                yield AskedBy(activity=activity, is_listed=False)


def versions_of(question: Question) -> "QuerySet[QuestionVersion]":
    """The question's versions, the newest first, each with how often it was asked (`asked`)."""
    return (
        QuestionVersion.objects.filter(question=question)
        .annotate(asked=Count("attempt_questions", filter=Q(attempt_questions__attempt__is_tryout=False)))
        .order_by("-number")
    )

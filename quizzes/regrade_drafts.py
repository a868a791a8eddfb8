"""Drawing up a regrade: which questions a quiz asked, and changes of their rules that every version can bear."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, Min

from accounts.models import User
from courses.access import require_instructor
from quizzes.errors import Conflict, DrydockError
from quizzes.models import AttemptQuestion, Question, QuestionVersion, Quiz
from quizzes.rule_models import Regrade, RegradeState
from quizzes.rules import BadRule, Change, Rule, Rules, current_key, rekeyed
from quizzes.scoring import rules_of

MAX_REASON = 300


@dataclass(frozen=True, kw_only=True)
class AskedQuestion:
    """A question that the quiz asked or lists: its versions that attempts hold, oldest first, and its rule now."""

    question: Question
    versions: tuple[QuestionVersion, ...]
    times: int
    position: int
    rule: Rule | None

    @property
    def slug(self) -> str:
        """Its name."""
        return self.question.slug

    @property
    def newest_asked(self) -> QuestionVersion:
        """The newest version that an attempt holds; the current one where none does."""
        return self.versions[-1]

    @property
    def has_newer(self) -> bool:
        """Whether the bank holds a version that is newer than some that students got."""
        current = self.question.current_version
        return current is not None and any(version.number < current.number for version in self.versions)

    @property
    def needs_person(self) -> bool:
        """Whether people mark it."""
        return self.newest_asked.content.needs_person


def asked_questions(quiz: Quiz) -> list[AskedQuestion]:
    """The questions of a quiz, in the order in which attempts have them. Four queries at most."""
    counted: dict[int, tuple[int, int]] = {
        version: (times, position)
        for version, times, position in AttemptQuestion.objects.filter(attempt__quiz=quiz)
        .order_by()
        .values_list("question_version")
        .annotate(times=Count("pk"), position=Min("position"))
    }
    versions: dict[int, list[QuestionVersion]] = defaultdict(list)
    for version in QuestionVersion.objects.filter(pk__in=counted).order_by("number"):
        versions[version.question_id].append(version)
    listed = [item.question for item in quiz.current_version.settings.listed] if quiz.current_version else []
    rows = Question.objects.filter(course_id=quiz.activity.course_id).select_related("current_version")
    rows = rows.filter(pk__in=versions) | rows.filter(slug__in=listed)
    rules = rules_of(quiz.pk).by_question
    found = []
    for row in rows:
        asked = versions.get(row.pk) or ([row.current_version] if row.current_version else [])
        if not asked:
            continue
        counts = [counted[version.pk] for version in asked if version.pk in counted]
        unasked = len(listed) + listed.index(row.slug) if row.slug in listed else 0
        found.append(
            AskedQuestion(
                question=row,
                versions=tuple(asked),
                times=sum(times for times, _ in counts),
                position=min((position for _, position in counts), default=unasked),
                rule=rules.get(row.slug),
            )
        )
    return sorted(found, key=lambda one: (one.position, one.slug))


def newest_key(asked: AskedQuestion) -> dict[str, Any]:
    """The key of the question as it is in the bank now, as the fields of a rule."""
    current = asked.question.current_version or asked.newest_asked
    return current_key(current.content)


def problem_with(asked: AskedQuestion, rule: Rule) -> str:
    """Why a rule cannot be used for some version that students got, in words; empty where it can."""
    if rule.change is not Change.KEY:
        return ""
    if asked.needs_person:
        return "People mark this question, not a key. Mark its answers again, drop it, or give full marks."
    for version in asked.versions:
        for key in rule.keys:
            try:
                rekeyed(version.content, key, tried=True)
            except BadRule as bad:
                older = len(asked.versions) > 1
                return f"Version {version.number}, which students got: {bad.message}" if older else bad.message
    return ""


@transaction.atomic
def draft(*, by: User, quiz: Quiz, changes: Mapping[str, Rule | None], reason: str) -> Regrade:
    """Keep a change of rules to be looked at; nothing is scored by it yet.

    `changes` holds the new rule by question, None where the question's own key is to hold again. Raises NotAllowed,
    and DrydockError: `reason_needed`, `regrade_empty` when all of it holds already, `rule_invalid` with the questions
    in `fields`.
    """
    require_instructor(by, quiz.activity.course)
    reason = reason.replace("\0", "").strip()  # PostgreSQL keeps no NUL
    if not reason:
        raise DrydockError(
            "reason_needed", "Say why: the reason is kept with the regrade.", fields={"reason": "Needed."}
        )
    asked = {one.slug: one for one in asked_questions(quiz)}
    problems = {slug: "This quiz does not ask it." for slug in changes if slug not in asked}
    wanted: dict[str, Any] = {}
    for slug, rule in changes.items():
        if slug in problems or rule == asked[slug].rule:
            continue
        if rule is not None and (problem := problem_with(asked[slug], rule)):
            problems[slug] = problem
        wanted[slug] = rule.as_json() if rule is not None else None
    if problems:
        lines = " ".join(f"{slug}: {problem}" for slug, problem in sorted(problems.items()))
        raise DrydockError("rule_invalid", f"Nothing was kept. {lines}", status=422, fields=problems)
    if not wanted:
        raise DrydockError("regrade_empty", "Choose something to change for at least one question.")
    return Regrade.objects.create(quiz=quiz, by=by, reason=reason[:MAX_REASON], changes=wanted)


@transaction.atomic
def discard(*, by: User, regrade: Regrade) -> None:
    """Throw a draft away. Raises Conflict (`regrade_not_draft`) once it was applied."""
    require_instructor(by, regrade.quiz.activity.course)
    deleted, _ = Regrade.objects.filter(pk=regrade.pk, state=RegradeState.DRAFT).delete()
    if not deleted:
        raise Conflict("regrade_not_draft", "This regrade was applied. It can be undone, and stays in the list.")


def rules_with(quiz: Quiz, changes: Mapping[str, Any]) -> Rules:
    """The rules that hold once these changes are made. One query."""
    rules = dict(rules_of(quiz.pk).by_question)
    for slug, data in changes.items():
        if data is None:
            rules.pop(slug, None)
        else:
            rules[slug] = Rule.stored(data)
    return Rules(rules)


def affected_by(quiz: Quiz, changes: Mapping[str, Any]) -> dict[str, int]:
    """The ids of the questions whose rules change, by name. One query."""
    rows = Question.objects.filter(course_id=quiz.activity.course_id, slug__in=changes.keys())
    return dict(rows.values_list("slug", "pk"))

"""Questions, quizzes and attempts in the admin, to read: content comes from course files, attempts from students."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display

from gradebook.admin import ReadOnlyAdmin
from quizzes.models import Answer, Attempt, AttemptQuestion, AttemptState, Question, QuestionVersion, Quiz, QuizVersion


class ReadOnlyInline(TabularInline):  # type: ignore[misc]
    """Rows to read beside what they belong to."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class StaffedAdmin(ReadOnlyAdmin):
    """Lists what belongs to the courses that the person helps to run."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model.objects.staffed_by(request.user)  # type: ignore[no-any-return]


def as_text(value: object) -> SafeString:
    """JSON to read, with its lines."""
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False))


class QuestionVersionInline(ReadOnlyInline):
    model = QuestionVersion
    fk_name = "question"
    fields = ("number", "kind", "difficulty", "points", "content_text", "created_at")
    readonly_fields = ("content_text", "created_at")
    ordering = ("-number",)

    @admin.display(description="content")
    def content_text(self, version: QuestionVersion) -> SafeString:
        return as_text(version.spec)


@admin.register(Question)
class QuestionAdmin(ReadOnlyAdmin):
    list_display = ("slug", "course", "kind", "topics", "difficulty", "version_number", "is_used")
    list_filter = (
        ("course", admin.RelatedOnlyFieldListFilter),
        "retired",
        "current_version__kind",
        "current_version__difficulty",
    )
    search_fields = ("slug", "current_version__spec")
    list_select_related = ("course", "current_version")
    fields = ("course", "slug", "retired")
    inlines = (QuestionVersionInline,)

    @admin.display(ordering="current_version__kind")
    def kind(self, question: Question) -> str:
        return question.current_version.kind.replace("_", " ") if question.current_version else ""

    @admin.display
    def topics(self, question: Question) -> str:
        return ", ".join(question.current_version.topics) if question.current_version else ""

    @admin.display(ordering="current_version__difficulty")
    def difficulty(self, question: Question) -> int | None:
        return question.current_version.difficulty if question.current_version else None

    @admin.display(description="version", ordering="current_version__number")
    def version_number(self, question: Question) -> int | None:
        return question.current_version.number if question.current_version else None

    @admin.display(description="in the banks", boolean=True)
    def is_used(self, question: Question) -> bool:
        return not question.retired


class QuizVersionInline(ReadOnlyInline):
    model = QuizVersion
    fk_name = "quiz"
    fields = ("number", "content_text", "created_at")
    readonly_fields = ("content_text", "created_at")
    ordering = ("-number",)

    @admin.display(description="content")
    def content_text(self, version: QuizVersion) -> SafeString:
        return as_text(version.spec)


@admin.register(Quiz)
class QuizAdmin(StaffedAdmin):
    list_display = ("activity", "course", "version_number", "tries_allowed", "time_limit", "published")
    list_filter = (("activity__course", admin.RelatedOnlyFieldListFilter), "activity__published")
    search_fields = ("activity__title", "activity__slug")
    list_select_related = ("activity__course", "current_version")
    fields = ("activity",)
    inlines = (QuizVersionInline,)

    @admin.display(ordering="activity__course__title")
    def course(self, quiz: Quiz) -> str:
        return quiz.activity.course.title

    @admin.display(description="version", ordering="current_version__number")
    def version_number(self, quiz: Quiz) -> int | None:
        return quiz.current_version.number if quiz.current_version else None

    @admin.display(description="tries")
    def tries_allowed(self, quiz: Quiz) -> str:
        if quiz.current_version is None:
            return ""
        return str(quiz.current_version.settings.attempts or "unlimited")

    @admin.display
    def time_limit(self, quiz: Quiz) -> str:
        minutes = quiz.current_version.settings.time_limit_minutes if quiz.current_version else None
        return f"{minutes} min" if minutes else "none"

    @admin.display(boolean=True)
    def published(self, quiz: Quiz) -> bool:
        return quiz.activity.published


class AttemptQuestionInline(ReadOnlyInline):
    model = AttemptQuestion
    fields = ("position", "question", "answer", "revision", "saved_at", "flagged", "points", "max_points")
    readonly_fields = ("question", "answer")
    ordering = ("position",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AttemptQuestion]:
        return AttemptQuestion.objects.select_related("question_version__question").staffed_by(request.user)

    @admin.display
    def question(self, asked: AttemptQuestion) -> str:
        return str(asked.question_version)

    @admin.display
    def answer(self, asked: AttemptQuestion) -> str:
        return asked.content.show_value(asked.value)


@admin.register(Attempt)
class AttemptAdmin(StaffedAdmin):
    list_display = ("student", "quiz", "number", "shown_state", "score", "max_score", "started_at", "closed_at")
    list_filter = (("quiz__activity__course", admin.RelatedOnlyFieldListFilter), "state", "closed_by", "is_tryout")
    search_fields = ("student__email", "student__name", "quiz__activity__title")
    list_select_related = ("student", "quiz__activity")
    date_hierarchy = "started_at"
    inlines = (AttemptQuestionInline,)

    @display(  # type: ignore[untyped-decorator]  # unfold ships no types
        description="state",
        ordering="state",
        label={AttemptState.OPEN.label: "info", AttemptState.CLOSED.label: "success"},
    )
    def shown_state(self, attempt: Attempt) -> str:
        return AttemptState(attempt.state).label


@admin.register(Answer)
class AnswerAdmin(StaffedAdmin):
    list_display = ("student", "quiz", "position", "revision", "answer", "saved_at")
    search_fields = ("attempt_question__attempt__student__email", "attempt_question__attempt__quiz__activity__title")
    list_select_related = (
        "attempt_question__attempt__student",
        "attempt_question__attempt__quiz__activity",
        "attempt_question__question_version",
    )
    list_filter = (("attempt_question__attempt__quiz__activity__course", admin.RelatedOnlyFieldListFilter),)

    @admin.display(ordering="attempt_question__attempt__student__email")
    def student(self, answer: Answer) -> str:
        return str(answer.attempt_question.attempt.student)

    @admin.display
    def quiz(self, answer: Answer) -> str:
        return str(answer.attempt_question.attempt.quiz)

    @admin.display(ordering="attempt_question__position")
    def position(self, answer: Answer) -> int:
        return answer.attempt_question.position

    @admin.display
    def answer(self, answer: Answer) -> str:
        return answer.attempt_question.content.show_value(answer.value)

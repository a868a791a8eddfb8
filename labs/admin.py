"""Labs, submissions, consoles and workers in the admin: to read, with the few things that staff do to a submission."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from courses.admin import VisibleAdmin
from gradebook.admin import ReadOnlyAdmin
from graders.visible import visible
from labs import services
from labs.console_models import ConsoleEntry, ConsoleSession
from labs.errors import DrydockError
from labs.models import Lab, LabVersion, Submission, SubmissionEvent, WorkerHeartbeat
from labs.states import State


@admin.register(Lab)
class LabAdmin(VisibleAdmin):
    list_display = ("activity", "course", "current_version", "attempts_allowed", "scoring")
    list_filter = (("activity__course", admin.RelatedOnlyFieldListFilter), "scoring")
    search_fields = ("activity__title", "activity__slug")
    list_select_related = ("activity__course", "current_version__lab__activity")
    readonly_fields = ("activity", "current_version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lab]:
        return Lab.objects.staffed_by(request.user)

    @admin.display(description="course", ordering="activity__course__title")
    def course(self, lab: Lab) -> str:
        return lab.activity.course.title

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(LabVersion)
class LabVersionAdmin(ReadOnlyAdmin):
    list_display = ("lab", "number", "digest", "created_at")
    list_filter = (("lab__activity__course", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("lab__activity",)
    search_fields = ("lab__activity__title",)


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "author",
        "lab",
        "number",
        "coloured_state",
        "score",
        "max_score",
        "is_current",
        "handed_in_at",
    )
    list_filter = ("state", ("course", admin.RelatedOnlyFieldListFilter), "via", "is_current")
    search_fields = ("author__email", "author__name", "lab__activity__title")
    list_select_related = ("author", "lab__activity")
    ordering = ("-pk",)
    exclude = ("files_name", "report_name", "log_name")
    actions = ("regrade_same", "regrade_current", "retry", "cancel_waiting", "give_back")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        return Submission.objects.staffed_by(request.user)

    @display(  # type: ignore[untyped-decorator]  # unfold ships no types
        description="state",
        ordering="state",
        label={
            State.GRADED.label: "success",
            State.REFUSED.label: "warning",
            State.DEAD.label: "danger",
            State.RUNNING.label: "info",
        },
    )
    def coloured_state(self, submission: Submission) -> str:
        return submission.get_state_display()

    @admin.action(description="Grade again, with the version it was handed in for")
    def regrade_same(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        self._each(request, queryset, lambda one: services.regrade(by=_person(request), submission=one), "Queued again")

    @admin.action(description="Grade again, with the lab as it is now")
    def regrade_current(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        self._each(
            request,
            queryset,
            lambda one: services.regrade(by=_person(request), submission=one, to_current_version=True),
            "Queued again",
        )

    @admin.action(description="Try again what could not be graded")
    def retry(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        self._each(
            request, queryset, lambda one: services.retry_dead(by=_person(request), submission=one), "Queued again"
        )

    @admin.action(description="Cancel what is waiting")
    def cancel_waiting(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        self._each(request, queryset, lambda one: services.cancel(by=_person(request), submission=one), "Cancelled")

    @admin.action(description="Give the try back")
    def give_back(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        self._each(
            request, queryset, lambda one: services.give_back_try(by=_person(request), submission=one), "Given back"
        )

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Submission], act: Callable[[Submission], object], done: str
    ) -> None:
        """Do it to each by itself: one that cannot be done does not stop the others."""
        count = 0
        for submission in queryset.select_related("course", "author"):
            try:
                act(submission)
                count += 1
            except DrydockError as error:
                self.message_user(request, f"{submission}: {error.message}", messages.WARNING)
        if count:
            self.message_user(request, f"{done}: {count}.", messages.SUCCESS)


@admin.register(SubmissionEvent)
class SubmissionEventAdmin(ReadOnlyAdmin):
    list_display = ("submission_id", "sequence", "attempt", "kind", "at")
    list_filter = ("kind",)
    search_fields = ("=submission__id",)
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(ConsoleSession)
class ConsoleSessionAdmin(ReadOnlyAdmin):
    list_display = ("id", "author", "lab", "state", "ended_because", "engine", "line_count", "used_at", "created_at")
    list_filter = ("state", ("course", admin.RelatedOnlyFieldListFilter), "engine")
    search_fields = ("author__email", "author__name", "lab__activity__title")
    list_select_related = ("author", "lab__activity")
    ordering = ("-pk",)
    exclude = ("ledger", "files", "picture")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsoleSession]:
        return ConsoleSession.objects.staffed_by(request.user)


@admin.register(ConsoleEntry)
class ConsoleEntryAdmin(ReadOnlyAdmin):
    list_display = ("session_id", "number", "kind", "typed", "state", "exit_code", "error_code", "queued_at")
    list_filter = ("kind", "state")
    search_fields = ("=session__id",)
    ordering = ("-pk",)
    exclude = ("done", "text", "pieces", "calls", "error_message")
    readonly_fields = ("typed", "printed", "requested")
    show_full_result_count = False

    @admin.display(description="typed")
    def typed(self, entry: ConsoleEntry) -> str:
        return visible(entry.text)

    @admin.display(description="printed")
    def printed(self, entry: ConsoleEntry) -> str:
        return visible(entry.printed)

    @admin.display(description="requests")
    def requested(self, entry: ConsoleEntry) -> str:
        return visible("\n".join(f"{call['method']} {call['path']} {call['status']}" for call in entry.calls))


@admin.register(WorkerHeartbeat)
class WorkerHeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("worker", "kind", "seen_at", "engine_name", "engine_ok", "engine_message", "safe", "safety_message")


def _person(request: HttpRequest) -> Any:
    """Who is acting: the admin lets nobody in who is not signed in."""
    return request.user

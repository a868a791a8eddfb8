"""Scores in the admin, to read; changes go through overrides, which keep a reason."""

from django.contrib import admin
from django.http import HttpRequest

from courses.admin import VisibleAdmin
from gradebook.models import Evidence, GradeEvent, Score


class ReadOnlyAdmin(VisibleAdmin):
    """Shows and changes nothing."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Score)
class ScoreAdmin(ReadOnlyAdmin):
    list_display = ("user", "activity", "points", "override_points", "max_points", "updated_at")
    list_filter = (("activity__course", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("user__email", "activity__title")
    list_select_related = ("user", "activity")


@admin.register(Evidence)
class EvidenceAdmin(ReadOnlyAdmin):
    list_display = ("user", "topic", "points", "max_points", "activity", "at")
    list_filter = (("course", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("user__email", "topic")
    list_select_related = ("user", "activity")


@admin.register(GradeEvent)
class GradeEventAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "activity", "points", "max_points", "cause", "at")
    list_filter = (("course", admin.RelatedOnlyFieldListFilter), "cause")
    list_select_related = ("user", "activity")

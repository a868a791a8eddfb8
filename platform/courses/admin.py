"""Courses in the admin; staff who are no superusers see the courses they teach."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from accounts.models import User
from courses.models import Activity, Course, Extension, Membership, Section
from courses.publishing import objection_to_publishing
from courses.telling import told_of_extension


class VisibleAdmin(ModelAdmin):  # type: ignore[misc]
    """Lists only what the queryset's `visible_to` shows the person."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).visible_to(request.user)  # type: ignore[no-any-return]


class SectionInline(TabularInline):  # type: ignore[misc]
    model = Section
    extra = 0


@admin.register(Course)
class CourseAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ("title", "slug", "time_zone", "is_open", "created_at")
    search_fields = ("title", "slug")
    prepopulated_fields = {"slug": ("title",)}
    inlines = (SectionInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Course]:
        return super().get_queryset(request).staffed_by(request.user)  # type: ignore[no-any-return]


@admin.register(Membership)
class MembershipAdmin(VisibleAdmin):
    list_display = ("user", "course", "role", "section", "active")
    list_filter = (("course", admin.RelatedOnlyFieldListFilter), "role", "active")
    search_fields = ("user__email", "user__name")
    autocomplete_fields = ("user", "course")
    list_select_related = ("user", "course", "section")


class ActivityForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's forms are generic to mypy alone
    """An activity, which may not be published while something stands in the way."""

    def clean_published(self) -> bool:
        published: bool = self.cleaned_data["published"]
        if published and (reason := objection_to_publishing(self.instance)):
            raise ValidationError(reason, code="cannot_be_published")
        return published


@admin.register(Activity)
class ActivityAdmin(ModelAdmin):  # type: ignore[misc]
    form = ActivityForm
    list_display = ("title", "kind", "course", "published", "opens_at", "due_at", "closes_at", "max_points")
    list_filter = (("course", admin.RelatedOnlyFieldListFilter), "kind", "published")
    search_fields = ("title", "slug")
    list_select_related = ("course",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Activity]:
        return super().get_queryset(request).staffed_by(request.user)  # type: ignore[no-any-return]


@admin.register(Extension)
class ExtensionAdmin(VisibleAdmin):
    list_display = ("user", "activity", "due_at", "closes_at", "extra_attempts", "granted_by")
    search_fields = ("user__email", "activity__title")
    autocomplete_fields = ("user", "activity")
    list_select_related = ("user", "activity", "granted_by")

    def get_readonly_fields(self, request: HttpRequest, obj: Extension | None = None) -> Sequence[str]:
        """Whose it is stays: that of somebody else is another extension."""
        shown = super().get_readonly_fields(request, obj)
        return shown if obj is None else (*shown, "user", "activity")

    def save_model(self, request: HttpRequest, obj: Extension, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's way to call it
        """Save it, and tell of it like the course's pages."""
        with told_of_extension(by=cast("User", request.user), activity=obj.activity, user=obj.user):
            super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Extension) -> None:
        """Take it back, and tell of it like the course's pages."""
        with told_of_extension(by=cast("User", request.user), activity=obj.activity, user=obj.user):
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Take them back one by one, so that each is told of."""
        for extension in queryset:
            self.delete_model(request, extension)

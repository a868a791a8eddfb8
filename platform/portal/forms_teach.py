"""Forms of those who run a course. Times are typed in the zone that is active: the course's."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.errors import DrydockError
from courses.clocks import comes_twice, is_skipped
from courses.models import Activity, Course, Extension, Membership, Role
from courses.times import EXTENSION_FIELDS

_NAME = 200
_SECTION = 100
_REASON = 300


def refuse(form: forms.Form, error: DrydockError | ValidationError) -> None:
    """Show a service's refusal in the form: beside the field to blame, where the form has it, else on top."""
    if isinstance(error, ValidationError):
        form.add_error(None, _known_fields(form, error))
        return
    blamed = {name: message for name, message in error.fields.items() if name in form.fields}
    for name in blamed:
        form.add_error(name, error.message)
    if not blamed:
        form.add_error(None, error.message)


def _known_fields(form: forms.Form, error: ValidationError) -> Any:
    if not hasattr(error, "error_dict"):
        return error
    known: dict[str, list[str]] = {}
    for name, messages in error.message_dict.items():
        known.setdefault(name if name in form.fields else "__all__", []).extend(messages)
    return known


class LocalTimeInput(forms.DateTimeInput):
    """The browser's own field for day and time; seconds show only where there are some."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> str | None:
        """Write the time as the browser wants it."""
        if not isinstance(value, datetime):
            return super().format_value(value)
        return value.strftime("%Y-%m-%dT%H:%M:%S" if value.second else "%Y-%m-%dT%H:%M")


class LocalTimeField(forms.DateTimeField):
    """A day and time in the zone that is active."""

    widget = LocalTimeInput

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        options.setdefault("error_messages", {"invalid": "Write day and time, such as 2026-11-24 17:00."})
        super().__init__(**options)

    def to_python(self, value: Any) -> datetime | None:
        """Read the time, and say so where the clocks skip it or show it twice: neither is guessed at."""
        zone = timezone.get_current_timezone()
        local = self._local(value)
        if local is not None and is_skipped(local, zone):
            raise ValidationError(
                f"There is no {local:%H:%M} on {local:%a} {local.day} {local:%b %Y} in {zone}: clocks go forward over "
                "it. Choose a time an hour earlier or later."
            )
        if local is not None and comes_twice(local, zone):
            raise ValidationError(
                f"{local:%H:%M} on {local:%a} {local.day} {local:%b %Y} comes twice in {zone}: clocks go back over it. "
                "Choose a time an hour earlier or later."
            )
        return super().to_python(value)

    def _local(self, value: Any) -> datetime | None:
        """What was typed, before it is a moment."""
        with timezone.override("UTC"):
            try:
                moment = super().to_python(value)
            except ValidationError:
                return None
        return None if moment is None else moment.replace(tzinfo=None)


class SectionInput(forms.TextInput):
    """A text field that proposes the sections there are."""

    template_name = "portal/teach/section_input.html"

    def __init__(self, sections: Iterable[str]) -> None:
        super().__init__(attrs={"autocomplete": "off"})
        self.sections = list(sections)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add the proposals to what the template gets."""
        context = super().get_context(name, value, attrs)
        context["sections"] = self.sections
        context["widget"]["attrs"]["list"] = f"{context['widget']['attrs'].get('id', name)}_known"
        return context


class MemberForm(forms.Form):
    """A member's role and section."""

    role = forms.ChoiceField(
        choices=[(role.value, role.label.capitalize()) for role in Role],
        help_text="Assistants see all work and can grade again. Instructors can also change the course.",
    )
    section = forms.CharField(
        required=False, max_length=_SECTION, help_text="A part of the class, such as a lab group. A new name makes one."
    )

    def __init__(self, *arguments: Any, course: Course, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["section"].widget = SectionInput(course.sections.values_list("name", flat=True))

    @classmethod
    def of(cls, member: Membership, data: Any = None) -> "MemberForm":
        """The form as this member stands."""
        section = member.section.name if member.section else ""
        return cls(data, course=member.course, initial={"role": member.role, "section": section})


class AddMemberForm(MemberForm):
    """Somebody to take into the course by e-mail address."""

    email = forms.EmailField(
        label="E-mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text="Without an account yet, they get one, and set its password by “Forgot your password?”.",
    )
    name = forms.CharField(required=False, max_length=_NAME, help_text="Used only when the account is new.")
    field_order = ("email", "name", "role", "section")


class RosterForm(forms.Form):
    """A class list: a file, or the same pasted."""

    file = forms.FileField(
        label="CSV file",
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        help_text="As a spreadsheet saves it under “CSV UTF-8”, with commas or semicolons.",
    )
    text = forms.CharField(
        label="Or paste the lines here",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "dir": "ltr"}),
    )

    def clean(self) -> dict[str, Any]:
        """Want one of both."""
        cleaned = super().clean() or {}
        given = [bool(cleaned.get("file")), bool((cleaned.get("text") or "").strip())]
        if not self.errors and sum(given) != 1:
            self.add_error(
                None if any(given) else "file",
                "Choose a file or paste lines, not both." if any(given) else "Choose a file, or paste its lines below.",
            )
        return cleaned

    @property
    def content(self) -> bytes:
        """What was given, as bytes."""
        upload = self.cleaned_data.get("file")
        return bytes(upload.read()) if upload else str(self.cleaned_data["text"]).strip().encode()


class OverrideForm(forms.Form):
    """Points that count in place of those earned, and why."""

    points = forms.DecimalField(
        min_value=Decimal(0), max_digits=8, decimal_places=2, widget=forms.NumberInput(attrs={"step": "any"})
    )
    reason = forms.CharField(max_length=_REASON, help_text="Kept with the grade. The student can read it.")


class ExtensionForm(forms.Form):
    """Other times, more time or more tries for one person."""

    opens_at = LocalTimeField(label="Opens")
    due_at = LocalTimeField(label="Due")
    closes_at = LocalTimeField(label="Closes")
    extra_attempts = forms.IntegerField(label="More tries", min_value=0, max_value=100, initial=0)
    extra_time_percent = forms.IntegerField(
        label="More time, in percent", min_value=0, max_value=400, initial=0, help_text="For quizzes with a time limit."
    )
    extra_minutes = forms.IntegerField(
        label="More time, in minutes", min_value=0, max_value=10_000, initial=0, help_text="On top of the percentage."
    )
    reason = forms.CharField(max_length=_REASON, help_text="Kept with the extension.")

    @classmethod
    def of(cls, extension: Extension | None, data: Any = None) -> "ExtensionForm":
        """The form, filled with the extension that there is."""
        initial = {name: getattr(extension, name) for name in EXTENSION_FIELDS} if extension else None
        return cls(data, prefix="extension", initial=initial)


class WindowForm(forms.Form):
    """When an activity can be done, and what lateness costs."""

    published = forms.BooleanField(required=False, label="Published: students see it")
    opens_at = LocalTimeField(label="Opens", help_text="Empty: as soon as it is published.")
    due_at = LocalTimeField(label="Due", help_text="Later counts as late.")
    closes_at = LocalTimeField(label="Closes", help_text="After this nothing is taken.")
    late_percent_per_day = forms.IntegerField(label="Off for each day late, in percent", min_value=0, max_value=100)
    late_grace_minutes = forms.IntegerField(
        label="Grace, in minutes",
        min_value=0,
        max_value=10_000,
        required=False,
        help_text="No later than this counts as in time.",
    )
    late_floor_percent = forms.IntegerField(
        label="Late work keeps at least, in percent", min_value=0, max_value=100, required=False
    )

    def clean_late_grace_minutes(self) -> int:
        """Nothing is none."""
        return self.cleaned_data["late_grace_minutes"] or 0

    def clean_late_floor_percent(self) -> int:
        """Nothing is none."""
        return self.cleaned_data["late_floor_percent"] or 0

    @classmethod
    def of(cls, activity: Activity, data: Any = None) -> "WindowForm":
        """The form as the activity stands."""
        return cls(data, initial={name: getattr(activity, name) for name in cls.base_fields})


class RegradeForm(forms.Form):
    """By which version of the lab tries are graded again."""

    version = forms.ChoiceField(
        label="Grade by",
        widget=forms.RadioSelect,
        initial="then",
        choices=[
            ("then", "The lab as it was when each try was handed in"),
            ("now", "The lab as it is now"),
        ],
    )

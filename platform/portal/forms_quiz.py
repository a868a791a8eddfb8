"""Forms of a quiz's rules: who gets in and from where, pauses, and sections' own times."""

from typing import Any

from django import forms

from courses.models import SectionOverride
from portal.forms_teach import LocalTimeField
from quizzes.access import LONGEST_CODE, MAX_NETWORKS
from quizzes.models import Quiz

_REASON = 300
_NETWORK = 60


class AccessForm(forms.Form):
    """What is asked for before a try."""

    code = forms.CharField(
        label="Access code",
        required=False,
        max_length=LONGEST_CODE,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}),
        help_text="Asked for when a try is started. Capitals, spaces and hyphens do not matter. Empty: no code.",
    )
    networks = forms.CharField(
        label="Open only to these addresses",
        required=False,
        max_length=MAX_NETWORKS * _NETWORK,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "dir": "ltr", "autocomplete": "off"}),
        help_text="Addresses or networks, one a line: 192.0.2.7, 10.20.0.0/16, 2001:db8::/32. Empty: from anywhere.",
    )

    @classmethod
    def of(cls, quiz: Quiz, data: Any = None) -> "AccessForm":
        """The form as the quiz stands."""
        return cls(data, initial={"code": quiz.access_code, "networks": "\n".join(quiz.allowed_addresses)})

    @property
    def networks_given(self) -> list[str]:
        """What was written, line by line; commas part as well."""
        return str(self.cleaned_data["networks"]).replace(",", "\n").splitlines()


class PauseForm(forms.Form):
    """Why a quiz stands still."""

    reason = forms.CharField(
        required=False,
        max_length=_REASON,
        help_text="Students read it, such as “Fire alarm: leave your things, we go on at 10:30.”",
    )


class SectionTimesForm(forms.Form):
    """Other times for one section."""

    opens_at = LocalTimeField(label="Opens")
    due_at = LocalTimeField(label="Due")
    closes_at = LocalTimeField(label="Closes")
    reason = forms.CharField(required=False, max_length=_REASON, help_text="For your colleagues.")

    @classmethod
    def of(cls, section_id: int, override: SectionOverride | None, data: Any = None) -> "SectionTimesForm":
        """The form of a section, filled with its own times if it has any."""
        names = ("opens_at", "due_at", "closes_at", "reason")
        initial = {name: getattr(override, name) for name in names} if override else None
        return cls(data, prefix=f"section-{section_id}", initial=initial)

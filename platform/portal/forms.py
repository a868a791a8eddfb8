"""Forms of the student portal."""

from django import forms


class JoinForm(forms.Form):
    """The code of a course."""

    code = forms.CharField(
        label="Join code",
        max_length=32,
        help_text="Eight letters and digits, as your instructor gave them out. Capitals and spaces do not matter.",
        error_messages={"required": "Type the code that your instructor gave out."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

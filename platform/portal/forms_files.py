"""Forms by which course files are brought in: a zip, or a repository."""

from typing import Any

from django import forms
from django.conf import settings

_PLAIN = {"autocomplete": "off", "spellcheck": "false", "dir": "ltr"}


class _PackForm(forms.Form):
    """What both ask for beside where the files are. A new course may be given a short name."""

    folder = forms.CharField(
        label="Folder of the pack",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text="Where course.yaml is. Empty: at the top.",
    )
    slug = forms.SlugField(
        label="Short name of the course",
        required=False,
        max_length=50,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text="A part of its address. Empty: the pack’s own.",  # noqa: RUF001 - for readers
    )
    publish_new = forms.BooleanField(
        label="Let students see new quizzes and labs at once",
        required=False,
        help_text="Otherwise they wait until you publish them.",
    )

    def __init__(self, *arguments: Any, for_new: bool, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if not for_new:
            del self.fields["slug"]


class ZipForm(_PackForm):
    """A pack as a zip."""

    file = forms.FileField(
        label="Zip file",
        max_length=300,
        widget=forms.FileInput(attrs={"accept": ".zip,application/zip"}),
        error_messages={"required": "Choose the zip of a pack.", "empty": "The file is empty. Choose the zip again."},
    )
    field_order = ("file", "folder", "slug", "publish_new")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, prefix="zip", **options)
        size = f"{settings.COURSE_IMPORT_MIB:g} MiB"
        self.fields[
            "file"
        ].help_text = f"Up to {size}. A folder around everything is fine: zips of repositories have one."


class GitForm(_PackForm):
    """A pack in a repository."""

    url = forms.CharField(
        label="Address",
        max_length=300,
        widget=forms.TextInput(attrs={**_PLAIN, "inputmode": "url", "placeholder": "https://"}),
        help_text="Of a public repository, with https.",
        error_messages={"required": "Write the address of the repository."},
    )
    ref = forms.CharField(
        label="Branch or tag",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text="Empty: what the repository itself begins with.",
    )
    field_order = ("url", "ref", "folder", "slug", "publish_new")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, prefix="git", **options)

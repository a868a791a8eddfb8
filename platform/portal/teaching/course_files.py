"""What the pages of course files have in common: taking them, showing an import, and acting on it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.utils import timezone

from accounts.errors import DrydockError
from authoring.arriving import caps
from authoring.bringing_in import bring_git, bring_zip, confirm, drop
from authoring.models import CourseImport, ImportState
from authoring.sync import NAMED, Sort
from courses.models import Course
from graders.archive.limits import MIB
from portal.forms_files import GitForm, ZipForm
from portal.forms_teach import refuse
from portal.views.signed_in import SignedInRequest

_BESIDE_FILE = MIB
"""What the form itself may add to the zip."""
_LONG = timedelta(seconds=45)
_GROUPS = ((Sort.NEW, "New"), (Sort.CHANGED, "Changed"), (Sort.GONE, "No longer in the files"))


def too_long(request: SignedInRequest) -> DrydockError | None:
    """Why nothing of what is sent is read: it is longer than a zip may be."""
    most = caps().packed_bytes
    if int(request.META.get("CONTENT_LENGTH") or "0") <= most + _BESIDE_FILE:  # digits: see config.lengths
        return None
    message = (
        f"This file is larger than the {most / MIB:g} MiB that are taken, so nothing of it was read and nothing was "
        "changed. Go back, and pack the course’s own files alone."  # noqa: RUF001 - for readers
    )
    return DrydockError("too_large", message, status=413)


@dataclass(kw_only=True)
class Bringing:
    """The two forms, and what came of the one that was sent."""

    zip_form: ZipForm
    git_form: GitForm
    made: CourseImport | None = None

    @property
    def failed(self) -> bool:
        """Whether something that was sent could not be taken."""
        return bool(self.zip_form.errors or self.git_form.errors)


def bring(request: SignedInRequest, course: Course | None) -> Bringing:
    """Take what the request brings, for the course or a new one."""
    sent = request.POST.get("from") if request.method == "POST" else None
    new = course is None
    zip_form = ZipForm(request.POST, request.FILES, for_new=new) if sent == "zip" else ZipForm(for_new=new)
    git_form = GitForm(request.POST, for_new=new) if sent == "git" else GitForm(for_new=new)
    bringing = Bringing(zip_form=zip_form, git_form=git_form)
    form = {"zip": zip_form, "git": git_form}.get(sent or "")
    if form is None or not form.is_valid():
        return bringing
    given: dict[str, Any] = dict(form.cleaned_data)
    try:
        if isinstance(form, ZipForm):
            bringing.made = bring_zip(by=request.user, course=course, upload=given.pop("file"), **given)
        else:
            bringing.made = bring_git(by=request.user, course=course, **given)
    except DrydockError as error:
        refuse(form, error)
    return bringing


def act(request: SignedInRequest, found: CourseImport) -> None:
    """Confirm it or throw it away, and say what came of it."""
    try:
        match request.POST.get("do"):
            case "confirm":
                confirm(by=request.user, course_import=found, seen=request.POST.get("seen", ""))
            case "drop":
                drop(by=request.user, course_import=found)
                messages.success(request, "The files are thrown away. Nothing of the course was changed.")
            case _:
                messages.error(request, "Nothing was done: choose to apply the changes, or to throw the files away.")
    except DrydockError as error:
        messages.error(request, error.message)


def shown(request: SignedInRequest, found: CourseImport) -> dict[str, Any]:
    """What the panel of an import needs."""
    changes: list[dict[str, Any]] = found.changes
    groups = [
        (sort, word, [change | {"many": len(change["names"]) > NAMED} for change in changes if change["sort"] == sort])
        for sort, word in _GROUPS
    ]
    waits = found.state == ImportState.WAITING
    return {
        "import": found,
        "groups": [group for group in groups if group[2]],
        "stays": any(found.unchanged.values()),
        "is_own": found.by_id == request.user.pk,
        "waits_long": waits and found.waits_since < timezone.now() - _LONG,
        "other_pack": bool(found.course and found.pack_slug and found.pack_slug != found.slug),
    }

"""The lab page: the story, the editor, and handing in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.errors import DrydockError
from labs import reading
from labs.console_story import is_console
from labs.models import Lab, LabVersion, Submission
from labs.services import submit
from portal import workbench
from portal.views.console_page import console_page
from portal.views.lab_context import lab_context
from portal.views.signed_in import SignedInRequest

_STARTER = "starter"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def lab(request: SignedInRequest, course_slug: str, slug: str) -> HttpResponse:
    """Show the lab, and take what is handed in."""
    seen = Lab.objects.visible_to(request.user).select_related("activity__course", "current_version")
    found = get_object_or_404(seen, activity__course__slug=course_slug, activity__slug=slug)
    version = found.current_version
    if version is None:
        return render(request, "portal/lab_empty.html", {"lab": found, "course": found.activity.course})
    if request.method != "POST":
        return _page(request, found, version, _texts(request, found, version))
    try:
        submission = submit(
            author=request.user, lab=found, files=workbench.read_hand_in(request.POST, request.FILES, version)
        )
    except DrydockError as error:
        texts = workbench.posted_texts(request.POST)
        return _page(request, found, version, texts, error=error, uploads=bool(request.FILES))
    if submission.already_waiting:
        messages.info(request, "These very files are waiting already; this is that try. Nothing was handed in twice.")
    return redirect("portal:submission", pk=submission.pk)


def _texts(request: SignedInRequest, lab: Lab, version: LabVersion) -> dict[str, str]:
    """What the editor opens with: the starter where asked for, a named try, or the latest one."""
    wanted = request.GET.get("from", "")
    if wanted == _STARTER:
        return {}
    tries = Submission.objects.visible_to(request.user).filter(lab=lab, author=request.user).hand_ins()
    chosen = tries.filter(number=int(wanted)).first() if wanted.isdecimal() else tries.first()
    return workbench.texts_of(reading.files_of(chosen).files, version) if chosen else {}


def _page(
    request: SignedInRequest,
    lab: Lab,
    version: LabVersion,
    texts: dict[str, str],
    *,
    error: DrydockError | None = None,
    uploads: bool = False,
) -> HttpResponse:
    if is_console(version):
        return console_page(request, lab, texts=texts, files_error=error)
    context = lab_context(request, lab, version, story=version.readme, checks=version.lab_plan.checks)
    context |= {
        "files": workbench.open_files(version, texts),
        "error": error,
        "uploads_lost": uploads,
        "keep_draft": "from" not in request.GET and error is None,
    }
    return render(request, "portal/lab.html", context, status=error.status if error else 200)

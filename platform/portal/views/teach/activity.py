"""An activity as those who run the course see it: its times, and everybody's tries."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.errors import DrydockError
from courses.access import may_teach
from courses.errors import not_course_staff
from courses.models import Activity, ActivityKind, Course
from courses.order_of_times import extensions_outrun
from courses.services import set_window
from labs.console_models import ConsoleSession
from labs.models import Lab, Submission
from labs.states import WAITING, State
from portal.forms_teach import WindowForm, refuse
from portal.teaching.progress import status_of
from portal.views.errors import error_page
from portal.views.signed_in import SignedInRequest
from portal.views.teach.access import for_staff
from portal.views.teach.lists import kept, named_like, page_of
from quizzes.models import Attempt, AttemptState

_NAMED = 3
_STATES = [
    ("waiting", "Waiting or being graded"),
    (State.GRADED.value, "Graded"),
    (State.REFUSED.value, "Turned away"),
    (State.DEAD.value, "Could not be graded"),
    (State.CANCELLED.value, "Cancelled"),
]


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def activity(request: SignedInRequest, course: Course, activity_slug: str) -> HttpResponse:
    """Show an activity with everybody's tries, and set its times."""
    seen = Activity.objects.staffed_by(request.user).filter(course=course).select_related("course")
    found = get_object_or_404(seen, slug=activity_slug)
    form = WindowForm.of(found)
    if request.method == "POST":
        if not may_teach(request.user, course):
            return error_page(request, not_course_staff())
        form = WindowForm.of(found, request.POST)
        if form.is_valid():
            try:
                set_window(by=request.user, activity=seen.get(pk=found.pk), **form.cleaned_data)
            except (DrydockError, ValidationError) as error:
                refuse(form, error)
            else:
                messages.success(request, "Saved. These times hold from now on, extensions aside.")
                _warn_of_extensions(request, seen.get(pk=found.pk))
                return redirect("portal:teach-activity", slug=course.slug, activity_slug=activity_slug)
    context = {
        "course": course,
        "activity": found,
        "status": status_of(found),
        "may_teach": may_teach(request.user, course),
        "form": form,
        "words": request.GET.get("q", ""),
        "state": request.GET.get("state", ""),
        "query": kept(request, "q", "state"),
    }
    context |= _tries(request, found) if found.kind == ActivityKind.LAB else _attempts(request, found)
    return render(request, "portal/teach/activity.html", context, status=400 if form.errors else 200)


def _warn_of_extensions(request: SignedInRequest, found: Activity) -> None:
    """Say who has less time now than without their extension: nobody meant that."""
    outrun = extensions_outrun(found)
    if not outrun:
        return
    names = ", ".join(extension.user.display_name for extension in outrun[:_NAMED])
    more = f" and {len(outrun) - _NAMED} more" if len(outrun) > _NAMED else ""
    messages.warning(
        request,
        f"With their extensions {names}{more} now have less time than without: these times end later. "
        "Give them later ones, or take them back.",
    )


def _tries(request: SignedInRequest, found: Activity) -> dict[str, Any]:
    """One row for each try, and besides the regrades that wait or could not be graded."""
    rows = Submission.objects.staffed_by(request.user).filter(lab__activity=found)
    regrades = rows.filter(regrade_of=OuterRef("pk"), state__in=WAITING)
    shown = rows.filter(Q(is_current=True) | Q(state=State.DEAD) | Q(state__in=WAITING))
    asked = request.GET.get("state", "")
    if asked == "waiting":
        shown = shown.waiting()
    elif asked in State.values:
        shown = shown.filter(state=asked)
    shown = named_like(shown, "author", request.GET.get("q", ""))
    consoles = ConsoleSession.objects.staffed_by(request.user).filter(lab__activity=found)
    listed = shown.select_related("author", "version").annotate(waits_again=Exists(regrades))
    return {
        "page": page_of(request, listed.order_by("-handed_in_at", "-pk")),
        "states": _STATES,
        "limited": Lab.objects.filter(activity=found, attempts_allowed__isnull=False).exists(),
        "has_any": rows.exists(),
        "has_consoles": consoles.exists(),
        "open_consoles": consoles.live().count(),
        "has_result": rows.filter(state__in=(State.GRADED, State.REFUSED)).exists(),
    }


def _attempts(request: SignedInRequest, found: Activity) -> dict[str, Any]:
    rows = Attempt.objects.staffed_by(request.user).filter(quiz__activity=found)
    shown = rows
    asked = request.GET.get("state", "")
    if asked in AttemptState.values:
        shown = shown.filter(state=asked)
    shown = named_like(shown, "student", request.GET.get("q", ""))
    return {
        "page": page_of(request, shown.select_related("student").order_by("-started_at", "-pk")),
        "states": [(state.value, state.label.capitalize()) for state in AttemptState],
        "has_any": rows.exists(),
    }

"""What those who run a course do with tries at labs: grading again, trying again, giving back."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import DrydockError
from courses.models import Course
from labs.models import Lab, Submission
from labs.services import give_back_try, regrade, regrade_lab, retry_dead
from labs.states import State
from portal.forms_teach import RegradeForm
from portal.templatetags.amounts import counted
from portal.views.signed_in import SignedInRequest
from portal.views.teach.access import for_staff

_READ_AND_WRITE = ["GET", "HEAD", "POST"]


def _found(request: SignedInRequest, course: Course, pk: int) -> Submission:
    seen = Submission.objects.staffed_by(request.user).filter(course=course)
    return get_object_or_404(
        seen.select_related("course", "author", "version", "lab__activity", "lab__current_version"), pk=pk
    )


def _to(course: Course, submission: Submission) -> HttpResponse:
    return redirect("portal:teach-activity", slug=course.slug, activity_slug=submission.lab.activity.slug)


@for_staff
@require_http_methods(_READ_AND_WRITE)
def grade_again(request: SignedInRequest, course: Course, pk: int) -> HttpResponse:
    """Say what grading a try again does; then do it."""
    found = _found(request, course, pk)
    form = RegradeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            regrade(by=request.user, submission=found, to_current_version=form.cleaned_data["version"] == "now")
        except DrydockError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, f"Try {found.number} by {found.author} waits to be graded again.")
        return _to(course, found)
    context = {
        "course": course,
        "activity": found.lab.activity,
        "lab": found.lab,
        "submission": found,
        "form": form,
    }
    return render(request, "portal/teach/regrade.html", context, status=400 if form.errors else 200)


@for_staff
@require_http_methods(_READ_AND_WRITE)
def grade_all_again(request: SignedInRequest, course: Course, activity_slug: str) -> HttpResponse:
    """Say what grading every try again does; then do it."""
    labs = Lab.objects.staffed_by(request.user).select_related("activity__course", "current_version")
    lab = get_object_or_404(labs, activity__course=course, activity__slug=activity_slug)
    form = RegradeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        count = regrade_lab(by=request.user, lab=lab, to_current_version=form.cleaned_data["version"] == "now")
        if count:
            messages.success(request, f"{counted(count, 'try waits,tries wait')} to be graded again.")
        else:
            messages.info(request, "There is nothing to grade again: no try has a result, or all of them wait already.")
        return redirect("portal:teach-activity", slug=course.slug, activity_slug=activity_slug)
    graded = Submission.objects.staffed_by(request.user).filter(
        lab=lab, generation=0, state__in=(State.GRADED, State.REFUSED)
    )
    context = {
        "course": course,
        "activity": lab.activity,
        "lab": lab,
        "count": graded.count(),
        "people": graded.values("author").distinct().order_by().count(),
        "form": form,
    }
    return render(request, "portal/teach/regrade.html", context, status=400 if form.errors else 200)


@for_staff
@require_POST
def try_again(request: SignedInRequest, course: Course, pk: int) -> HttpResponse:
    """Queue again what could not be graded."""
    found = _found(request, course, pk)
    try:
        retry_dead(by=request.user, submission=found)
    except DrydockError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"Try {found.number} by {found.author} waits to be graded.")
    if request.POST.get("next") == "home":
        return redirect("portal:teach", slug=course.slug)
    return _to(course, found)


@for_staff
@require_POST
def give_back(request: SignedInRequest, course: Course, pk: int) -> HttpResponse:
    """Let a try not count against the allowance."""
    found = _found(request, course, pk)
    give_back_try(by=request.user, submission=found)
    messages.success(request, f"Try {found.number} by {found.author} uses up no try. Its result stands.")
    back = reverse("portal:teach-evidence", args=[course.slug, found.author_id, found.lab.activity.slug])
    return redirect(back) if request.POST.get("next") == "evidence" else _to(course, found)

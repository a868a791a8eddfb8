"""Before and after a try at a quiz: its rules, handing in, and the review."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.addresses import address_of
from accounts.errors import DrydockError
from portal.views.errors import error_page
from portal.views.quiz_taking import about, own_attempt
from portal.views.signed_in import SignedInRequest
from quizzes import pages, services
from quizzes.access import ensure_address
from quizzes.asking import attempt_page, reason_of_pause
from quizzes.models import Attempt, ClosedBy, Quiz
from quizzes.starting import start_attempt
from quizzes.timing import is_paused


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def quiz(request: SignedInRequest, course_slug: str, slug: str) -> HttpResponse:
    """Show the rules and earlier tries, and start one."""
    seen = Quiz.objects.visible_to(request.user).with_content()
    found = get_object_or_404(seen, activity__course__slug=course_slug, activity__slug=slug)
    address = address_of(request)
    error = None
    if request.method == "POST":
        try:
            attempt = start_attempt(
                quiz=found, student=request.user, code=request.POST.get("code", ""), address=address
            )
        except DrydockError as refused:
            error = refused
        else:
            return redirect("portal:attempt", pk=attempt.pk)
    try:
        overview = pages.quiz_overview(quiz=found, user=request.user)
    except DrydockError as not_ready:
        return error_page(request, not_ready)
    context = {
        "quiz": overview,
        "activity": overview.activity,
        "course": overview.activity.course,
        "window_state": overview.state.name.lower(),
        "error": error,
        "elsewhere": None if overview.is_staff else _elsewhere(found, address),
        "reason": reason_of_pause(found) if overview.is_paused else "",
    }
    return render(request, "portal/quiz_start.html", context, status=error.status if error else 200)


def _elsewhere(quiz: Quiz, address: str | None) -> DrydockError | None:
    """Why the quiz cannot be taken from this address; None where it can."""
    try:
        ensure_address(quiz=quiz, address=address)
    except DrydockError as refused:
        return refused
    return None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def finish(request: SignedInRequest, pk: int) -> HttpResponse:
    """List what is unanswered, then hand in."""
    if request.method == "POST":
        return _hand_in(request, pk)
    found = own_attempt(request, pk)
    if not found.is_open:
        return redirect("portal:review", pk=pk)
    if is_paused(found):
        return render(request, "portal/quiz_paused.html", about(found) | {"reason": reason_of_pause(found.quiz)})
    shown = attempt_page(attempt=found)
    context = about(found) | {
        "page": shown,
        "unanswered": [entry for entry in shown.map if not entry.answered],
        "flagged": [entry for entry in shown.map if entry.flagged and entry.may_visit],
        "answered": len(shown.map) - len(shown.unanswered),
    }
    return render(request, "portal/quiz_finish.html", context)


def _hand_in(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Attempt.objects.taken_by(request.user).only("quiz_id", "state"), pk=pk)
    if found.is_open and services.close_attempt(attempt=found).closed_by == ClosedBy.STUDENT:
        messages.success(request, "Your quiz is handed in.")
    return redirect("portal:review", pk=pk)


@login_required
@require_safe
def review(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show a closed attempt as far as it is released."""
    found = get_object_or_404(Attempt.objects.visible_to(request.user).with_content(), pk=pk)
    found = services.close_if_time_is_up(attempt=found)
    if found.is_open:
        return redirect("portal:attempt", pk=pk) if found.student_id == request.user.pk else _not_yet(request)
    context = about(found) | {
        "review": pages.review(attempt=found, viewer=request.user),
        "is_mine": found.student_id == request.user.pk,
    }
    return render(request, "portal/quiz_review.html", context)


def _not_yet(request: SignedInRequest) -> HttpResponse:
    return error_page(request, DrydockError("attempt_open", "This try is still under way.", status=409))

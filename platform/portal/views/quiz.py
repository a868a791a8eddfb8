"""Taking a quiz: rules, questions, saving, flags, finishing, and the review."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DrydockError
from portal.views.errors import error_page
from portal.views.signed_in import SignedInRequest
from quizzes import pages, services
from quizzes.errors import AnswerRefused, SavedAnswer, StaleRevision
from quizzes.models import Attempt, AttemptQuestion, Quiz
from quizzes.showing import ShownQuestion
from quizzes.starting import start_attempt
from quizzes.types.base import FormValues, MalformedAnswer

# Longer ones are no revision of ours, and Python refuses to read numbers of thousands of digits.
_REVISION_DIGITS = 9


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def quiz(request: SignedInRequest, course_slug: str, slug: str) -> HttpResponse:
    """Show the rules and earlier tries, and start one."""
    seen = Quiz.objects.visible_to(request.user).with_content()
    found = get_object_or_404(seen, activity__course__slug=course_slug, activity__slug=slug)
    error = None
    if request.method == "POST":
        try:
            attempt = start_attempt(quiz=found, student=request.user)
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
    }
    return render(request, "portal/quiz_start.html", context, status=error.status if error else 200)


def _own(request: SignedInRequest, pk: int) -> Attempt:
    """One's own attempt, closed first if its time has run out."""
    attempt = get_object_or_404(Attempt.objects.taken_by(request.user).with_content(), pk=pk)
    return services.close_if_time_is_up(attempt=attempt)


@login_required
@require_safe
def attempt(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show a page of questions of an attempt under way; a closed one leads to its review."""
    found = _own(request, pk)
    if not found.is_open:
        return redirect("portal:review", pk=pk)
    asked = request.GET.get("page", "1")
    return _questions(request, found, page=int(asked) if asked.isdecimal() else 1)


def _questions(
    request: SignedInRequest, found: Attempt, *, page: int, refused: dict[int, dict[str, Any]] | None = None
) -> HttpResponse:
    shown = pages.attempt_page(attempt=found, page=page)
    context = {
        "page": shown,
        "attempt": found,
        "activity": found.quiz.activity,
        "course": found.quiz.activity.course,
        "cards": [
            {"question": question, "value": question.value, **(refused or {}).get(question.position, {})}
            for question in shown.questions
        ],
        "answered": len(shown.map) - len(shown.unanswered),
    }
    return render(request, "portal/quiz_questions.html", context, status=409 if refused else 200)


@login_required
@require_POST
def answer(request: SignedInRequest, pk: int, position: int) -> HttpResponse:
    """Save an answer: told in JSON to scripts, by the page itself to browsers without them."""
    found = get_object_or_404(Attempt.objects.taken_by(request.user).with_content(), pk=pk)
    wants_json = request.headers.get("Accept", "") == "application/json"
    values = FormValues.sent(dict(request.POST.lists()))
    revision = request.POST.get("revision", "")[:_REVISION_DIGITS]
    try:
        saved = services.save_answer(
            attempt=found,
            position=position,
            value=values,
            revision=int(revision) if revision.isdecimal() else 0,
            client=request.POST.get("client", ""),
        )
    except DrydockError as error:
        if wants_json:
            return JsonResponse(_trouble(found, position, error), status=error.status)
        return _refused_without_scripts(request, found, position, values, error)
    if wants_json:
        return JsonResponse(_told(found, saved))
    messages.success(request, f"Your answer to question {position} is saved.")
    return redirect(_place(found, position))


def _place(found: Attempt, position: int) -> str:
    page = (position - 1) // found.version.settings.questions_per_page + 1
    return f"{reverse('portal:attempt', kwargs={'pk': found.pk})}?page={page}#question-{position}"


def _told(found: Attempt, saved: SavedAnswer) -> dict[str, Any]:
    now = timezone.now()
    remaining = None if found.closes_at is None else max(0.0, (found.closes_at - now).total_seconds())
    return {
        "revision": saved.revision,
        "answered": saved.value is not None,
        "saved_at": saved.saved_at.isoformat() if saved.saved_at else None,
        "remaining_seconds": remaining,
    }


def _trouble(found: Attempt, position: int, error: DrydockError) -> dict[str, Any]:
    told: dict[str, Any] = {"code": error.code, "message": error.message}
    if isinstance(error, AnswerRefused):
        newest = _asked(found, position)
        told["saved"] = {
            **_told(found, error.saved),
            "words": newest.value_text if newest else "",
            "values": _form_values(newest) if newest else [],
            "at": _clock_time(found, error.saved),
        }
    return told


def _asked(found: Attempt, position: int) -> ShownQuestion | None:
    asked = AttemptQuestion.objects.filter(attempt=found, position=position).select_related("question_version").first()
    return pages.shown(asked) if asked else None


def _form_values(question: ShownQuestion) -> list[str]:
    """The answer as the form's inputs hold it."""
    if question.options:
        return [option.id for option in question.options if option.chosen]
    return [question.value_text] if question.value is not None else []


def _clock_time(found: Attempt, saved: SavedAnswer) -> str:
    zone = found.quiz.activity.course.zone
    return f"{saved.saved_at.astimezone(zone):%H:%M:%S}" if saved.saved_at else ""


def _refused_without_scripts(
    request: SignedInRequest, found: Attempt, position: int, values: FormValues, error: DrydockError
) -> HttpResponse:
    """The page again, with what was sent still in its field: nothing is lost, and Save sends it once more."""
    found = services.close_if_time_is_up(attempt=found)
    asked = _asked(found, position)
    if asked is None or not found.is_open:
        messages.error(request, error.message)
        return redirect("portal:attempt", pk=found.pk)
    question, value = _with_sent(found, position, asked, values)
    card: dict[str, Any] = {"question": question, "value": value, "error": error}
    if isinstance(error, StaleRevision):
        card |= {"conflict": True, "newest": asked, "newest_at": _clock_time(found, error.saved)}
    page = (position - 1) // found.version.settings.questions_per_page + 1
    return _questions(request, found, page=page, refused={position: card})


def _with_sent(found: Attempt, position: int, asked: ShownQuestion, values: FormValues) -> tuple[ShownQuestion, object]:
    """The question with the values that were sent in place of those that are saved."""
    row = AttemptQuestion.objects.select_related("question_version").get(attempt=found, position=position)
    try:
        row.value = row.content.parse(values)
    except MalformedAnswer:
        return asked, values[0] if values else ""
    sent = replace(pages.shown(row), revision=asked.revision)
    return sent, sent.value


@login_required
@require_POST
def flag(request: SignedInRequest, pk: int, position: int) -> HttpResponse:
    """Mark a question to come back to, or take the mark off."""
    found = get_object_or_404(Attempt.objects.taken_by(request.user).with_content(), pk=pk)
    wants_json = request.headers.get("Accept", "") == "application/json"
    try:
        services.set_flag(attempt=found, position=position, flagged=request.POST.get("flagged") == "yes")
    except DrydockError as error:
        if wants_json:
            return JsonResponse({"code": error.code, "message": error.message}, status=error.status)
        messages.error(request, error.message)
        return redirect("portal:attempt", pk=pk)
    return JsonResponse({}) if wants_json else redirect(_place(found, position))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def finish(request: SignedInRequest, pk: int) -> HttpResponse:
    """List what is unanswered, then hand in."""
    found = _own(request, pk)
    if not found.is_open:
        return redirect("portal:review", pk=pk)
    if request.method == "POST":
        services.close_attempt(attempt=found)
        messages.success(request, "Your quiz is handed in.")
        return redirect("portal:review", pk=pk)
    shown = pages.attempt_page(attempt=found)
    context = {
        "page": shown,
        "attempt": found,
        "activity": found.quiz.activity,
        "course": found.quiz.activity.course,
        "unanswered": [entry for entry in shown.map if not entry.answered],
        "flagged": [entry for entry in shown.map if entry.flagged],
        "answered": len(shown.map) - len(shown.unanswered),
    }
    return render(request, "portal/quiz_finish.html", context)


@login_required
@require_safe
def review(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show a closed attempt as far as it is released."""
    found = get_object_or_404(Attempt.objects.visible_to(request.user).with_content(), pk=pk)
    found = services.close_if_time_is_up(attempt=found)
    if found.is_open:
        return redirect("portal:attempt", pk=pk) if found.student_id == request.user.pk else _not_yet(request)
    context = {
        "review": pages.review(attempt=found, viewer=request.user),
        "attempt": found,
        "activity": found.quiz.activity,
        "course": found.quiz.activity.course,
        "is_mine": found.student_id == request.user.pk,
    }
    return render(request, "portal/quiz_review.html", context)


def _not_yet(request: SignedInRequest) -> HttpResponse:
    return error_page(request, DrydockError("attempt_open", "This try is still under way.", status=409))

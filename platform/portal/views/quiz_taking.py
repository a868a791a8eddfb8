"""A try under way: its pages, saving, flags, checks in practice, turning pages, and how it stands."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.addresses import address_of
from accounts.errors import DrydockError
from portal.asked import number_asked
from portal.page_form import SentAnswer, answers_sent
from portal.views.errors import error_page
from portal.views.signed_in import SignedInRequest
from quizzes import services
from quizzes.access import ensure_may_take
from quizzes.asking import attempt_page, reason_of_pause, shown
from quizzes.checking import check_answer
from quizzes.errors import SavedAnswer, StaleRevision
from quizzes.models import Attempt, AttemptQuestion
from quizzes.saving import save_to
from quizzes.showing import ShownQuestion, with_sent_parts
from quizzes.timing import is_paused, remaining
from quizzes.turning import turn_page
from quizzes.types.base import FormValues, MalformedAnswer, QuestionType, Value

Cards = dict[int, dict[str, Any]]
"""What is to be said beside questions that could not be saved, by position."""


def own_attempt(request: SignedInRequest, pk: int) -> Attempt:
    """One's own attempt, closed first if its time has run out."""
    attempt = get_object_or_404(Attempt.objects.taken_by(request.user).for_taking(), pk=pk)
    return services.close_if_time_is_up(attempt=attempt)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def attempt(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show a page of questions of an attempt under way, or save what its form sent; a closed one shows its review."""
    found = own_attempt(request, pk)
    if not found.is_open:
        if request.method == "POST":
            messages.error(request, "This try is over: what was sent just now was not saved. What was saved counts.")
        return redirect("portal:review", pk=pk)
    try:
        ensure_may_take(attempt=found, address=address_of(request))
    except DrydockError as refused:
        return error_page(request, refused)
    if request.method == "POST":
        return _page_sent(request, found)
    if is_paused(found):
        return paused_page(request, found)
    return questions_page(request, found, page=number_asked(request.GET.get("page", "1")) or 1)


def about(found: Attempt) -> dict[str, Any]:
    """What every page about an attempt says."""
    activity = found.quiz.activity
    return {"attempt": found, "activity": activity, "course": activity.course}


def paused_page(
    request: SignedInRequest, found: Attempt, *, page: int = 1, refused: Collection[int] = (), status: int = 200
) -> HttpResponse:
    """Say that the clock stands, and show no question: reading one would cost no time.

    What was sent for those that were not saved stays in the page's form, unseen, to be sent once more.
    """
    context = about(found) | {
        "reason": reason_of_pause(found.quiz),
        "page": page,
        "refused": sorted(refused),
        "kept": [
            (name, value)
            for name, values in request.POST.lists()
            if number_asked(name.rpartition("@")[2]) in refused
            for value in values
        ],
    }
    return render(request, "portal/quiz_paused.html", context, status=status)


def questions_page(
    request: SignedInRequest, found: Attempt, *, page: int, refused: Cards | None = None, status: int = 200
) -> HttpResponse:
    """A page of questions, with what is to be said about answers that were not saved."""
    refused = refused or {}
    if is_paused(found):
        return paused_page(request, found, page=page, refused=refused.keys(), status=status)
    seen = attempt_page(attempt=found, page=page)
    context = about(found) | {
        "page": seen,
        "cards": [
            {"question": question, "value": question.value, **refused.get(question.position, {})}
            for question in seen.questions
        ],
        "answered": len(seen.map) - len(seen.unanswered),
        "unanswered_here": [question for question in seen.questions if not question.answered],
    }
    return render(request, "portal/quiz_questions.html", context, status=status)


def _page_address(found: Attempt, page: int, position: int | None = None) -> str:
    place = f"#question-{position}" if position else ""
    return f"{reverse('portal:attempt', kwargs={'pk': found.pk})}?page={page}{place}"


def _page_sent(request: SignedInRequest, found: Attempt) -> HttpResponse:
    """Save all that a page sent without scripts, then do what its button says."""
    page = number_asked(request.POST.get("page", "")) or 1
    refused = save_page(request, found)
    if refused:
        found = services.close_if_time_is_up(attempt=found)
        if not found.is_open:
            messages.error(request, next(iter(refused.values()))["error"].message)
            return redirect("portal:review", pk=found.pk)
        return questions_page(request, found, page=page, refused=refused, status=409)
    try:
        return _do(request, found, page)
    except DrydockError as error:
        messages.error(request, error.message)
        return redirect(_page_address(found, page))


def save_page(request: SignedInRequest, found: Attempt) -> Cards:
    """Save those answers of a page's form that differ from what is saved; returns what could not be, by position."""
    sent = {answer.position: answer for answer in answers_sent(dict(request.POST.lists()))}
    rows = AttemptQuestion.objects.for_answering().filter(attempt=found, position__in=sent).order_by("position")
    refused: Cards = {}
    for row in rows:
        answer = sent[row.position]
        try:
            save_to(asked=row, value=answer.values, revision=answer.revision, address=address_of(request))
        except DrydockError as error:
            refused[row.position] = _card(found, answer, error)
    return refused


def _do(request: SignedInRequest, found: Attempt, page: int) -> HttpResponseRedirect:
    """Turn the page, set a flag, check an answer, or stay, as the button pressed says."""
    position = number_asked(request.POST.get("check", ""))
    if position is not None:
        check_answer(attempt=found, position=position, address=address_of(request))
        return redirect(_page_address(found, page, position))
    flagged, _, wanted = request.POST.get("flag", "").partition(":")
    position = number_asked(flagged)
    if position is not None:
        services.set_flag(attempt=found, position=position, flagged=wanted == "yes")
        return redirect(_page_address(found, page, position))
    match request.POST.get("go", "stay"):
        case "next":
            page = turn_page(attempt=found, page=page + 1, address=address_of(request))
        case "previous":
            page = turn_page(attempt=found, page=page - 1, address=address_of(request))
        case "finish":
            return redirect("portal:finish", pk=found.pk)
        case place if place.startswith("to-"):
            wanted, _, below = place.removeprefix("to-").partition("-")
            page = turn_page(attempt=found, page=number_asked(wanted) or page, address=address_of(request))
            return redirect(_page_address(found, page, number_asked(below)))
        case _:
            messages.success(request, "Your answers on this page are saved.")
    return redirect(_page_address(found, page))


@login_required
@require_POST
def answer(request: SignedInRequest, pk: int, position: int) -> HttpResponse:
    """Save one answer for a script; the reply is JSON."""
    rows = AttemptQuestion.objects.taken_by(request.user).for_answering()
    asked = get_object_or_404(rows, attempt_id=pk, position=position)
    try:
        saved = save_to(
            asked=asked,
            value=FormValues.sent(dict(request.POST.lists())),
            revision=number_asked(request.POST.get("revision", "")) or 0,
            client=request.POST.get("client", ""),
            address=address_of(request),
        )
    except DrydockError as error:
        return JsonResponse(_trouble(asked.attempt, position, error), status=error.status)
    return JsonResponse(_told(asked.attempt, saved))


def _told(found: Attempt, saved: SavedAnswer) -> dict[str, Any]:
    return {
        "revision": saved.revision,
        "answered": saved.value is not None,
        "saved_at": saved.saved_at.isoformat() if saved.saved_at else None,
        "remaining_seconds": _remaining_seconds(found),
    }


def _remaining_seconds(found: Attempt) -> float | None:
    left = remaining(found, timezone.now())
    return None if left is None else left.total_seconds()


def _trouble(found: Attempt, position: int, error: DrydockError) -> dict[str, Any]:
    told: dict[str, Any] = {"code": error.code, "message": error.message}
    if isinstance(error, StaleRevision):
        newest = _row(found, position)
        told["saved"] = {
            **_told(found, error.saved),
            "words": newest.content.show_value(newest.value),
            "fields": form_fields(newest.content, newest.value),
            "at": _clock_time(found, error.saved),
        }
    return told


def _row(found: Attempt, position: int) -> AttemptQuestion:
    return AttemptQuestion.objects.select_related("question_version").get(attempt=found, position=position)


def form_fields(content: QuestionType, value: Value | None) -> list[tuple[str, str]]:
    """An answer as a form would send it: names and values."""
    if content.takes_parts:
        return [(f"answer-{part}", each) for part, each in content.part_values(value).items()]
    match value:
        case None:
            return []
        case bool():
            return [("answer", str(value).lower())]
        case list():
            return [("answer", each) for each in value]
        case _:
            return [("answer", str(value))]


def _clock_time(found: Attempt, saved: SavedAnswer) -> str:
    zone = found.quiz.activity.course.zone
    return f"{saved.saved_at.astimezone(zone):%H:%M:%S}" if saved.saved_at else ""


def _card(found: Attempt, sent: SentAnswer, error: DrydockError) -> dict[str, Any]:
    """What was sent still in its field, so that nothing is lost, and why it was not saved; Save sends it once more."""
    row = _row(found, sent.position)
    if row.checked_at is not None:
        return {"error": error}  # the answer is final: it stays as the page shows it
    asked = shown(row)
    question, value = _with_sent(row, asked, sent.values)
    card: dict[str, Any] = {"question": question, "value": value, "error": error}
    if isinstance(error, StaleRevision):
        card |= {"conflict": True, "newest": asked, "newest_at": _clock_time(found, error.saved)}
    return card


def _with_sent(row: AttemptQuestion, asked: ShownQuestion, values: FormValues) -> tuple[ShownQuestion, object]:
    """The question with the values that were sent in place of those that are saved."""
    try:
        row.value = row.content.parse(values)
    except MalformedAnswer:
        return with_sent_parts(asked, values.parts), values[0] if values else ""
    sent = replace(shown(row), revision=asked.revision)
    return sent, sent.value


@login_required
@require_POST
def flag(request: SignedInRequest, pk: int, position: int) -> HttpResponse:
    """Mark a question to come back to, or take the mark off, for a script."""
    found = get_object_or_404(Attempt.objects.taken_by(request.user).with_content(), pk=pk)
    try:
        services.set_flag(attempt=found, position=position, flagged=request.POST.get("flagged") == "yes")
    except DrydockError as error:
        return JsonResponse({"code": error.code, "message": error.message}, status=error.status)
    return JsonResponse({})


@login_required
@require_POST
def check(request: SignedInRequest, pk: int, position: int) -> HttpResponse:
    """Have an answer checked in practice, for a script: the page then shows what came of it."""
    found = get_object_or_404(Attempt.objects.taken_by(request.user).with_content(), pk=pk)
    try:
        check_answer(attempt=found, position=position, address=address_of(request))
    except DrydockError as error:
        return JsonResponse({"code": error.code, "message": error.message}, status=error.status)
    return JsonResponse({})


@login_required
@require_safe
def standing(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say in JSON how the attempt stands: whether it is under way or paused, and how much time is left."""
    found = own_attempt(request, pk)
    paused = found.is_open and is_paused(found)
    reply = JsonResponse(
        {
            "state": "open" if found.is_open else "closed",
            "paused": {"reason": reason_of_pause(found.quiz)} if paused else None,
            "remaining_seconds": _remaining_seconds(found) if found.is_open else None,
        }
    )
    reply["Cache-Control"] = "no-store"
    return reply

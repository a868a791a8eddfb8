"""Marking a quiz's answers by people: what waits, and one answer after the other, without names unless asked for."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DrydockError
from courses.models import Course
from portal.teaching.answer_marked import Marking, marking_of
from portal.views.signed_in import SignedInRequest
from portal.views.teach.access import for_staff
from quizzes.file_models import AnswerFile
from quizzes.marking import Place, answer_at, give_mark, history_of, places, queue, saved_comments
from quizzes.models import AttemptQuestion, Question, Quiz

_READ_AND_WRITE = ["GET", "HEAD", "POST"]
_NAMES = "marking-with-names"
"""In the session: whether this marker wants to see whose answers they are."""
_MOST_DIGITS = 18
"""Of the id of a mark; a longer number is none."""


def _quiz(request: SignedInRequest, course: Course, activity_slug: str) -> Quiz:
    seen = Quiz.objects.staffed_by(request.user).with_content()
    return get_object_or_404(seen, activity__course=course, activity__slug=activity_slug)


def _question(request: SignedInRequest, course: Course, question_slug: str) -> Question:
    seen = Question.objects.visible_to(request.user).select_related("current_version")
    return get_object_or_404(seen, course=course, slug=question_slug)


def _context(request: SignedInRequest, course: Course, quiz: Quiz) -> dict[str, Any]:
    return {
        "course": course,
        "quiz": quiz,
        "activity": quiz.activity,
        "with_names": bool(request.session.get(_NAMES)),
    }


@for_staff
@require_safe
def marking(request: SignedInRequest, course: Course, activity_slug: str) -> HttpResponse:
    """List the questions that people mark, those that wait longest first."""
    quiz = _quiz(request, course, activity_slug)
    lines = queue(quiz)
    context = _context(request, course, quiz) | {"lines": lines, "waiting": sum(line.waiting for line in lines)}
    return render(request, "portal/teach/marking_queue.html", context)


@for_staff
@require_POST
def names(request: SignedInRequest, course: Course, activity_slug: str) -> HttpResponse:
    """Show this marker names from now on, or no longer."""
    quiz = _quiz(request, course, activity_slug)
    request.session[_NAMES] = request.POST.get("names") == "yes"
    question, code = request.POST.get("question", ""), request.POST.get("answer", "")
    if not question.isprintable() or not Question.objects.filter(course=course, slug=question).exists():
        return redirect("portal:teach-marking", slug=course.slug, activity_slug=quiz.activity.slug)
    return redirect(_address(course, quiz, question, code))


def _address(course: Course, quiz: Quiz, question_slug: str, code: str) -> str:
    address = reverse("portal:teach-marking-question", args=[course.slug, quiz.activity.slug, question_slug])
    return f"{address}?answer={code}" if code.isalnum() else address


@for_staff
@require_http_methods(_READ_AND_WRITE)
def answers(request: SignedInRequest, course: Course, activity_slug: str, question_slug: str) -> HttpResponse:
    """Show one answer to a question and take its mark; then go on to the next that waits."""
    quiz = _quiz(request, course, activity_slug)
    question = _question(request, course, question_slug)
    found = places(quiz, question)
    context = _context(request, course, quiz) | {"question": question}
    place = _place(found, request.GET.get("answer", ""))
    if place is None:
        return render(request, "portal/teach/marking.html", context, status=409 if request.method == "POST" else 200)
    asked = answer_at(place)
    marked = marking_of(asked, history_of(asked))
    named = request.GET.get("answer", "")
    is_gone = place.code != named and (bool(named) or request.method == "POST")
    status = 200
    if is_gone and request.method == "POST":  # a mark is never given to another answer than the one it was meant for
        status = 409
    elif request.method == "POST":
        marked = marked.with_sent(request.POST)
        try:
            _mark(request, asked, marked)
        except DrydockError as error:
            status = error.status
            history = history_of(asked)
            marked = marked.refused(error, history)
        else:
            return _after(request, course, quiz, place)
    context |= {
        "place": place,
        "asked": asked,
        "marking": marked,
        "waiting": sum(one.waiting for one in found),
        "comments": saved_comments(quiz, question),
        "files": _files(asked),
        "words": len(asked.value.split()) if isinstance(asked.value, str) else 0,
        "is_gone": is_gone,
    }
    return render(request, "portal/teach/marking.html", context, status=status)


def _place(found: list[Place], code: str) -> Place | None:
    """The answer asked for; else the first that waits, else the first."""
    if not found:
        return None
    by_code = {place.code: place for place in found}
    return by_code.get(code) or next((place for place in found if place.waiting), found[0])


def _mark(request: SignedInRequest, asked: AttemptQuestion, marked: Marking) -> None:
    seen = request.POST.get("seen", "")
    is_number = seen.isascii() and seen.isdecimal() and len(seen) <= _MOST_DIGITS
    give_mark(
        by=request.user,
        asked=asked,
        points=marked.points_sent,
        rubric=marked.rubric_sent,
        comment=marked.comment,
        seen=int(seen) if is_number else 0,
    )


def _after(request: SignedInRequest, course: Course, quiz: Quiz, place: Place) -> HttpResponse:
    question_slug = request.resolver_match.kwargs["question_slug"] if request.resolver_match else ""
    if request.POST.get("then") == "stay":
        messages.success(request, "Saved.")
        return redirect(_address(course, quiz, question_slug, place.code))
    if place.next_waiting is not None:
        return redirect(_address(course, quiz, question_slug, place.next_waiting))
    messages.success(request, f"Saved. No answer to {question_slug} waits any more.")
    return redirect("portal:teach-marking", slug=course.slug, activity_slug=quiz.activity.slug)


def _files(asked: AttemptQuestion) -> list[tuple[int, AnswerFile]]:
    """The files that the answer names, numbered: their own names may say whose they are."""
    value = asked.value if isinstance(asked.value, dict) else {}
    there = {file.sha256: file for file in AnswerFile.objects.filter(attempt_question=asked)} if value else {}
    named = [there[digest] for _, digest in sorted(value.items()) if digest in there]
    return list(enumerate(named, 1))


@for_staff
@require_safe
def file(
    request: SignedInRequest, course: Course, *, activity_slug: str, question_slug: str, code: str, number: int
) -> FileResponse:
    """A file of an answer, to be saved: under a name that says nothing about its student."""
    quiz = _quiz(request, course, activity_slug)
    question = _question(request, course, question_slug)
    place = next((one for one in places(quiz, question) if one.code == code), None)
    found = dict(_files(answer_at(place))).get(number) if place is not None else None
    if found is None:
        raise Http404
    _, dot, ending = found.name.rpartition(".")
    name = f"{question.slug}-{code}-{number}{dot}{ending if dot else ''}"
    response = FileResponse(
        found.content.open("rb"), as_attachment=True, filename=name, content_type="application/octet-stream"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response

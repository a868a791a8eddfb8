"""Regrades of a quiz: the list, drawing one up question by question, seeing who moves, applying it, undoing it."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import DrydockError
from accounts.models import User
from courses.models import Course
from portal.teaching.key_fields import Sent, key_field, key_from
from portal.teaching.rule_words import rule_words, words_of
from portal.views.signed_in import SignedInRequest
from portal.views.teach.access import for_instructors
from portal.views.teach.lists import PAGE_SIZE, kept, page_of
from quizzes.models import Quiz
from quizzes.pictures import Series, histogram
from quizzes.regrade_drafts import AskedQuestion
from quizzes.regrade_preview import PersonLine, Preview
from quizzes.regrading import apply, asked_questions, can_undo, discard, draft, newest_key, preview, undo
from quizzes.rule_models import Regrade, RegradeState
from quizzes.rules import BadRule, Change, Rule

_READ_AND_WRITE = ["GET", "HEAD", "POST"]
_SORTS = {
    "change": "Largest change first",
    "up": "Those who gain first",
    "down": "Those who lose first",
}


def _quiz(request: SignedInRequest, course: Course, activity_slug: str) -> Quiz:
    seen = Quiz.objects.staffed_by(request.user).with_content()
    return get_object_or_404(seen, activity__course=course, activity__slug=activity_slug)


def _found(request: SignedInRequest, course: Course, activity_slug: str, regrade_id: int) -> Regrade:
    rows = Regrade.objects.visible_to(request.user).select_related(
        "quiz__activity__course", "quiz__current_version", "by"
    )
    return get_object_or_404(rows, pk=regrade_id, quiz__activity__course=course, quiz__activity__slug=activity_slug)


def _context(course: Course, quiz: Quiz) -> dict[str, Any]:
    return {"course": course, "quiz": quiz, "activity": quiz.activity, "tab": "regrades"}


@for_instructors
@require_safe
def regrades(request: SignedInRequest, course: Course, activity_slug: str) -> HttpResponse:
    """List the regrades of a quiz and the rules that hold now."""
    quiz = _quiz(request, course, activity_slug)
    rows = (
        Regrade.objects.visible_to(request.user)
        .filter(quiz=quiz)
        .select_related("by")
        .annotate(moved=Count("moves", filter=Q(moves__attempt__is_tryout=False)))
        .order_by("-created_at", "-pk")
    )
    rules = [one for one in asked_questions(quiz) if one.rule is not None]
    context = _context(course, quiz) | {
        "page": page_of(request, rows),
        "rules": [(one.slug, rule_words(one.rule)) for one in rules],
    }
    return render(request, "portal/teach/regrades.html", context)


@for_instructors
@require_http_methods(_READ_AND_WRITE)
def new(request: SignedInRequest, course: Course, activity_slug: str) -> HttpResponse:
    """Choose for each question what is to hold; then look at what that does."""
    quiz = _quiz(request, course, activity_slug)
    questions = asked_questions(quiz)
    sent: Sent | None = dict(request.POST.lists()) if request.method == "POST" else None
    problems: dict[str, str] = {}
    trouble = ""
    if sent is not None:
        changes, problems = _changes(questions, sent)
        if not problems:
            try:
                made = draft(by=request.user, quiz=quiz, changes=changes, reason=request.POST.get("reason", ""))
            except DrydockError as error:
                problems = {name: said for name, said in error.fields.items() if name != "reason"}
                trouble = "" if problems else error.message
            else:
                return redirect(
                    "portal:teach-regrade-quiz", slug=course.slug, activity_slug=activity_slug, regrade_id=made.pk
                )
    context = _context(course, quiz) | {
        "questions": [_choice(one, sent, problems, request.GET.get("question", "")) for one in questions],
        "reason": request.POST.get("reason", ""),
        "problems": problems,
        "trouble": trouble,
    }
    return render(request, "portal/teach/regrade_new.html", context, status=400 if sent is not None else 200)


def _changes(questions: list[AskedQuestion], sent: Sent) -> tuple[dict[str, Rule | None], dict[str, str]]:
    """What was chosen, by question; and what is wrong with it."""
    changes: dict[str, Rule | None] = {}
    problems: dict[str, str] = {}
    for one in questions:
        try:
            match (sent.get(f"do-{one.slug}") or ["leave"])[-1]:
                case "drop":
                    changes[one.slug] = Rule(change=Change.DROP)
                case "full":
                    changes[one.slug] = Rule(change=Change.FULL)
                case "own":
                    changes[one.slug] = None
                case "newest":
                    changes[one.slug] = Rule(change=Change.KEY, keys=(newest_key(one),))
                case "key":
                    changes[one.slug] = key_from(one, sent)
                case _:
                    pass
        except BadRule as bad:
            problems[one.slug] = bad.message
    return changes, problems


def _choice(asked: AskedQuestion, sent: Sent | None, problems: dict[str, str], wanted: str) -> dict[str, Any]:
    chosen = (sent.get(f"do-{asked.slug}") or ["leave"])[-1] if sent is not None else "leave"
    public = asked.newest_asked.content.public()
    return {
        "asked": asked,
        "public": public,
        "rule": rule_words(asked.rule) if asked.rule is not None else "",
        "kind": public.kind.replace("_", " "),
        "chosen": chosen,
        "key": None if asked.needs_person else key_field(asked, sent if chosen == "key" else None),
        "problem": problems.get(asked.slug, ""),
        "is_open": chosen != "leave" or asked.slug == wanted or asked.slug in problems,
    }


@for_instructors
@require_http_methods(_READ_AND_WRITE)
def regrade(request: SignedInRequest, course: Course, activity_slug: str, regrade_id: int) -> HttpResponse:
    """Show what a regrade would do or did; apply, undo or throw it away."""
    found = _found(request, course, activity_slug, regrade_id)
    if request.method == "POST":
        return _act(request, course, found)
    context = _context(course, found.quiz) | {
        "regrade": found,
        "changes": [(slug, words_of(data)) for slug, data in sorted(found.changes.items())],
    }
    context |= _would_do(request, found) if found.state == RegradeState.DRAFT else _did(request, found)
    return render(request, "portal/teach/regrade_quiz.html", context)


def _act(request: SignedInRequest, course: Course, found: Regrade) -> HttpResponse:
    activity_slug = found.quiz.activity.slug
    try:
        match request.POST.get("do"):
            case "apply":
                apply(by=request.user, regrade=found, seen=request.POST.get("seen", ""))
                messages.success(request, "Applied. Every try is scored by it, and grades that changed were sent on.")
            case "undo":
                undo(by=request.user, regrade=found)
                messages.success(request, "Undone. Points, rules and grades are as they were before it.")
            case "discard":
                discard(by=request.user, regrade=found)
                messages.success(request, "The draft is gone. Nothing was scored by it.")
                return redirect("portal:teach-regrades", slug=course.slug, activity_slug=activity_slug)
            case _:
                messages.error(request, "Nothing was done: choose to apply, undo or throw away.")
    except DrydockError as error:
        messages.error(request, error.message)
    return redirect("portal:teach-regrade-quiz", slug=course.slug, activity_slug=activity_slug, regrade_id=found.pk)


def _would_do(request: SignedInRequest, found: Regrade) -> dict[str, Any]:
    seen = preview(found)
    sort = request.GET.get("sort", "change")
    sort = sort if sort in _SORTS else "change"
    page = Paginator(_sorted(seen, sort), PAGE_SIZE).get_page(request.GET.get("page"))
    people = User.objects.in_bulk([one.student_id for one in page])
    return {
        "preview": seen,
        "page": page,
        "lines": [(people.get(one.student_id), one) for one in page],
        "sort": sort,
        "sorts": _SORTS.items(),
        "query": kept(request, "sort"),
        "picture": histogram(
            title="Scores before and after",
            series=[
                Series(name="Before", shares=seen.shares_before),
                Series(name="After", shares=seen.shares_after),
            ],
        ),
    }


def _sorted(seen: Preview, sort: str) -> list[PersonLine]:
    match sort:
        case "up":
            return sorted(seen.moved, key=lambda one: (-one.change, one.student_id))
        case "down":
            return sorted(seen.moved, key=lambda one: (one.change, one.student_id))
        case _:
            return sorted(seen.moved, key=lambda one: (-abs(one.change), one.student_id))


def _did(request: SignedInRequest, found: Regrade) -> dict[str, Any]:
    moves = found.moves.filter(attempt__is_tryout=False)
    shares = [
        (float(before / before_max) if before_max else 0.0, float(after / after_max) if after_max else 0.0)
        for before, before_max, after, after_max in moves.values_list("before", "before_max", "after", "after_max")
    ]
    counts = {
        "all": len(shares),
        "up": sum(1 for before, after in shares if after > before),
        "down": sum(1 for before, after in shares if after < before),
    }
    return {
        "counts": counts,
        "page": page_of(request, moves.select_related("attempt__student").order_by("attempt__student__name", "pk")),
        "query": "",
        "can_undo": found.state == RegradeState.APPLIED and can_undo(found),
        "picture": histogram(
            title="Tries that moved",
            series=[
                Series(name="Before", shares=[before for before, _ in shares]),
                Series(name="After", shares=[after for _, after in shares]),
            ],
        )
        if shares
        else None,
    }

"""How a quiz went: its figures, its questions with what to look at, pictures, and the same as CSV."""

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from courses.models import Course
from portal.teaching.statistics import HEADINGS, in_order, pictures_of
from portal.views.signed_in import SignedInRequest
from portal.views.teach.access import for_staff
from quizzes.analysis.export import statistics_csv
from quizzes.analysis.flags import ENOUGH_TRIES
from quizzes.analysis.loading import Which, statistics_of
from quizzes.models import Quiz


def _quiz(request: SignedInRequest, course: Course, activity_slug: str) -> Quiz:
    quizzes = Quiz.objects.staffed_by(request.user).with_content()
    return get_object_or_404(quizzes, activity__course=course, activity__slug=activity_slug)


def _which(request: SignedInRequest) -> Which:
    return "first" if request.GET.get("tries") == "first" else "counting"


@for_staff
@require_safe
def statistics(request: SignedInRequest, course: Course, activity_slug: str) -> HttpResponse:
    """Show what is known about a quiz and its questions."""
    quiz = _quiz(request, course, activity_slug)
    which = _which(request)
    figures = statistics_of(quiz, which)
    sorted_by, questions = in_order(figures, request.GET.get("sort", ""))
    context = {
        "course": course,
        "here": "activity",
        "activity": quiz.activity,
        "quiz": quiz,
        "settings": quiz.current_version.settings if quiz.current_version else None,
        "which": which,
        "figures": figures,
        "is_few": figures.tries < ENOUGH_TRIES,
        "enough": ENOUGH_TRIES,
        "headings": HEADINGS,
        "sorted_by": sorted_by,
        "questions": questions,
        "to_look_at": [one for one in figures.questions if one.worst in {"bad", "warn"}],
        "pictures": pictures_of(figures),
    }
    return render(request, "portal/teach/statistics.html", context)


@for_staff
@require_safe
def statistics_file(request: SignedInRequest, course: Course, activity_slug: str) -> StreamingHttpResponse:
    """The table of questions as CSV, safe to open in a spreadsheet."""
    quiz = _quiz(request, course, activity_slug)
    lines = statistics_csv(statistics_of(quiz, _which(request)))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{course.slug}-{activity_slug}-statistics.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response

"""The gradebook of a course: the table of points, and the same as CSV."""

from django.db.models import Exists, OuterRef
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from courses.models import Activity, Course, Membership
from gradebook.export import course_csv
from labs.models import Submission
from portal.teaching.grid import rows_of
from portal.teaching.progress import means_of
from portal.views.signed_in import SignedInRequest
from portal.views.teach.access import for_staff
from portal.views.teach.lists import kept, named_like, page_of
from quizzes.models import Attempt


@for_staff
@require_safe
def gradebook(request: SignedInRequest, course: Course) -> HttpResponse:
    """Show what counts for every student in every activity."""
    activities = list(Activity.objects.staffed_by(request.user).filter(course=course).order_by("position", "pk"))
    sections = list(course.sections.all())
    section, missing, words = (request.GET.get(name, "") for name in ("section", "missing", "q"))
    found = Membership.objects.visible_to(request.user).students().filter(course=course)
    found = named_like(found, "user", words)
    if section.isdecimal():
        found = found.filter(section_id=int(section))
    lacking = next((activity for activity in activities if activity.slug == missing), None)
    if lacking is not None:
        tries = Submission.objects.filter(lab__activity=lacking, author=OuterRef("user_id"))
        attempts = Attempt.objects.filter(quiz__activity=lacking, student=OuterRef("user_id"))
        found = found.exclude(Exists(tries)).exclude(Exists(attempts))
    page = page_of(request, found.select_related("user", "section").order_by("user__name", "user__email", "pk"))
    means = means_of(course)
    context = {
        "course": course,
        "here": "gradebook",
        "activities": activities,
        "page": page,
        "rows": rows_of(list(page.object_list), activities),
        "means": [means.get(activity.pk) for activity in activities],
        "of": sum((activity.max_points for activity in activities if activity.published), start=0),
        "query": kept(request, "section", "missing", "q"),
        "sections": sections,
        "filters": {"section": section, "missing": missing, "q": words},
        "filtered": bool(section or missing or words),
    }
    return render(request, "portal/teach/gradebook.html", context)


@for_staff
@require_safe
def gradebook_csv(request: SignedInRequest, course: Course) -> StreamingHttpResponse:
    """The whole gradebook as CSV, safe to open in a spreadsheet."""
    response = StreamingHttpResponse(course_csv(course), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{course.slug}-gradebook.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response

"""The consoles of a course for those who run it: who has one open, and which ended lately."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from courses.models import Course
from labs.console_models import ConsoleSession
from portal.views.signed_in import SignedInRequest
from portal.views.teach.access import for_staff
from portal.views.teach.lists import kept, named_like, page_of


@for_staff
@require_safe
def consoles(request: SignedInRequest, course: Course) -> HttpResponse:
    """List the consoles that are open, or all of them; each leads to a page where it can be looked at."""
    rows = ConsoleSession.objects.staffed_by(request.user).filter(course=course)
    words, every, slug = (request.GET.get(name, "") for name in ("q", "all", "activity"))
    shown = named_like(rows if every else rows.live(), "author", words)
    if slug:
        shown = shown.filter(lab__activity__slug=slug)
    listed = shown.select_related("author", "lab__activity").defer("ledger", "picture", "files")
    context = {
        "course": course,
        "page": page_of(request, listed.order_by("-used_at", "-pk")),
        "query": kept(request, "q", "all", "activity"),
        "words": words,
        "every": every,
        "activity_slug": slug,
        "has_any": rows.exists(),
    }
    return render(request, "portal/teach/consoles.html", context)

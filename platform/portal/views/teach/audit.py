"""The audit log of a course: who changed what about grades and rules, and the same as CSV."""

import csv
from collections.abc import Iterator

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from courses.models import Activity, AuditEntry, Course
from gradebook.export import Echo, safe_cell
from portal.views.signed_in import SignedInRequest
from portal.views.teach.access import for_staff
from portal.views.teach.lists import kept, named_like, page_of

_COLUMNS = ("when", "who", "address", "action", "activity", "what")


def _entries(request: SignedInRequest, course: Course) -> "QuerySet[AuditEntry]":
    """The entries that the filters leave, the newest first."""
    found = AuditEntry.objects.visible_to(request.user).filter(course=course).select_related("by", "activity")
    found = named_like(found, "by", request.GET.get("q", ""))
    if activity := request.GET.get("activity"):
        found = found.filter(activity__slug=activity)
    if action := request.GET.get("action"):
        found = found.filter(action=action)
    return found.order_by("-at", "-pk")


@for_staff
@require_safe
def audit(request: SignedInRequest, course: Course) -> HttpResponse:
    """List what was done, with filters."""
    every = AuditEntry.objects.visible_to(request.user).filter(course=course).order_by()
    actions = sorted(every.values_list("action", flat=True).distinct())
    context = {
        "course": course,
        "here": "audit",
        "page": page_of(request, _entries(request, course)),
        "actions": [(action, in_words(action)) for action in actions],
        "activities": Activity.objects.staffed_by(request.user).filter(course=course).order_by("position", "pk"),
        "filters": {name: request.GET.get(name, "") for name in ("q", "activity", "action")},
        "filtered": any(request.GET.get(name) for name in ("q", "activity", "action")),
        "query": kept(request, "q", "activity", "action"),
    }
    return render(request, "portal/teach/audit.html", context)


def in_words(action: str) -> str:
    """A code as words: “Regrade applied”."""
    return action.replace("_", " ").capitalize()


@for_staff
@require_safe
def audit_csv(request: SignedInRequest, course: Course) -> StreamingHttpResponse:
    """What the filters leave as CSV, safe to open in a spreadsheet."""
    response = StreamingHttpResponse(_lines(_entries(request, course)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{course.slug}-audit.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _lines(entries: "QuerySet[AuditEntry]") -> Iterator[str]:
    writer = csv.writer(Echo())
    yield writer.writerow(_COLUMNS)
    for entry in entries.iterator(chunk_size=1000):
        cells = (
            entry.at.isoformat(timespec="seconds"),
            entry.by.display_name,
            entry.by.email,
            entry.action,
            entry.activity.title if entry.activity else "",
            entry.summary,
        )
        yield writer.writerow([safe_cell(cell) for cell in cells])

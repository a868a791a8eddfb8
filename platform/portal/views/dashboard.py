"""The dashboard: what is due next on top, then every activity of every course."""

from itertools import groupby

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.models import User
from courses.access import may_assist
from courses.models import Activity, Course, Membership
from portal.agenda import agenda, in_parts, what_is_next
from portal.views.signed_in import SignedInRequest


def _visible_activities(user: User) -> list[Activity]:
    return list(
        Activity.objects.visible_to(user)
        .select_related("course")
        .order_by("course__title", "course_id", "position", "pk")
    )


@login_required
@require_safe
def dashboard(request: SignedInRequest) -> HttpResponse:
    """Show what there is to do in all courses."""
    courses = list(Course.objects.visible_to(request.user))
    entries = agenda(user=request.user, activities=_visible_activities(request.user))
    run = set(Course.objects.staffed_by(request.user).values_list("pk", flat=True))
    by_course = {key: list(rows) for key, rows in groupby(entries, key=lambda entry: entry.activity.course_id)}
    context = {
        "next": what_is_next(entry for entry in entries if entry.activity.course_id not in run),
        "courses": [{"course": course, "parts": in_parts(by_course.get(course.pk, []))} for course in courses],
    }
    return render(request, "portal/dashboard.html", context)


@login_required
@require_safe
def course(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show one course with its activities."""
    shown = get_object_or_404(Course.objects.visible_to(request.user), slug=slug)
    activities = Activity.objects.visible_to(request.user).filter(course=shown).select_related("course")
    entries = agenda(user=request.user, activities=activities)
    is_staff = may_assist(request.user, shown)
    counted = [entry for entry in entries if entry.activity.published]
    context = {
        "course": shown,
        "is_staff": is_staff,
        "parts": in_parts(entries),
        "next": None if is_staff else what_is_next(entries),
        "points": sum((entry.points or 0 for entry in counted), start=0),
        "of": sum((entry.activity.max_points for entry in counted), start=0),
        "instructors": Membership.objects.staff().filter(course=shown).select_related("user"),
    }
    return render(request, "portal/course.html", context)


@login_required
@require_safe
def topics(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show what the course teaches: each topic with its note, and where it is asked and practised."""
    shown = get_object_or_404(Course.objects.visible_to(request.user), slug=slug)
    activities = list(Activity.objects.visible_to(request.user).filter(course=shown).order_by("position", "pk"))
    rows = [
        {
            "id": topic,
            "title": title,
            "note": shown.topic_notes.get(topic, ""),
            "activities": [activity for activity in activities if topic in activity.topics],
        }
        for topic, title in shown.topics.items()
    ]
    return render(request, "portal/topics.html", {"course": shown, "topics": rows})


@login_required
@require_safe
def activity(request: SignedInRequest, course_slug: str, slug: str) -> HttpResponse:
    """Lead to the quiz or the lab behind an activity."""
    found = get_object_or_404(Activity.objects.visible_to(request.user).filter(course__slug=course_slug), slug=slug)
    return redirect(f"portal:{found.kind}", course_slug=course_slug, slug=slug)

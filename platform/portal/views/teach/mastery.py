"""What a class knows: topics by how many are how far, students by topic, and any student's own map."""

from collections.abc import Mapping

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from courses.models import Activity, Course, Membership
from gradebook.mastery import NOTHING, RULE, Level, Map, counts_of, maps_of, offered_in, student_ids
from portal.mastery_view import group_name, map_of
from portal.templatetags.statuses import STATUSES
from portal.views.signed_in import SignedInRequest
from portal.views.teach.access import for_staff
from portal.views.teach.lists import kept, named_like, page_of
from quizzes.release import activities_with_hidden_scores


def _activities(course: Course) -> "QuerySet[Activity]":
    return course.activities.select_related("course").order_by("position", "pk")


@for_staff
@require_safe
def class_mastery(request: SignedInRequest, course: Course) -> HttpResponse:
    """Show the weakest topics on top, and each student's levels below."""
    sections = list(course.sections.all())
    section, words = request.GET.get("section", ""), request.GET.get("q", "")
    section_id = next((one.pk for one in sections if str(one.pk) == section), None)
    offered = offered_in(_activities(course))
    maps = maps_of(course=course, user_ids=student_ids(course, section_id=section_id), offered=offered)
    counts = counts_of(course.topics, maps)
    found = Membership.objects.students().filter(course=course)
    if section_id is not None:
        found = found.filter(section_id=section_id)
    found = named_like(found, "user", words)
    page = page_of(request, found.select_related("user", "section").order_by("user__name", "user__email", "pk"))
    looks = {level: STATUSES[f"mastery {level}"] for level in Level}
    context = {
        "course": course,
        "here": "mastery",
        "rule": RULE,
        "students": len(maps),
        "levels": looks.values(),
        "topics": [
            {
                "id": one.topic,
                "title": course.topics[one.topic],
                "group": group_name(one.topic),
                "counts": one,
                "offered": offered.get(one.topic, 0),
                "parts": _parts(one.by_level, len(maps)),
            }
            for one in counts
        ],
        "columns": list(course.topics.items()),
        "page": page,
        "rows": [
            {
                "member": member,
                "looks": [(level, looks[level]) for level in _levels(course, maps.get(member.user_id, {}))],
            }
            for member in page.object_list
        ],
        "sections": sections,
        "filters": {"section": section if section_id is not None else "", "q": words},
        "filtered": bool(section_id is not None or words),
        "query": kept(request, "section", "q"),
    }
    return render(request, "portal/teach/mastery.html", context)


def _levels(course: Course, own: Map) -> list[Level]:
    return [own.get(topic, NOTHING).level for topic in course.topics]


def _parts(by_level: Mapping[Level, int], students: int) -> list[dict[str, object]]:
    """The pieces of a bar, a hundred units long, from secure to not tried."""
    found: list[dict[str, object]] = []
    start = 0.0
    for level in reversed(list(Level)):
        count = by_level[level]
        width = 100 * count / students if students else 0.0
        look = STATUSES[f"mastery {level}"]
        found.append({"level": level, "look": look, "count": count, "start": round(start, 2), "width": round(width, 2)})
        start += width
    return found


@for_staff
@require_safe
def student_mastery(request: SignedInRequest, course: Course, user_id: int) -> HttpResponse:
    """Show a student's map as it is, what is not released to the student included."""
    members = Membership.objects.visible_to(request.user).students().filter(course=course)
    member = get_object_or_404(members.select_related("user"), user_id=user_id)
    activities = list(_activities(course))
    now = timezone.now()
    hidden = activities_with_hidden_scores(activities=activities, now=now)
    found = map_of(course=course, user=member.user, activities=activities, leave_out=(), now=now)
    shown = {work.activity.pk for group in found.groups for row in group.rows for work in row.work if work.activity}
    unseen = {one.pk for one in activities if not one.published and one.pk in shown}
    context = {
        "course": course,
        "here": "mastery",
        "person": member.user,
        "map": found,
        "rule": RULE,
        "not_shown_yet": [one for one in activities if one.pk in unseen or (one.published and one.pk in hidden)],
    }
    return render(request, "portal/teach/student_mastery.html", context)

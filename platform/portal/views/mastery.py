"""A student's own map of what they know, with what to try next."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from courses.access import may_assist
from courses.models import Activity, Course
from gradebook.mastery import RULE
from portal.mastery_view import map_of
from portal.views.signed_in import SignedInRequest
from quizzes.release import activities_with_hidden_scores


@login_required
@require_safe
def mastery(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show how far one is with each topic of a course; points that are not released yet change nothing here."""
    course = get_object_or_404(Course.objects.visible_to(request.user), slug=slug)
    published = Activity.objects.visible_to(request.user).filter(course=course, published=True)
    activities = list(published.select_related("course").order_by("position", "pk"))
    now = timezone.now()
    hidden = activities_with_hidden_scores(activities=activities, now=now)
    unseen = set(course.activities.filter(published=False).values_list("pk", flat=True))
    found = map_of(course=course, user=request.user, activities=activities, leave_out=hidden | unseen, now=now)
    context = {
        "course": course,
        "map": found,
        "rule": RULE,
        "waits_for_release": [one for one in activities if one.pk in hidden],
        "is_staff": may_assist(request.user, course),
    }
    return render(request, "portal/mastery.html", context)

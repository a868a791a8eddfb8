"""Who gets at the pages of those who run a course: asked before anything that was sent is read."""

import zoneinfo
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone

from courses.access import may_teach
from courses.errors import not_course_staff
from courses.models import Course
from portal.views.errors import error_page
from portal.views.signed_in import SignedInRequest

View = Callable[..., HttpResponseBase]


def for_staff(view: View) -> View:
    """The course of the address for its assistants and instructors; for everybody else it is not there.

    The view gets the course in place of its slug. Times are read and written in the course's zone.
    """

    @wraps(view)
    def inner(request: SignedInRequest, slug: str, **rest: Any) -> HttpResponseBase:
        course = get_object_or_404(Course.objects.staffed_by(request.user), slug=slug)
        return _in_zone(course.zone, view, request, course, **rest)

    return login_required(inner)


def for_instructors(view: View) -> View:
    """As `for_staff`, for instructors only: assistants are told so."""

    @wraps(view)
    def inner(request: SignedInRequest, course: Course, **rest: Any) -> HttpResponseBase:
        if not may_teach(request.user, course):
            return error_page(request, not_course_staff())
        return view(request, course, **rest)

    return for_staff(inner)


def _in_zone(zone: zoneinfo.ZoneInfo, view: View, *arguments: Any, **rest: Any) -> HttpResponseBase:
    with timezone.override(zone):
        return view(*arguments, **rest)

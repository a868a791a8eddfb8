"""Where those who run a course begin: their courses, and each one's state of things."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DrydockError
from courses.access import may_make_courses, may_teach
from courses.models import Course, Membership
from courses.services import rotate_join_code, set_joining
from portal.teaching.progress import progress_of, starters, stuck_in
from portal.teaching.queue_health import queue_health
from portal.views.signed_in import SignedInRequest
from portal.views.teach.access import for_instructors, for_staff

_NAMES_SHOWN = 8
_STUCK_SHOWN = 10
_OPEN = {"can be done", "past due"}


@login_required
@require_safe
def courses(request: SignedInRequest) -> HttpResponse:
    """List the courses that one helps to run; the only one opens at once, unless one can make more of them."""
    found = list(Course.objects.staffed_by(request.user))
    may_make = may_make_courses(request.user)
    if len(found) == 1 and not may_make:
        return redirect("portal:teach", slug=found[0].slug)
    return render(request, "portal/teach/courses.html", {"courses": found, "may_make": may_make})


@for_staff
@require_safe
def home(request: SignedInRequest, course: Course) -> HttpResponse:
    """Show who needs help, what is due and how grading goes."""
    students = list(
        Membership.objects.students().filter(course=course).select_related("user").order_by("user__name", "user__email")
    )
    progress = progress_of(course, students)
    under_way = [line for line in progress if line.status in _OPEN]
    begun = starters([line.activity for line in under_way])
    everybody = set().union(*begun.values())
    idle = [member.user for member in students if member.user_id not in everybody] if under_way else []
    stuck = stuck_in(course)
    due = sorted((line for line in under_way if line.activity.due_at), key=lambda line: line.activity.due_at)  # type: ignore[arg-type,return-value]
    context = {
        "course": course,
        "here": "home",
        "may_teach": may_teach(request.user, course),
        "students": len(students),
        "progress": progress,
        "due": [line for line in due if line.status == "can be done"][:_NAMES_SHOWN],
        "is_under_way": bool(under_way),
        "idle": idle[:_NAMES_SHOWN],
        "idle_count": len(idle),
        "idle_more": len(idle) - _NAMES_SHOWN,
        "stuck": stuck[:_STUCK_SHOWN],
        "stuck_more": len(stuck) - _STUCK_SHOWN,
        "queue": queue_health(course=course, viewer=request.user),
    }
    return render(request, "portal/teach/home.html", context)


@for_instructors
@require_POST
def join_code(request: SignedInRequest, course: Course) -> HttpResponse:
    """Make a new join code, or let people join by it or no longer."""
    wanted = request.POST.get("do", "")
    try:
        if wanted == "new":
            code = rotate_join_code(by=request.user, course=course)
            messages.success(request, f"The join code is now {code}. The old one works no more.")
        elif wanted in {"open", "close"}:
            set_joining(by=request.user, course=course, is_open=wanted == "open")
            messages.success(
                request,
                "People can join with the code."
                if wanted == "open"
                else "Nobody can join by code any more. You can still add members yourself.",
            )
    except DrydockError as error:
        messages.error(request, error.message)
    return redirect("portal:teach", slug=course.slug)

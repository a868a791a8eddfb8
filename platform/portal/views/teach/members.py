"""The members of a course: looking them up, adding, changing, removing, and importing a class list."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.errors import DrydockError
from courses.access import may_teach
from courses.errors import not_course_staff
from courses.models import Course, Membership, Role
from courses.rosters import RosterInvalid
from courses.services import change_place, import_roster, place_by_email, remove_member
from gradebook.models import Score
from labs.console_models import ConsoleSession
from labs.models import Submission
from portal.forms_teach import AddMemberForm, MemberForm, RosterForm, refuse
from portal.views.errors import error_page
from portal.views.signed_in import SignedInRequest
from portal.views.teach.access import for_instructors, for_staff
from portal.views.teach.lists import kept, named_like, page_of
from quizzes.models import Attempt

_READ_AND_WRITE = ["GET", "HEAD", "POST"]
_LEFT = "left"
ROSTER_SAMPLE = """\
email,name,section
ada@example.org,Ada Lovelace,Group A
grace@example.org,Grace Hopper,Group B
"""


def _seen(request: SignedInRequest, course: Course) -> "QuerySet[Membership]":
    return Membership.objects.visible_to(request.user).filter(course=course).select_related("user", "section", "course")


@for_staff
@require_http_methods(_READ_AND_WRITE)
def members(request: SignedInRequest, course: Course) -> HttpResponse:
    """List the members, and add one by address."""
    may_change = may_teach(request.user, course)
    form = AddMemberForm(course=course)
    if request.method == "POST":
        if not may_change:
            return error_page(request, not_course_staff())
        form = AddMemberForm(request.POST, course=course)
        if form.is_valid():
            data = form.cleaned_data
            try:
                member = place_by_email(by=request.user, course=course, **(data | {"role": Role(data["role"])}))
            except (DrydockError, ValidationError) as error:
                refuse(form, error)
            else:
                messages.success(
                    request, f"{member.user.display_name} is in the course, as {member.get_role_display()}."
                )
                return redirect("portal:teach-members", slug=course.slug)
    who, section, words = (request.GET.get(name, "") for name in ("who", "section", "q"))
    found = named_like(_seen(request, course), "user", words).filter(active=who != _LEFT)
    if who in Role.values:
        found = found.filter(role=who)
    if section.isdecimal():
        found = found.filter(section_id=int(section))
    page = page_of(request, found.order_by("user__name", "user__email", "pk"))
    context = {
        "course": course,
        "here": "members",
        "may_teach": may_change,
        "page": page,
        "query": kept(request, "who", "section", "q"),
        "filters": {"who": who, "section": section, "q": words},
        "filtered": bool(who or section or words),
        "roles": [*Role.choices, (_LEFT, "left the course")],
        "sections": course.sections.all(),
        "form": form,
    }
    return render(request, "portal/teach/members.html", context, status=400 if form.errors else 200)


@for_staff
@require_http_methods(_READ_AND_WRITE)
def member(request: SignedInRequest, course: Course, user_id: int) -> HttpResponse:
    """Show a member with their points, and change their place."""
    found = get_object_or_404(_seen(request, course), user_id=user_id)
    form = MemberForm.of(found)
    if request.method == "POST":
        if not may_teach(request.user, course):
            return error_page(request, not_course_staff())
        form = MemberForm.of(found, request.POST)
        if form.is_valid():
            role, section = Role(form.cleaned_data["role"]), form.cleaned_data["section"]
            try:
                change_place(by=request.user, course=course, user=found.user, role=role, section=section)
            except DrydockError as error:
                refuse(form, error)
            else:
                messages.success(request, f"The place of {found.user.display_name} is changed.")
                return redirect("portal:teach-member", slug=course.slug, user_id=user_id)
    context = {
        "course": course,
        "here": "members",
        "may_teach": may_teach(request.user, course),
        "member": found,
        "form": form,
        "activities": _with_scores(course, user_id),
        "consoles": ConsoleSession.objects.staffed_by(request.user)
        .filter(course=course, author_id=user_id)
        .live()
        .select_related("lab__activity"),
    }
    return render(request, "portal/teach/member.html", context, status=400 if form.errors else 200)


def _with_scores(course: Course, user_id: int) -> list[dict[str, object]]:
    scores = {score.activity_id: score for score in Score.objects.filter(activity__course=course, user_id=user_id)}
    return [{"activity": a, "score": scores.get(a.pk)} for a in course.activities.order_by("position", "pk")]


@for_instructors
@require_http_methods(_READ_AND_WRITE)
def remove(request: SignedInRequest, course: Course, user_id: int) -> HttpResponse:
    """Ask once, naming what is kept; then take somebody out of the course."""
    found = get_object_or_404(_seen(request, course).filter(active=True), user_id=user_id)
    if request.method == "POST":
        try:
            remove_member(by=request.user, course=course, user=found.user)
        except DrydockError as error:
            messages.error(request, error.message)
            return redirect("portal:teach-member", slug=course.slug, user_id=user_id)
        messages.success(
            request, f"{found.user.display_name} is no longer in the course. Their work and grades are kept."
        )
        return redirect("portal:teach-members", slug=course.slug)
    context = {
        "course": course,
        "here": "members",
        "member": found,
        "tries": Submission.objects.staffed_by(request.user)
        .filter(course=course, author=found.user)
        .hand_ins()
        .count(),
        "attempts": Attempt.objects.staffed_by(request.user)
        .filter(quiz__activity__course=course, student=found.user)
        .count(),
    }
    return render(request, "portal/teach/member_remove.html", context)


@for_instructors
@require_http_methods(_READ_AND_WRITE)
def roster(request: SignedInRequest, course: Course) -> HttpResponse:
    """Import a class list: all of it, or nothing and every line that is wrong."""
    form = RosterForm(request.POST, request.FILES) if request.method == "POST" else RosterForm()
    problems: tuple[str, ...] = ()
    outcome = None
    if request.method == "POST" and form.is_valid():
        try:
            outcome = import_roster(by=request.user, course=course, content=form.content)
        except RosterInvalid as error:
            problems = error.problems
        except DrydockError as error:
            refuse(form, error)
    context = {
        "course": course,
        "here": "members",
        "form": form if outcome is None else RosterForm(),
        "problems": problems,
        "outcome": outcome,
        "sample": ROSTER_SAMPLE,
    }
    return render(request, "portal/teach/roster.html", context, status=400 if problems or form.errors else 200)

"""What stands behind a cell of the gradebook: tries, topics, and what an instructor decided about them."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DrydockError
from courses.access import may_teach
from courses.deadlines import window_for
from courses.models import Activity, Course, Extension, Membership
from courses.services import grant_extension, revoke_extension
from gradebook.models import Evidence, Score
from gradebook.services import clear_override, override
from labs.models import Lab, Submission
from portal.forms_teach import ExtensionForm, OverrideForm, refuse
from portal.views.signed_in import SignedInRequest
from portal.views.teach.access import for_instructors, for_staff
from quizzes.models import Attempt

_TRIES_SHOWN = 100


def _found(
    request: SignedInRequest, course: Course, user_id: int, activity_slug: str
) -> tuple[Membership, Activity, Score | None]:
    members = Membership.objects.visible_to(request.user).filter(course=course).select_related("user", "section")
    activities = Activity.objects.staffed_by(request.user).filter(course=course).select_related("course")
    member = get_object_or_404(members, user_id=user_id)
    activity = get_object_or_404(activities, slug=activity_slug)
    scores = Score.objects.visible_to(request.user).select_related("override_by", "activity__course")
    return member, activity, scores.filter(activity=activity, user_id=user_id).first()


@for_staff
@require_safe
def evidence(request: SignedInRequest, course: Course, user_id: int, activity_slug: str) -> HttpResponse:
    """Show what somebody did in an activity and what counts for it."""
    return _page(request, course, *_found(request, course, user_id, activity_slug))


def _page(
    request: SignedInRequest,
    course: Course,
    member: Membership,
    activity: Activity,
    score: Score | None,
    **forms: Any,
) -> HttpResponse:
    person = member.user
    extension = (
        Extension.objects.visible_to(request.user)
        .filter(activity=activity, user=person)
        .select_related("granted_by")
        .first()
    )
    tries = Submission.objects.staffed_by(request.user).filter(lab__activity=activity, author=person).hand_ins()
    attempts = Attempt.objects.staffed_by(request.user).filter(quiz__activity=activity, student=person)
    topics = Evidence.objects.visible_to(request.user).filter(activity=activity, user=person)
    override_form = OverrideForm(
        initial={"points": score.override_points, "reason": score.override_reason}
        if score and score.override_points is not None
        else None
    )
    context = {
        "course": course,
        "here": "gradebook",
        "may_teach": may_teach(request.user, course),
        "member": member,
        "person": person,
        "activity": activity,
        "score": score,
        "window": window_for(activity=activity, user=person),
        "extension": extension,
        "tries": tries.select_related("version")[:_TRIES_SHOWN] if activity.kind == "lab" else [],
        "attempts": attempts.order_by("-number")[:_TRIES_SHOWN] if activity.kind == "quiz" else [],
        "limited": Lab.objects.filter(activity=activity, attempts_allowed__isnull=False).exists(),
        "topics": _topics(course, topics),
        "override_form": override_form,
        "extension_form": ExtensionForm.of(extension),
    } | forms
    refused = any(form.errors for form in forms.values())
    return render(request, "portal/teach/evidence.html", context, status=400 if refused else 200)


def _topics(course: Course, rows: Any) -> list[dict[str, Any]]:
    """The latest evidence of each topic, by the titles that the course gives them."""
    latest = {row.topic: row for row in rows.order_by("at", "pk")}
    return [{"title": course.topics.get(topic, topic), "row": latest[topic]} for topic in sorted(latest)]


@for_instructors
@require_POST
def give_points(request: SignedInRequest, course: Course, user_id: int, activity_slug: str) -> HttpResponse:
    """Let other points count than those earned."""
    member, activity, score = _found(request, course, user_id, activity_slug)
    form = OverrideForm(request.POST)
    if form.is_valid():
        try:
            override(by=request.user, activity=activity, user=member.user, **form.cleaned_data)
        except DrydockError as error:
            refuse(form, error)
        else:
            messages.success(request, "These points count now. What was earned is kept beside them.")
            return _back(course, user_id, activity_slug)
    return _page(request, course, member, activity, score, override_form=form)


@for_instructors
@require_POST
def take_points_back(request: SignedInRequest, course: Course, user_id: int, activity_slug: str) -> HttpResponse:
    """Let what was earned count again."""
    _, _, score = _found(request, course, user_id, activity_slug)
    if score is not None:
        clear_override(by=request.user, score=score)
        messages.success(request, "What was earned counts again.")
    return _back(course, user_id, activity_slug)


@for_instructors
@require_POST
def extend(request: SignedInRequest, course: Course, user_id: int, activity_slug: str) -> HttpResponse:
    """Give somebody more time or tries."""
    member, activity, score = _found(request, course, user_id, activity_slug)
    form = ExtensionForm.of(None, request.POST)
    if form.is_valid():
        try:
            grant_extension(by=request.user, activity=activity, user=member.user, **form.cleaned_data)
        except (DrydockError, ValidationError) as error:
            refuse(form, error)
        else:
            messages.success(request, f"{member.user.display_name} has this extension now.")
            return _back(course, user_id, activity_slug)
    return _page(request, course, member, activity, score, extension_form=form)


@for_instructors
@require_POST
def take_extension_back(request: SignedInRequest, course: Course, user_id: int, activity_slug: str) -> HttpResponse:
    """Let the usual times and tries hold again."""
    member, activity, _ = _found(request, course, user_id, activity_slug)
    granted = Extension.objects.visible_to(request.user).filter(activity=activity, user=member.user).first()
    if granted is not None:
        revoke_extension(by=request.user, extension=granted)
        messages.success(request, "The extension is taken back. What was handed in under it is kept.")
    return _back(course, user_id, activity_slug)


def _back(course: Course, user_id: int, activity_slug: str) -> HttpResponse:
    return redirect("portal:teach-evidence", slug=course.slug, user_id=user_id, activity_slug=activity_slug)

"""The rules of a quiz for those who run it: who is taking it now, pauses, access, and sections' own times."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Max, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DrydockError
from courses.access import may_teach
from courses.deadlines import own_window
from courses.models import Activity, Course, Section, SectionOverride
from courses.services import clear_section_override, grant_section_override
from portal.forms_quiz import AccessForm, PauseForm, SectionTimesForm
from portal.forms_teach import refuse
from portal.teaching.quiz_release import release_lines
from portal.views.signed_in import SignedInRequest
from portal.views.teach.access import for_instructors, for_staff
from portal.views.teach.lists import page_of
from quizzes.access import draw_code, set_access
from quizzes.models import Attempt, Quiz
from quizzes.pausing import pause, resume
from quizzes.rule_models import Pause

_PAUSES_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class SectionLine:
    """A section with its own times, if it has any, and the form to set them."""

    section: Section
    members: int
    override: SectionOverride | None
    form: SectionTimesForm


def _quiz(request: SignedInRequest, course: Course, activity_slug: str) -> Quiz:
    seen = Quiz.objects.staffed_by(request.user).with_content()
    return get_object_or_404(seen, activity__course=course, activity__slug=activity_slug)


@for_staff
@require_safe
def rules(request: SignedInRequest, course: Course, activity_slug: str) -> HttpResponse:
    """Show the rules, and who is taking the quiz now."""
    return _page(request, course, _quiz(request, course, activity_slug))


def _page(
    request: SignedInRequest,
    course: Course,
    quiz: Quiz,
    *,
    section_form: tuple[int, SectionTimesForm] | None = None,
    **forms: Any,
) -> HttpResponse:
    activity = quiz.activity
    pauses = Pause.objects.visible_to(request.user).filter(quiz=quiz).select_related("by").order_by("-began_at")
    context = {
        "course": course,
        "activity": activity,
        "quiz": quiz,
        "settings": quiz.current_version.settings if quiz.current_version else None,
        "window": own_window(activity),
        "release": release_lines(quiz.current_version.settings, activity) if quiz.current_version else [],
        "may_teach": may_teach(request.user, course),
        "page": page_of(request, _under_way(request, quiz)),
        "now": timezone.now(),
        "pauses": pauses[:_PAUSES_SHOWN],
        "sections": _sections(request, activity, section_form),
        "access_form": AccessForm.of(quiz),
        "pause_form": PauseForm(),
    } | forms
    refused = [*forms.values(), *([section_form[1]] if section_form else [])]
    return render(
        request, "portal/teach/quiz_rules.html", context, status=400 if any(form.errors for form in refused) else 200
    )


def _under_way(request: SignedInRequest, quiz: Quiz) -> Any:
    """Open attempts, those that end first on top, with how far each is."""
    return (
        Attempt.objects.staffed_by(request.user)
        .open()
        .filter(quiz=quiz)
        .select_related("student", "quiz")
        .annotate(
            last_saved_at=Max("questions__saved_at"),
            asked=Count("questions"),
            answered=Count("questions", filter=Q(questions__value__isnull=False)),
        )
        .order_by("closes_at", "started_at", "pk")
    )


def _sections(
    request: SignedInRequest, activity: Activity, bound: tuple[int, SectionTimesForm] | None
) -> list[SectionLine]:
    given = {
        override.section_id: override
        for override in SectionOverride.objects.visible_to(request.user)
        .filter(activity=activity)
        .select_related("granted_by")
    }
    sections = Section.objects.visible_to(request.user).filter(course=activity.course_id)
    counted = sections.annotate(members=Count("memberships", filter=Q(memberships__active=True))).order_by("name")
    return [
        SectionLine(
            section=section,
            members=section.members,
            override=given.get(section.pk),
            form=bound[1]
            if bound and bound[0] == section.pk
            else SectionTimesForm.of(section.pk, given.get(section.pk)),
        )
        for section in counted
    ]


def _back(quiz: Quiz, place: str) -> HttpResponse:
    address = redirect("portal:teach-quiz-rules", slug=quiz.activity.course.slug, activity_slug=quiz.activity.slug)
    address["Location"] += f"#{place}"
    return address


@for_instructors
@require_POST
def access(request: SignedInRequest, course: Course, activity_slug: str) -> HttpResponse:
    """Set the access code and the addresses, or draw a new code."""
    quiz = _quiz(request, course, activity_slug)
    form = AccessForm.of(quiz, request.POST)
    if form.is_valid():
        drawn = draw_code() if request.POST.get("do") == "draw" else ""
        try:
            set_access(
                by=request.user,
                quiz=quiz,
                code=drawn or form.cleaned_data["code"],
                networks=form.networks_given,
            )
        except DrydockError as error:
            refuse(form, error)
        else:
            messages.success(
                request, f"The access code is {drawn} now." if drawn else "Saved. It holds for tries started from now."
            )
            return _back(quiz, "access")
    return _page(request, course, _quiz(request, course, activity_slug), access_form=form)


@for_instructors
@require_POST
def stop(request: SignedInRequest, course: Course, activity_slug: str) -> HttpResponse:
    """Pause the quiz."""
    quiz = _quiz(request, course, activity_slug)
    form = PauseForm(request.POST)
    if form.is_valid():
        try:
            pause(by=request.user, quiz=quiz, reason=form.cleaned_data["reason"])
        except DrydockError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, "The quiz is paused: all clocks stand, and nothing more is taken.")
        return _back(quiz, "now")
    return _page(request, course, quiz, pause_form=form)


@for_instructors
@require_POST
def go_on(request: SignedInRequest, course: Course, activity_slug: str) -> HttpResponse:
    """Let a paused quiz go on."""
    quiz = _quiz(request, course, activity_slug)
    try:
        resume(by=request.user, quiz=quiz)
    except DrydockError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "The quiz goes on. Everybody under way has the time back that the pause took.")
    return _back(quiz, "now")


@for_instructors
@require_POST
def section_times(request: SignedInRequest, course: Course, activity_slug: str, section_id: int) -> HttpResponse:
    """Give a section other times."""
    quiz = _quiz(request, course, activity_slug)
    section = get_object_or_404(Section.objects.visible_to(request.user).filter(course=course), pk=section_id)
    form = SectionTimesForm.of(section.pk, None, request.POST)
    if form.is_valid():
        try:
            grant_section_override(by=request.user, activity=quiz.activity, section=section, **form.cleaned_data)
        except (DrydockError, ValidationError) as error:
            refuse(form, error)
        else:
            messages.success(request, f"Section {section} has these times now, tries under way included.")
            return _back(quiz, "sections")
    return _page(request, course, quiz, section_form=(section.pk, form))


@for_instructors
@require_POST
def section_times_clear(request: SignedInRequest, course: Course, activity_slug: str, section_id: int) -> HttpResponse:
    """Let the usual times hold for a section again."""
    quiz = _quiz(request, course, activity_slug)
    given = SectionOverride.objects.visible_to(request.user).filter(activity=quiz.activity, section=section_id)
    override = given.select_related("activity__course", "section").first()
    if override is not None:
        try:
            clear_section_override(by=request.user, override=override)
        except DrydockError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, f"The usual times hold for section {override.section} again.")
    return _back(quiz, "sections")

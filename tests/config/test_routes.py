"""Nobody gets at what is not theirs: every address there is, tried by everybody who must not get in.

A new address fails here until it is put into the list that says whom it is for.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from builders import a_course, a_lab, a_member, a_submission, a_user, an_activity, an_instructor_of, graded
from django.contrib.admin import site
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from routes import Route, all_routes

from accounts.models import User
from authoring.kept_models import KeptFiles
from authoring.models import CourseImport
from courses.models import Course, Role
from gradebook.models import Score
from gradebook.services import record
from labs.console_models import ConsoleSession
from labs.models import Submission
from quizzes.file_models import AnswerFile
from quizzes.models import Attempt
from quizzes.regrading import draft
from quizzes.rule_models import Regrade
from quizzes.rules import Change, Rule
from quizzes.starting import start_attempt
from tests.portal.console_building import a_console_lab, a_session
from tests.quizzes.building import a_quiz

pytestmark = pytest.mark.django_db

PUBLIC = {
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_confirm_login_code",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "api:tokens",
    "api:schema",
    "api:docs",
    "api:unknown",
    "portal:theme",
}
"""For everybody. (/livez, /readyz and /metrics are answered before any address is looked up, and tested apart.)"""
PERSONAL = {
    "account_reauthenticate",
    "account_email",
    "account_change_password",
    "account_set_password",
    "portal:dashboard",
    "portal:join",
    "portal:teaching",
    "portal:console-grammar",
    "api:me",
    "api:token-current",
    "api:courses",
    "api:course-join",
    "api:attempts",
    "api:submissions",
}
"""For whoever is signed in; shows what is one's own (lists are searched for others' work below)."""
CLASS = {
    "portal:course",
    "portal:topics",
    "portal:mastery",
    "portal:activity",
    "portal:lab",
    "portal:console-open",
    "portal:quiz",
    "api:course",
    "api:activities",
    "api:quiz",
    "api:quiz-attempts",
    "api:lab",
    "api:lab-submissions",
    "api:lab-console",
    "api:grades",
    "api:grade-events",
}
"""For members of the course."""
OWN = {
    "portal:attempt",
    "portal:attempt-standing",
    "portal:answer",
    "portal:check",
    "portal:flag",
    "portal:quiz-files",
    "portal:quiz-file",
    "portal:finish",
    "portal:review",
    "portal:submission",
    "portal:events",
    "portal:cancel",
    "portal:log",
    "portal:files",
    "portal:console",
    "portal:console-lines",
    "portal:console-since",
    "portal:console-files",
    "portal:console-journal",
    "portal:console-hand-in",
    "portal:console-start-over",
    "portal:console-end",
    "api:attempt",
    "api:attempt-page",
    "api:answer",
    "api:check",
    "api:answer-files",
    "api:answer-file",
    "api:attempt-finish",
    "api:attempt-review",
    "api:submission",
    "api:submission-events",
    "api:submission-cancel",
    "api:submission-report",
    "api:submission-log",
    "api:console",
    "api:console-lines",
    "api:console-files",
    "api:console-hand-in",
    "api:console-end",
}
"""For the student whose work it is, and the course's staff."""
STAFF = {
    "api:members",
    "api:roster",
    "api:grades-csv",
    "api:overrides",
    "api:score-override",
    "api:submission-regrade",
    "api:quiz-statistics",
    "portal:teach",
    "portal:teach-join-code",
    "portal:teach-members",
    "portal:teach-roster",
    "portal:teach-member",
    "portal:teach-member-remove",
    "portal:teach-gradebook",
    "portal:teach-gradebook-csv",
    "portal:teach-evidence",
    "portal:teach-override",
    "portal:teach-override-clear",
    "portal:teach-extension",
    "portal:teach-extension-clear",
    "portal:teach-consoles",
    "portal:teach-questions",
    "portal:teach-question",
    "portal:teach-question-variants",
    "portal:teach-question-proof",
    "portal:teach-activity",
    "portal:teach-quiz-rules",
    "portal:teach-quiz-access",
    "portal:teach-quiz-pause",
    "portal:teach-quiz-resume",
    "portal:teach-quiz-section",
    "portal:teach-quiz-section-clear",
    "portal:teach-regrade-lab",
    "portal:teach-regrade",
    "portal:teach-retry",
    "portal:teach-give-back",
    "portal:teach-mastery",
    "portal:teach-mastery-student",
    "portal:teach-statistics",
    "portal:teach-statistics-csv",
    "portal:teach-regrades",
    "portal:teach-regrade-new",
    "portal:teach-regrade-quiz",
    "portal:teach-marking",
    "portal:teach-marking-names",
    "portal:teach-marking-question",
    "portal:teach-marking-file",
    "portal:teach-audit",
    "portal:teach-audit-csv",
    "portal:teach-files",
    "portal:teach-files-import",
    "portal:teach-files-zip",
}
"""For those who help to run the course; not for the student whose work it is either."""
SITE_STAFF = {"portal:new-course", "portal:new-course-import"}
"""For staff of the site, who may make courses; an import that makes one is for who brought its files alone."""
POSTED_ONLY = {
    "portal:teach-marking-names",
    "portal:teach-quiz-access",
    "portal:teach-quiz-pause",
    "portal:teach-quiz-resume",
    "portal:teach-quiz-section",
    "portal:teach-quiz-section-clear",
    "portal:teach-join-code",
    "portal:teach-override",
    "portal:teach-override-clear",
    "portal:teach-extension",
    "portal:teach-extension-clear",
    "portal:teach-retry",
    "portal:teach-give-back",
}
"""Of the addresses for staff: those that only take what is sent."""
OF_MARKED_FILES = {"portal:teach-marking-file"}
"""Addresses of files of answers that people mark: the world below has none; those who get at them are tested apart."""
_OF_QUIZZES = {
    "portal:teach-statistics",
    "portal:teach-statistics-csv",
    "portal:teach-regrades",
    "portal:teach-regrade-new",
    "portal:teach-regrade-quiz",
    "portal:teach-marking",
    "portal:teach-marking-names",
    "portal:teach-marking-question",
    "portal:teach-marking-file",
}
"""Addresses of a quiz that do not say so in their names."""
ADMIN_PUBLIC = {"admin:login", "admin:logout"}

_OF_ATTEMPTS = {"answer", "check", "flag", "finish", "review", "quiz-files", "quiz-file", "answer-files", "answer-file"}
"""Addresses of attempts that do not say so in their names."""

REFUSED = {401, 403, 404, 405}
METHODS = ("get", "post", "put", "delete")


@dataclass(frozen=True)
class World:
    """A course with one student's work in it, and the people who must not get at it."""

    course: Course
    owner: User
    classmate: User
    submission: Submission
    attempt: Attempt
    score: Score
    console: ConsoleSession
    regrade: Regrade
    brought: CourseImport
    outsiders: Mapping[str, User]

    def address(self, route: Route) -> str:
        """The address of this world's own thing of that kind."""
        is_quiz = "quiz" in route.name or route.name in _OF_QUIZZES
        is_attempt = "attempt" in route.name or route.name.rpartition(":")[2] in _OF_ATTEMPTS
        is_console = "console" in route.name
        lab = self.console.lab if is_console else self.submission.lab
        activity = (self.attempt.quiz if is_quiz else lab).activity
        if "import" in route.name:
            return reverse(route.name, kwargs=self.brought_at(route))
        work = self.console.pk if is_console else self.attempt.pk if is_attempt else self.submission.pk
        values: dict[str, Any] = {
            "course_slug": self.course.slug,
            "slug": activity.slug if "course_slug" in route.parameters else self.course.slug,
            "activity_id": activity.pk,
            "activity_slug": activity.slug,
            "position": 1,
            "sha256": "0" * 64,
            "page": 1,
            "question_slug": "created",
            "regrade_id": self.regrade.pk,
            "code": "ABCDEF",
            "number": 1,
            "user_id": self.owner.pk,
            "section_id": self.course.sections.get_or_create(name="Group A")[0].pk,
            "person": self.owner.pk,
            "pk": self.score.pk if "score" in route.name else work,
        }
        return reverse(route.name, kwargs={name: values[name] for name in route.parameters})

    def brought_at(self, route: Route) -> dict[str, Any]:
        """The address's values for the import of course files."""
        return {"pk": self.brought.pk, **({"slug": self.course.slug} if "slug" in route.parameters else {})}


@pytest.fixture
def world() -> World:
    course = a_course(title="The observed course")
    owner, classmate = a_member(course, user=a_user(name="Owner Observed")), a_member(course)
    submission = graded(a_submission(a_lab(course), author=owner))
    attempt = start_attempt(quiz=a_quiz(course), student=owner)
    AnswerFile.objects.create(
        attempt_question=attempt.questions.get(position=1),
        name="answer.txt",
        size=1,
        sha256="0" * 64,
        content=ContentFile(b"x", name="x"),
    )
    score = record(
        activity=submission.lab.activity, user=owner, points=7, max_points=10, source_kind="submission", source_id=1
    )
    KeptFiles.objects.create(course=course, digest="0" * 64, archive=b"PK", file_count=1)
    elsewhere = a_course()
    return World(
        course=course,
        owner=owner,
        classmate=classmate,
        submission=submission,
        attempt=attempt,
        score=score,
        console=a_session(a_console_lab(course), owner),
        regrade=draft(
            by=an_instructor_of(course), quiz=attempt.quiz, changes={"created": Rule(change=Change.DROP)}, reason="Bad."
        ),
        brought=CourseImport.objects.create(
            course=course, by=an_instructor_of(course), source="zip", name="course.zip", expires_at=timezone.now()
        ),
        outsiders={
            "a student of another course": a_member(elsewhere),
            "another course's instructor": an_instructor_of(elsewhere),
            "somebody who left": a_member(course, active=False),
            "an assistant who left": a_member(course, role=Role.ASSISTANT, active=False),
        },
    )


def routes_in(names: set[str]) -> list[Route]:
    return [route for route in all_routes() if route.name in names]


def client_of(user: User | None) -> Client:
    client = Client(raise_request_exception=True)
    if user is not None:
        client.force_login(user)
    return client


def leads_to_sign_in(response: Any) -> bool:
    return response.status_code == 302 and "/login/" in response["Location"]


def refusals(
    names: set[str], world: World, user: User | None, refused: Callable[[Any], bool] = lambda _: False
) -> list[str]:
    """The addresses and methods at which this person was let in."""
    let_in = []
    client = client_of(user)
    for route in routes_in(names):
        for method in METHODS:
            response = getattr(client, method)(world.address(route))
            if response.status_code not in REFUSED and not refused(response):
                let_in.append(f"{method} {route.name}: {response.status_code}")
    return let_in


def test_every_address_is_listed_once() -> None:
    lists = [PUBLIC, PERSONAL, CLASS, OWN, STAFF, SITE_STAFF]
    listed = sorted(name for names in lists for name in names)
    assert len(listed) == len(set(listed))
    there = {route.name for route in all_routes() if not route.name.startswith(("admin:", "<admin"))}
    assert there - {"portal:gallery", "portal:console-gallery", "portal:question-gallery"} == set(listed)


def test_strangers_see_public_pages_only(world: World) -> None:
    assert refusals(PERSONAL | CLASS | OWN | STAFF | SITE_STAFF, world, None, leads_to_sign_in) == []


def test_nobody_outside_the_course_gets_at_anything_in_it(world: World) -> None:
    for who, user in world.outsiders.items():
        assert refusals(CLASS | OWN | STAFF, world, user) == [], who


def test_nobody_but_staff_of_the_site_makes_courses(world: World) -> None:
    for user in (world.owner, world.classmate, an_instructor_of(world.course), *world.outsiders.values()):
        assert refusals(SITE_STAFF, world, user) == [], user


def test_staff_of_the_site_do_not_get_at_what_somebody_else_brought(world: World) -> None:
    staff = a_user(is_staff=True)
    assert refusals({"portal:new-course-import"}, world, staff) == []
    CourseImport.objects.update(course=None)
    assert refusals({"portal:new-course-import"}, world, staff) == []
    assert client_of(staff).get(reverse("portal:new-course")).status_code == 200


def test_a_classmate_gets_at_nobody_elses_work(world: World) -> None:
    assert refusals(OWN | STAFF, world, world.classmate) == []


def test_students_do_nothing_that_is_for_staff(world: World) -> None:
    assert refusals(STAFF, world, world.owner) == []


def test_what_is_refused_changes_nothing(world: World) -> None:
    for user in (None, world.classmate, *world.outsiders.values()):
        refusals(OWN | STAFF, world, user, leads_to_sign_in)
    submission, attempt = Submission.objects.get(), Attempt.objects.get()
    assert (submission.state, attempt.state) == (world.submission.state, world.attempt.state)
    assert not attempt.questions.filter(revision__gt=0).exists()
    assert Score.objects.get(pk=world.score.pk).override_points is None
    assert ConsoleSession.objects.get().is_live
    assert not world.console.entries.exists()


def test_lists_show_nobody_elses_work(world: World) -> None:
    for user in (world.classmate, *world.outsiders.values()):
        for route in routes_in(PERSONAL | ({"api:grades", "api:grade-events"} if user is world.classmate else set())):
            content = client_of(user).get(world.address(route)).content.decode()
            assert world.owner.email not in content, route.name
            assert world.owner.name not in content, route.name
            assert world.submission.digest not in content, route.name


def read_whole(response: Any) -> None:
    """Read a download to its end, which closes its file."""
    if response.streaming:
        b"".join(response.streaming_content)


def test_the_owner_and_the_course_s_instructor_do_get_in(world: World) -> None:
    """So that the refusals above are about who asks, and not about addresses that do not work."""
    reads = OWN - {name for name in OWN if name.rpartition(":")[2] in {*_OF_ATTEMPTS, "cancel"}}
    reads -= {"api:attempt-finish", "api:attempt-page", "api:attempt-review", "api:submission-cancel"}
    reads -= {f"portal:console-{verb}" for verb in ("lines", "files", "hand-in", "start-over", "end")}
    reads -= {f"api:console-{verb}" for verb in ("files", "hand-in", "end")}
    reads |= {"portal:quiz-file", "api:answer-file"}
    for route in routes_in(reads):
        response = client_of(world.owner).get(world.address(route))
        read_whole(response)
        assert response.status_code == 200, (route.name, response.status_code)
    instructor = an_instructor_of(world.course)
    reads = {"portal:quiz-file", "api:answer-file"}
    reads |= {"api:members", "api:grades-csv", "api:submission", "api:submission-report", "portal:submission"}
    reads |= {"api:console", "api:console-lines", "portal:console", "portal:console-since", "portal:console-journal"}
    reads |= {name for name in STAFF if name.startswith("portal:")} - POSTED_ONLY - OF_MARKED_FILES
    for route in routes_in(reads):
        response = client_of(instructor).get(world.address(route))
        read_whole(response)
        assert response.status_code == 200, route.name


def admin_addresses(world: World) -> list[str]:
    addresses = []
    for route in all_routes():
        unnamed = "<" in route.name  # leads from addresses of old Djangos to new ones
        if not route.name.startswith("admin:") or route.name in ADMIN_PUBLIC or unnamed:
            continue
        known = {"object_id": world.submission.pk, "app_label": "labs", "content_type_id": 1, "url": "x", "id": 1}
        known |= {"key": 1, "field_name": "x", "pk": 1}
        assert route.parameters <= known.keys(), route
        addresses.append(reverse(route.name, kwargs={name: known[name] for name in route.parameters}))
    return addresses


def test_the_admin_is_closed_to_everybody_but_its_staff(world: World) -> None:
    everybody = [None, world.owner, world.classmate, an_instructor_of(world.course), *world.outsiders.values()]
    for user in everybody:
        client = client_of(user)
        for address in admin_addresses(world):
            for method in ("get", "post"):
                response = getattr(client, method)(address)
                assert response.status_code in {403, 404} or leads_to_sign_in(response), (method, address)


def test_admin_staff_who_run_another_course_see_nothing_of_this_one(world: World) -> None:
    member = world.outsiders["another course's instructor"]
    member.is_staff = True
    member.save()
    apps = ("courses", "gradebook", "quizzes", "labs")
    member.user_permissions.set(Permission.objects.filter(content_type__app_label__in=apps))
    client = client_of(member)
    things = [world.course, world.submission, world.attempt, world.score, world.submission.lab, world.console]
    for model in site._registry:
        if model._meta.app_label not in apps:
            continue
        listing = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        response = client.get(listing)
        assert response.status_code == 200, listing
        for marker in (world.owner.email, world.course.title):
            results = re.sub(r"<option.*?</option>", "", response.content.decode(), flags=re.DOTALL)
            assert marker not in results, listing
    for thing in things:
        meta = thing._meta
        response = client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[thing.pk]))
        assert response.status_code in {302, 403, 404}, thing


def test_an_activity_of_another_course_is_not_reached_through_ones_own(world: World) -> None:
    foreign = an_activity()
    address = reverse("portal:activity", kwargs={"course_slug": world.course.slug, "slug": foreign.slug})
    assert client_of(world.owner).get(address).status_code == 404

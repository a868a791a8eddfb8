"""A class with enough going on for those who run it, for tests that look at their pages."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from builders import a_course, a_member, a_submission, a_user, an_activity, an_instructor_of, graded
from django.utils import timezone

from accounts.models import User
from courses.models import ActivityKind, Course, Role, Section
from courses.services import grant_extension
from gradebook.services import override, record
from graders.sandbox.fake import FakeSandbox
from labs import queue
from labs.models import Lab, Submission
from quizzes.models import Quiz
from quizzes.services import close_attempt
from quizzes.starting import start_attempt
from tests.e2e.scene import LONG, a_rich_lab, graded_with
from tests.quizzes.building import a_quiz

NAMES = ("Ada Lovelace", "Grace Hopper", "محمد بن موسى الخوارزمي", LONG, "Katherine Johnson", "Edsger Dijkstra")


@dataclass(frozen=True, kw_only=True)
class Classroom:
    """What there is."""

    course: Course
    instructor: User
    assistant: User
    students: list[User]
    lab: Lab
    quiz: Quiz
    dead: Submission
    tried: Submission


def given_up(lab: Lab, author: User) -> Submission:
    """A try that the platform could not grade."""
    submission = a_submission(lab, author=author)
    for _ in range(queue.MAX_LOSSES + 1):
        submission.refresh_from_db()
        if submission.state == "dead":
            break
        Submission.objects.filter(pk=submission.pk).update(available_at=timezone.now())
        claim = queue.claim_next(worker="test")
        assert claim is not None
        queue.fail_infrastructure(claim, "The engine stopped answering while the image was built.")
    submission.refresh_from_db()
    assert submission.state == "dead"
    return submission


def a_classroom(*, students: int = 12) -> Classroom:
    """Make all of it."""
    now = timezone.now()
    course = a_course(title="Containers, week 7", time_zone="Europe/Madrid")
    section = Section.objects.create(course=course, name="Group A, Tuesday")
    instructor = an_instructor_of(course)
    people = [
        a_member(
            course,
            user=a_user(name=NAMES[n] if n < len(NAMES) else f"Student Number {n}"),
            section=section if n % 2 else None,
        )
        for n in range(students)
    ]
    quiz = a_quiz(
        course,
        title="Images and containers",
        activity={"title": "Images and containers", "due_at": now + timedelta(days=2), "max_points": 6},
    )
    lab = a_rich_lab(
        course, title="Containerizing an API", due_at=now + timedelta(hours=5), late_percent_per_day=10, minutes=25
    )
    over = an_activity(course, title="Volumes and networks", due_at=now - timedelta(days=3), position=1)
    an_activity(course, title=LONG, kind=ActivityKind.LAB, opens_at=now + timedelta(days=3), position=2)
    an_activity(course, title="Capstone", published=False, position=3)
    for number, person in enumerate(people[: students - 3]):
        record(
            activity=over,
            user=person,
            points=4 + number % 7,
            max_points=10,
            late_factor=Decimal(1) if number % 3 else Decimal("0.9"),
            source_kind="submission",
            source_id=1,
        )
    for person in people[:4]:
        close_attempt(attempt=start_attempt(quiz=quiz, student=person))
    start_attempt(quiz=quiz, student=people[4])
    for _ in range(4):
        graded(a_submission(lab, author=people[1]), score=4)
    graded_with(lab, people[2], "FROM nginx:latest\n", FakeSandbox())
    tried = graded(a_submission(lab, author=people[0]), score=10)
    dead = given_up(lab, people[5])
    a_submission(lab, author=people[3])
    override(by=instructor, activity=over, user=people[0], points=Decimal(9), reason="Shown in class.")
    grant_extension(by=instructor, activity=lab.activity, user=people[0], reason="Ill.", due_at=now + timedelta(days=1))
    return Classroom(
        course=course,
        instructor=instructor,
        assistant=a_member(course, role=Role.ASSISTANT),
        students=people,
        lab=lab,
        quiz=quiz,
        dead=dead,
        tried=tried,
    )


def teaching_pages(there: Classroom) -> dict[str, str]:
    """The address of every page of an instructor, by what it is."""
    teach, ada = f"/teach/{there.course.slug}/", there.students[0].pk
    lab, quiz = there.lab.activity.slug, there.quiz.activity.slug
    return {
        "home": teach,
        "members": f"{teach}members/",
        "members who match nothing": f"{teach}members/?q=zzz",
        "roster": f"{teach}members/import/",
        "member": f"{teach}members/{ada}/",
        "remove": f"{teach}members/{ada}/remove/",
        "gradebook": f"{teach}gradebook/",
        "gradebook of who has not started": f"{teach}gradebook/?missing={lab}",
        "evidence of a lab": f"{teach}gradebook/{ada}/{lab}/",
        "evidence of a quiz": f"{teach}gradebook/{ada}/{quiz}/",
        "evidence of nothing": f"{teach}gradebook/{there.students[-1].pk}/{lab}/",
        "lab": f"{teach}activities/{lab}/",
        "quiz": f"{teach}activities/{quiz}/",
        "regrade": f"{teach}submissions/{there.tried.pk}/regrade/",
        "regrade all": f"{teach}activities/{lab}/regrade/",
    }

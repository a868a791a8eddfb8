"""Classes of nobody, a few, and many who took quizzes and labs: for tests that look at statistics and maps."""

import random
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from builders import a_course, a_lab, a_member, a_plan, a_user, an_instructor_of
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from courses.models import Course, Membership, Section
from gradebook.models import Evidence
from quizzes.models import Quiz
from quizzes.types.base import QuestionType, Value
from tests.quizzes.building import CHOICE, ONE_OF_EACH, a_quiz, option
from tests.quizzes.classes import by_ability, students_of, took

LONG = "Which of these statements about images, layers, containers and everything in between is true? " * 2


@dataclass(frozen=True, kw_only=True)
class Analysed:
    """A course with a quiz, and the people in it."""

    course: Course
    instructor: User
    student: User
    quiz: Quiz

    def pages(self) -> dict[str, str]:
        """The addresses for staff, by what they show."""
        teach, quiz = f"/teach/{self.course.slug}/", self.quiz.activity.slug
        return {
            "statistics": f"{teach}activities/{quiz}/statistics/",
            "class": f"{teach}mastery/",
            "student": f"{teach}mastery/{self.student.pk}/",
        }


def topics_of_the_pack() -> dict[str, str]:
    """The topics that the review is about, as the pack titles them."""
    pack = Path(settings.REPOSITORY) / "packs/containerization-review/course.yaml"
    listed = yaml.safe_load(pack.read_text())["topics"]
    return {topic: entry if isinstance(entry, str) else entry["title"] for topic, entry in listed.items()}


def questions(topics: list[str]) -> list[dict[str, Any]]:
    """Questions of every difficulty, one with words without end, and one that misleads those who know."""
    found = [dict(question) for question in ONE_OF_EACH]
    for number, topic in enumerate(topics):
        found.append(
            {
                "id": f"about-{number}",
                "kind": "single_choice",
                "topics": [topic],
                "difficulty": 1 + number % 5,
                "text": LONG if number == 3 else f"What is true of `{topic}`, seen from the side of question {number}?",
                "options": [
                    f"the truth about {number}",
                    f"a half-truth {number}",
                    "nothing at all",
                    "<b>all of it</b>",
                ],
                "answer": f"the truth about {number}",
            }
        )
    return found


def misled(question: QuestionType, able: float, rng: random.Random) -> Value | None:
    """Those who know more choose `running` in place of the first question's key; another one is often left out."""
    if question.id == "created" and able > 0.1:
        return option(CHOICE, "running")
    if question.id == "mebibytes" and rng.random() < 0.3:
        return None
    return by_ability(question, able, rng)


def an_analysed_course(*, students: int) -> Analysed:
    """A course with two quizzes and two labs that so many students did."""
    topics = topics_of_the_pack()
    course = a_course(title="Containers, week 7", topics=topics, time_zone="Europe/Madrid")
    Section.objects.create(course=course, name="Group A, Tuesday")
    section = Section.objects.create(course=course, name="Group B, Thursday")
    names = list(topics)
    quiz = a_quiz(
        course,
        questions=questions(names[6:16]),
        title="Images",
        activity={"title": "Images and containers", "minutes": 20},
    )
    later = a_quiz(
        course,
        questions=[one | {"id": f"later-{one['id']}"} for one in questions(names[10:34])[5:]],
        title="Review",
        activity={"title": "The review, mixed", "minutes": 40, "max_points": 24},
    )
    plan = a_plan(title="First image", topics=names[14:20], minutes=10)
    lab = a_lab(course, plan=plan, title="First image", minutes=10, topics=names[14:20])
    a_lab(course, title="Volumes", minutes=15, topics=names[30:36], due_at=timezone.now() + timedelta(days=2))
    people = students_of(course, students, section=section)
    student = people[0] if people else a_member(course, user=a_user(name="Ada Lovelace"))
    if people:
        Membership.objects.filter(user=student, course=course).update(section=None)
        took(quiz, students=people, answering=misled, with_gradebook=True, seed=7)
        took(later, students=people[: max(1, students * 2 // 3)], with_gradebook=True, seed=8)
        rng = random.Random(9)
        Evidence.objects.bulk_create(
            Evidence(
                course=course,
                activity=lab.activity,
                user=person,
                topic=topic,
                points=rng.choice([0, 2, 4, 4]),
                max_points=4,
                source_kind="submission",
                source_id=person.pk,
                at=timezone.now() - timedelta(hours=rng.randrange(1, 30)),
            )
            for person in people[: students // 2 + 1]
            for topic in names[14:20]
        )
    return Analysed(course=course, instructor=an_instructor_of(course), student=student, quiz=quiz)

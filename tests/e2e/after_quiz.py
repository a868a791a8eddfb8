"""A quiz that was taken by a class, for tests that look at what comes after: regrades, marking, the audit log."""

from dataclasses import dataclass

from builders import a_course, a_member, a_user, an_instructor_of

from accounts.models import User
from courses.models import Course
from quizzes.marking import give_mark
from quizzes.models import AttemptQuestion, Quiz
from quizzes.regrading import apply, draft
from quizzes.rule_models import Regrade
from quizzes.rules import Change, Rule
from quizzes.services import close_attempt, save_answer, start_attempt
from tests.e2e.scene import LONG
from tests.quizzes.building import CHOICE, NUMBER, SEVERAL, STATEMENT, WORD, a_quiz, option
from tests.quizzes.test_marking import ESSAY, PLAIN

NAMES = ("Ada Lovelace", "محمد بن موسى الخوارزمي", LONG, "Edsger Dijkstra")
ESSAY_POSITION, PLAIN_POSITION = 6, 7


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What there is: one regrade applied, one drafted, and answers that wait."""

    course: Course
    quiz: Quiz
    instructor: User
    applied: Regrade
    drafted: Regrade

    def pages(self) -> dict[str, str]:
        """The address of every page, by what it is."""
        teach = f"/teach/{self.course.slug}"
        quiz = f"{teach}/activities/{self.quiz.activity.slug}"
        return {
            "regrades": f"{quiz}/regrades/",
            "regrade new": f"{quiz}/regrades/new/?question=created",
            "regrade draft": f"{quiz}/regrades/{self.drafted.pk}/",
            "regrade applied": f"{quiz}/regrades/{self.applied.pk}/",
            "marking": f"{quiz}/marking/",
            "marking one": f"{quiz}/marking/layers/",
            "marking whole": f"{quiz}/marking/volumes/",
            "audit": f"{teach}/audit/",
            "audit of nothing": f"{teach}/audit/?q=zzz",
        }


def taken(*, students: int = 4) -> Taken:
    """Make all of it."""
    course = a_course(title="Containers, week 7")
    quiz = a_quiz(
        course,
        questions=[CHOICE, SEVERAL, STATEMENT, WORD, NUMBER, ESSAY, PLAIN],
        activity={"title": "Images and containers"},
    )
    instructor = an_instructor_of(course)
    for number in range(students):
        name = NAMES[number] if number < len(NAMES) else f"Student Number {number}"
        attempt = start_attempt(quiz=quiz, student=a_member(course, user=a_user(name=name)))
        text = ("created", "running", "paused")[number % 3]
        answers = {1: option(CHOICE, text), ESSAY_POSITION: "A layer that did not change is reused.\n\n" * (1 + number)}
        answers |= {PLAIN_POSITION: "word" * 60} if number % 2 else {3: False}
        for position, value in answers.items():
            save_answer(attempt=attempt, position=position, value=value, revision=0)
        close_attempt(attempt=attempt)
    first = AttemptQuestion.objects.filter(position=ESSAY_POSITION).select_related("attempt").order_by("pk")[0]
    give_mark(by=instructor, asked=first, rubric={"cache": "1", "order": "0"}, comment="Say what makes a layer change.")
    drop = draft(
        by=instructor, quiz=quiz, changes={"mebibytes": Rule(change=Change.DROP)}, reason="Units were unclear."
    )
    return Taken(
        course=course,
        quiz=quiz,
        instructor=instructor,
        applied=apply(by=instructor, regrade=drop),
        drafted=draft(
            by=instructor,
            quiz=quiz,
            changes={
                "created": Rule(change=Change.KEY, keys=({"answer": "running"},)),
                "workdir": Rule(change=Change.FULL),
            },
            reason=LONG,
        ),
    )

"""Builds quizzes and answers, one thing each, with sensible defaults."""

from typing import Any

from builders import a_course, a_member, an_activity

from accounts.models import User
from courses.models import Activity, ActivityKind, Course
from quizzes.models import Attempt, Quiz
from quizzes.services import sync_questions, sync_quiz
from quizzes.specs import QuizSpec
from quizzes.starting import start_attempt
from quizzes.types import REGISTRY
from quizzes.types.base import QuestionType

CHOICE = {
    "id": "created",
    "kind": "single_choice",
    "topics": ["cmd.create"],
    "text": "In which state is a container right after `docker create`?",
    "options": ["created", {"text": "running", "feedback": "feedback-on-running"}, "paused", "exited"],
    "answer": "created",
    "explanation": "explanation-of-created",
}
SEVERAL = {
    "id": "keeps",
    "kind": "multiple_choice",
    "topics": ["cmd.pause", "container.instance"],
    "points": 2,
    "text": "What does a paused container keep?",
    "options": ["its memory", "its files", {"text": "its turn on the CPU", "feedback": "feedback-on-cpu"}],
    "answer": ["its memory", "its files"],
    "explanation": "explanation-of-keeps",
}
STATEMENT = {
    "id": "zz-expose",
    "kind": "true_or_false",
    "topics": ["dockerfile.expose"],
    "text": "`EXPOSE 80` publishes port 80.",
    "answer": False,
    "feedback": "feedback-on-expose",
    "explanation": "explanation-of-expose",
}
WORD = {
    "id": "workdir",
    "kind": "short_text",
    "topics": ["dockerfile.workdir"],
    "text": "Which instruction sets the working directory?",
    "answer": "zz-key-WORKDIR",
    "wrong": [{"text": "cd", "feedback": "feedback-on-cd"}],
    "explanation": "explanation-of-workdir",
}
NUMBER = {
    "id": "mebibytes",
    "kind": "numeric",
    "topics": ["best.lightweight"],
    "text": "How many KiB are 1.5 MiB?",
    "answer": 1536,
    "unit": "KiB",
    "explanation": "explanation-of-mebibytes",
}
ONE_OF_EACH = (CHOICE, SEVERAL, STATEMENT, WORD, NUMBER)


def questions_of(*data: dict[str, Any]) -> list[QuestionType]:
    """Questions as an author wrote them."""
    return [REGISTRY.question(item) for item in data]


def a_bank(count: int, *, topic: str = "docker.cli", prefix: str = "q") -> list[dict[str, Any]]:
    """Many true-or-false questions on one topic, all true."""
    return [
        {
            "id": f"{prefix}-{number}",
            "kind": "true_or_false",
            "topics": [topic],
            "text": f"Statement {number}",
            "answer": True,
        }
        for number in range(1, count + 1)
    ]


def a_quiz(
    course: Course | None = None,
    *,
    questions: tuple[dict[str, Any], ...] | list[dict[str, Any]] = ONE_OF_EACH,
    activity: Activity | dict[str, Any] | None = None,
    **settings: Any,
) -> Quiz:
    """A published quiz with one question of each kind, worth six points, with three tries."""
    if not isinstance(activity, Activity):
        activity = an_activity(course, kind=ActivityKind.QUIZ, **(activity or {}))
    sync_questions(course=activity.course, questions=questions_of(*questions), retire_others=False)
    settings.setdefault("title", "A quiz")
    settings.setdefault("attempts", 3)
    settings.setdefault("items", [question["id"] for question in questions])
    sync_quiz(activity=activity, spec=QuizSpec.model_validate(settings))
    return Quiz.objects.with_content().get(activity=activity)


def an_attempt(quiz: Quiz | None = None, *, student: User | None = None, **settings: Any) -> Attempt:
    """A try under way, by a student of the course."""
    quiz = quiz or a_quiz(**settings)
    return start_attempt(quiz=quiz, student=student or a_member(quiz.activity.course))


def another_course() -> Course:
    """A course that has nothing to do with the rest."""
    return a_course()


def option(data: dict[str, Any], text: str) -> str:
    """The id of an option by its text."""
    (question,) = questions_of(data)
    return next(shown.id for shown in question.public().options if shown.text == text)


def right_answers() -> dict[str, Any]:
    """Right answers to ONE_OF_EACH, by question id."""
    return {
        "created": option(CHOICE, "created"),
        "keeps": [option(SEVERAL, "its memory"), option(SEVERAL, "its files")],
        "zz-expose": False,
        "workdir": "zz-key-workdir",
        "mebibytes": "1.5 MiB",
    }

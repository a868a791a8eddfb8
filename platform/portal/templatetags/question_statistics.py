"""What is known about one question, quiz by quiz: for the question's page."""

from dataclasses import dataclass

from django import template

from courses.models import Activity
from portal.teaching.statistics import options_picture
from quizzes.analysis.answers import AnswerCount, frequent_answers
from quizzes.analysis.figures import QuestionFigures
from quizzes.analysis.loading import statistics_of
from quizzes.models import AttemptQuestion, Question, Quiz
from quizzes.pictures import Picture

register = template.Library()

QUIZZES_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class InQuiz:
    """How a question went in one quiz."""

    activity: Activity
    question: QuestionFigures
    picture: Picture | None
    answers: list[AnswerCount]


@register.simple_tag
def statistics_of_question(question: Question) -> list[InQuiz]:
    """How a question went in the quizzes that asked it last, at most five of them; without try-outs of staff.

    A few queries a quiz, however many questions and students it has.
    """
    asked = AttemptQuestion.objects.filter(
        question_version__question=question, attempt__is_tryout=False, attempt__state="CLOSED"
    )
    quizzes = Quiz.objects.with_content().filter(pk__in=asked.order_by().values("attempt__quiz_id"))
    found = []
    for quiz in quizzes.order_by("-activity__position", "-pk")[:QUIZZES_SHOWN]:
        figures = next((one for one in statistics_of(quiz).questions if one.asked.pk == question.pk), None)
        if figures is not None:
            answers = [] if figures.options or figures.variants else frequent_answers(question, quiz)
            found.append(
                InQuiz(activity=quiz.activity, question=figures, picture=options_picture(figures), answers=answers)
            )
    return found

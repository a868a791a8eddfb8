"""Taking quizzes: an attempt is started, answered, finished and reviewed."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.addresses import address_of
from accounts.errors import DrydockError
from api.caller import caller
from api.filters import AttemptFilter
from api.serializers.quizzes import (
    AttemptSerializer,
    AttemptWithQuestionsSerializer,
    QuizSerializer,
    ReviewedQuestionSerializer,
    ReviewSerializer,
    SaveAnswerSerializer,
    SavedAnswerSerializer,
    StartSerializer,
)
from quizzes.access import ensure_may_take
from quizzes.asking import shown_all, shown_checked
from quizzes.checking import check_answer
from quizzes.models import Attempt, AttemptQuestion, Quiz
from quizzes.pages import quiz_overview, review
from quizzes.services import close_attempt, close_if_time_is_up, save_answer
from quizzes.starting import start_attempt
from quizzes.timing import is_paused
from quizzes.turning import turn_page


def quiz_for(request: Request, activity_id: int) -> Quiz:
    """The quiz of this activity, if the caller may see it."""
    return get_object_or_404(Quiz.objects.with_content().visible_to(caller(request)), activity_id=activity_id)


def own_attempt(request: Request, pk: int) -> Attempt:
    """The caller's own attempt: nobody answers for somebody else."""
    return get_object_or_404(Attempt.objects.with_content().taken_by(caller(request)), pk=pk)


def attempt_reply(request: Request, attempt: Attempt, *, status_code: int = status.HTTP_200_OK) -> Response:
    """An attempt with its questions while it is under way; where there is no way back, those of the page reached."""
    questions, pages = [], 0
    if attempt.is_open:
        ensure_may_take(attempt=attempt, address=address_of(request))
        settings = attempt.version.settings
        rows = AttemptQuestion.objects.filter(attempt=attempt).select_related("question_version").order_by("position")
        pages = settings.page_of(len(rows))
        if not is_paused(attempt):
            open_ones = [
                row for row in rows if settings.go_back or settings.page_of(row.position) == attempt.page_reached
            ]
            questions = list(shown_all(attempt, open_ones))
    context = {"questions": questions, "pages": pages, "now": timezone.now()}
    return Response(AttemptWithQuestionsSerializer(attempt, context=context).data, status=status_code)


class QuizView(APIView):
    """A quiz."""

    @extend_schema(operation_id="get_quiz", responses=QuizSerializer)
    def get(self, request: Request, activity_id: int) -> Response:
        """Its rules, the times that hold for the caller, and the caller's tries."""
        overview = quiz_overview(quiz=quiz_for(request, activity_id), user=caller(request))
        return Response(QuizSerializer(overview).data)


class StartAttemptView(APIView):
    """Starting a try."""

    @extend_schema(
        operation_id="start_attempt", request=StartSerializer, responses={201: AttemptWithQuestionsSerializer}
    )
    def post(self, request: Request, activity_id: int) -> Response:
        """Start a try, or return the one that is under way, with its questions.

        403 `code_needed`, `code_wrong` or `address_not_allowed`; 409 `quiz_paused`, `not_open_yet`, `quiz_closed`,
        `no_attempts_left` or `quiz_not_ready`; 429 `code_guessed`.
        """
        quiz = quiz_for(request, activity_id)
        asked = StartSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        attempt = start_attempt(
            quiz=quiz, student=caller(request), code=asked.validated_data["code"], address=address_of(request)
        )
        return attempt_reply(request, own_attempt(request, attempt.pk), status_code=status.HTTP_201_CREATED)


class AttemptListView(generics.ListAPIView[Attempt]):
    """Attempts: one's own, or everybody's for those who help to run the course."""

    serializer_class = AttemptSerializer
    filterset_class = AttemptFilter
    queryset = Attempt.objects.none()

    def get_queryset(self) -> QuerySet[Attempt]:
        """Those one may see."""
        return Attempt.objects.visible_to(self.request.user).select_related("quiz")

    @extend_schema(operation_id="list_attempts")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List them, newest first."""
        return super().get(request, *args, **kwargs)


class AttemptView(APIView):
    """One of the caller's own attempts."""

    @extend_schema(operation_id="get_attempt", responses=AttemptWithQuestionsSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """The attempt and, while it is under way, its questions with the answers saved up to now."""
        return attempt_reply(request, close_if_time_is_up(attempt=own_attempt(request, pk)))


class TurnPageView(APIView):
    """Going from page to page."""

    @extend_schema(operation_id="turn_page", request=None, responses=AttemptWithQuestionsSerializer)
    def post(self, request: Request, pk: int, page: int) -> Response:
        """Turn to a page. Without a way back: to the next one only, which closes the questions left behind."""
        turn_page(attempt=own_attempt(request, pk), page=page, address=address_of(request))
        return attempt_reply(request, own_attempt(request, pk))


class AnswerView(APIView):
    """The answer to one question of an attempt."""

    @extend_schema(operation_id="save_answer", request=SaveAnswerSerializer, responses=SavedAnswerSerializer)
    def put(self, request: Request, pk: int, position: int) -> Response:
        """Save an answer. 409 `stale_revision` when it was changed elsewhere: `saved` in the reply is the newer one.

        409 also with `quiz_paused` (send it again later), `time_is_up`, `attempt_closed`, `question_left_behind`,
        `question_not_reached` and `answer_final`.
        """
        attempt = own_attempt(request, pk)
        asked = SaveAnswerSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            saved = save_answer(attempt=attempt, position=position, address=address_of(request), **asked.validated_data)
        except DrydockError as refused:
            if "answer" in refused.fields:  # what forms call it
                refused.fields["value"] = refused.fields.pop("answer")
            raise
        return Response(SavedAnswerSerializer(saved).data)


class CheckView(APIView):
    """Having an answer checked in practice."""

    @extend_schema(operation_id="check_answer", request=None, responses=ReviewedQuestionSerializer)
    def post(self, request: Request, pk: int, position: int) -> Response:
        """Take the saved answer as final, and hear whether it is right, and why. 409 `not_practice` elsewhere."""
        checked = check_answer(attempt=own_attempt(request, pk), position=position, address=address_of(request))
        return Response(ReviewedQuestionSerializer(shown_checked(checked)).data)


class FinishView(APIView):
    """Handing in."""

    @extend_schema(operation_id="finish_attempt", request=None, responses=AttemptSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Hand in what is saved. Doing it again changes nothing."""
        return Response(AttemptSerializer(close_attempt(attempt=own_attempt(request, pk))).data)


class ReviewView(APIView):
    """A finished attempt."""

    @extend_schema(operation_id="review_attempt", responses=ReviewSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Score and answers, as far as they are released to the caller."""
        attempt = get_object_or_404(Attempt.objects.with_content().visible_to(caller(request)), pk=pk)
        seen = review(attempt=close_if_time_is_up(attempt=attempt), viewer=caller(request))
        return Response(ReviewSerializer(seen).data)

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

from api.caller import caller
from api.filters import AttemptFilter
from api.serializers.quizzes import (
    AttemptSerializer,
    AttemptWithQuestionsSerializer,
    QuizSerializer,
    ReviewSerializer,
    SaveAnswerSerializer,
    SavedAnswerSerializer,
)
from quizzes.models import Attempt, AttemptQuestion, Quiz
from quizzes.pages import quiz_overview, review, shown
from quizzes.services import close_attempt, close_if_time_is_up, save_answer
from quizzes.starting import start_attempt


def quiz_for(request: Request, activity_id: int) -> Quiz:
    """The quiz of this activity, if the caller may see it."""
    return get_object_or_404(Quiz.objects.with_content().visible_to(caller(request)), activity_id=activity_id)


def own_attempt(request: Request, pk: int) -> Attempt:
    """The caller's own attempt: nobody answers for somebody else."""
    return get_object_or_404(Attempt.objects.with_content().taken_by(caller(request)), pk=pk)


def attempt_reply(attempt: Attempt, *, status_code: int = status.HTTP_200_OK) -> Response:
    """An attempt with its questions while it is under way."""
    asked = AttemptQuestion.objects.filter(attempt=attempt).select_related("question_version").order_by("position")
    questions = [shown(row) for row in asked] if attempt.is_open else []
    context = {"questions": questions, "now": timezone.now()}
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

    @extend_schema(operation_id="start_attempt", request=None, responses={201: AttemptWithQuestionsSerializer})
    def post(self, request: Request, activity_id: int) -> Response:
        """Start a try, or return the one that is under way, with its questions."""
        attempt = start_attempt(quiz=quiz_for(request, activity_id), student=caller(request))
        return attempt_reply(own_attempt(request, attempt.pk), status_code=status.HTTP_201_CREATED)


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
        return attempt_reply(close_if_time_is_up(attempt=own_attempt(request, pk)))


class AnswerView(APIView):
    """The answer to one question of an attempt."""

    @extend_schema(operation_id="save_answer", request=SaveAnswerSerializer, responses=SavedAnswerSerializer)
    def put(self, request: Request, pk: int, position: int) -> Response:
        """Save an answer. 409 `stale_revision` when it was changed elsewhere: `saved` in the reply is the newer one."""
        attempt = own_attempt(request, pk)
        asked = SaveAnswerSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        saved = save_answer(attempt=attempt, position=position, **asked.validated_data)
        return Response(SavedAnswerSerializer(saved).data)


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

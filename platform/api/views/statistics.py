"""How a quiz went, for those who help to run its course."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import DrydockError
from api.caller import caller
from api.serializers.statistics import StatisticsSerializer
from courses.access import require_staff
from quizzes.analysis.loading import Which, statistics_of
from quizzes.models import Quiz

_WHICH: dict[str, Which] = {"counting": "counting", "first": "first"}


class QuizStatisticsView(APIView):
    """A quiz's statistics."""

    @extend_schema(
        operation_id="quiz_statistics",
        parameters=[
            OpenApiParameter(
                "tries",
                str,
                enum=list(_WHICH),
                description="Each student's try that counts (the default), or the first.",
            )
        ],
        responses=StatisticsSerializer,
    )
    def get(self, request: Request, activity_id: int) -> Response:
        """Figures of the quiz, and of each question with its options, variants and what to look at.

        For the course's staff. Answers that wait for a mark are left out; figures that need more tries are null.
        """
        found = Quiz.objects.with_content().visible_to(caller(request))
        quiz = get_object_or_404(found, activity_id=activity_id)
        require_staff(caller(request), quiz.activity.course)
        asked = request.query_params.get("tries", "counting")
        if asked not in _WHICH:
            raise DrydockError("tries_invalid", f"`tries` is one of {', '.join(_WHICH)}.", fields={"tries": "Unknown."})
        return Response(StatisticsSerializer(statistics_of(quiz, _WHICH[asked])).data)

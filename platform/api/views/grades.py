"""Scores, overrides, and the stream of changes."""

from typing import Any, TypeVar

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from api.caller import caller
from api.pagination import InOrder
from api.renderers import CsvRenderer
from api.serializers.grades import GradeEventSerializer, OverrideSerializer, ScoreSerializer
from api.views.courses import course_for
from courses.access import may_assist, require_instructor, require_staff
from courses.models import Activity, Course
from gradebook.export import course_csv
from gradebook.models import GradeEvent, Score
from gradebook.services import clear_override, override
from quizzes.release import activities_with_hidden_scores

Row = TypeVar("Row", Score, GradeEvent)


def released(rows: QuerySet[Row], *, user: User, course: Course) -> QuerySet[Row]:
    """Without the points that a quiz does not show its students yet; course staff see all."""
    if may_assist(user, course):
        return rows
    hidden = activities_with_hidden_scores(activities=course.activities.all(), now=timezone.now())
    return rows.exclude(activity_id__in=hidden)


@extend_schema_view(get=extend_schema(operation_id="list_grades"))
class ScoreListView(generics.ListAPIView[Score]):
    """Scores in a course: one's own, or everybody's for those who help to run it."""

    serializer_class = ScoreSerializer
    pagination_class = InOrder
    filterset_fields = ("activity__slug", "user")
    queryset = Score.objects.none()

    def get_queryset(self) -> QuerySet[Score]:
        """Those one may see."""
        if not self.request.user.is_authenticated:
            return Score.objects.none()
        course = course_for(self.request, self.kwargs["slug"])
        visible = Score.objects.visible_to(self.request.user).filter(activity__course=course)
        return released(visible, user=self.request.user, course=course).select_related("user", "activity")


class ScoreCsvView(APIView):
    """The whole gradebook as a file."""

    renderer_classes = [CsvRenderer, JSONRenderer]

    @extend_schema(operation_id="export_grades", responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        """One line a student, one column an activity; safe to open in a spreadsheet."""
        course = course_for(request, slug)
        require_staff(caller(request), course)
        response = StreamingHttpResponse(course_csv(course), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{course.slug}-grades.csv"'
        return response


class OverrideView(APIView):
    """Setting points by hand."""

    @extend_schema(operation_id="override_score", request=OverrideSerializer, responses=ScoreSerializer)
    def put(self, request: Request, slug: str) -> Response:
        """Let other points count than those earned; the reason is kept."""
        course = course_for(request, slug)
        require_instructor(caller(request), course)
        asked = OverrideSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        activity = get_object_or_404(Activity, course=course, slug=asked.validated_data["activity"])
        person = get_object_or_404(User, pk=asked.validated_data["person"], memberships__course=course)
        score = override(
            by=caller(request),
            activity=activity,
            user=person,
            points=asked.validated_data["points"],
            reason=asked.validated_data["reason"],
        )
        return Response(ScoreSerializer(score).data)


class ScoreOverrideView(APIView):
    """An override that stands."""

    @extend_schema(operation_id="clear_override", request=None, responses={200: ScoreSerializer})
    def delete(self, request: Request, pk: int) -> Response:
        """Let what was earned count again."""
        visible = Score.objects.visible_to(request.user).select_related("activity__course", "user")
        score = clear_override(by=caller(request), score=get_object_or_404(visible, pk=pk))
        return Response(ScoreSerializer(score).data)


class _AfterSerializer(serializers.Serializer[Any]):
    after = serializers.IntegerField(min_value=0, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)


class GradeEventListView(APIView):
    """Changes of scores, in order."""

    @extend_schema(
        operation_id="list_grade_events",
        parameters=[
            OpenApiParameter("after", int, description="The `id` of the last event one has read."),
            OpenApiParameter("limit", int, description="At most so many, up to 500."),
        ],
        responses=GradeEventSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        """Changes later than `after`, oldest first. Ask again with the last `id` for what comes next."""
        course = course_for(request, slug)
        asked = _AfterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given: dict[str, Any] = asked.validated_data
        events = GradeEvent.objects.visible_to(request.user).filter(course=course).after(given["after"])
        seen = released(events, user=caller(request), course=course)
        rows = seen.select_related("activity", "user")[: given["limit"]]
        return Response(GradeEventSerializer(rows, many=True).data)

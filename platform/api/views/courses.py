"""Courses one is in, their activities and members."""

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import DrydockError
from accounts.models import User
from api.caller import caller
from api.pagination import ByPosition, InOrder
from api.parsers import FormParser
from api.serializers.courses import (
    ActivitySerializer,
    CourseSerializer,
    JoinSerializer,
    MembershipSerializer,
    RosterOutcomeSerializer,
)
from courses.access import require_instructor, require_staff
from courses.deadlines import windows_for
from courses.models import Activity, Course, Membership
from courses.services import import_roster, join_by_code
from gradebook.models import Score


def course_for(request: Request, slug: str) -> Course:
    """The course of this name, if the caller is in it; 404 otherwise."""
    return get_object_or_404(Course.objects.visible_to(request.user), slug=slug)


def roles_of(user: User) -> dict[int, str]:
    """The user's roles by course id."""
    return dict(Membership.objects.active().filter(user=user).values_list("course_id", "role"))


@extend_schema_view(get=extend_schema(operation_id="list_courses"))
class CourseListView(generics.ListAPIView[Course]):
    """The courses the caller is in."""

    serializer_class = CourseSerializer
    pagination_class = InOrder
    queryset = Course.objects.none()

    def get_queryset(self) -> QuerySet[Course]:
        """Those one may see."""
        return Course.objects.visible_to(self.request.user)

    def get_serializer_context(self) -> dict[str, Any]:
        """Add the caller's roles, read once."""
        roles = roles_of(caller(self.request)) if self.request.user.is_authenticated else {}
        return {**super().get_serializer_context(), "roles": roles}


@extend_schema_view(get=extend_schema(operation_id="get_course"))
class CourseView(generics.RetrieveAPIView[Course]):
    """One course."""

    serializer_class = CourseSerializer
    lookup_field = "slug"
    queryset = Course.objects.none()

    def get_queryset(self) -> QuerySet[Course]:
        """Those one may see."""
        return Course.objects.visible_to(self.request.user)

    def get_serializer_context(self) -> dict[str, Any]:
        """Add the caller's roles, read once."""
        roles = roles_of(caller(self.request)) if self.request.user.is_authenticated else {}
        return {**super().get_serializer_context(), "roles": roles}


class JoinView(APIView):
    """Joining a course by its code."""

    @extend_schema(operation_id="join_course", request=JoinSerializer, responses=CourseSerializer)
    def post(self, request: Request) -> Response:
        """Join as a student; harmless when one is in it already."""
        join = JoinSerializer(data=request.data)
        join.is_valid(raise_exception=True)
        membership = join_by_code(user=caller(request), code=join.validated_data["code"])
        shown = CourseSerializer(membership.course, context={"roles": {membership.course_id: membership.role}})
        return Response(shown.data)


class ActivityListView(generics.ListAPIView[Activity]):
    """The activities of a course, in its order."""

    serializer_class = ActivitySerializer
    pagination_class = ByPosition
    filterset_fields = ("kind",)
    queryset = Activity.objects.none()

    def get_queryset(self) -> QuerySet[Activity]:
        """Those one may see."""
        if not self.request.user.is_authenticated:
            return Activity.objects.none()
        course = course_for(self.request, self.kwargs["slug"])
        return Activity.objects.visible_to(self.request.user).filter(course=course).select_related("course")

    @extend_schema(operation_id="list_activities")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List them with the times that hold for the caller."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(
            ActivitySerializer(page, many=True, context=activity_context(request, page)).data
        )


def activity_context(request: Request, activities: list[Activity]) -> dict[str, Any]:
    """What ActivitySerializer needs besides the rows. Two queries."""
    scores = Score.objects.filter(user=caller(request), activity__in=activities)
    points: dict[int, Decimal | None] = {score.activity_id: score.final_points for score in scores}
    return {
        "request": request,
        "now": timezone.now(),
        "windows": windows_for(activities=activities, user=caller(request)),
        "points": points,
    }


@extend_schema_view(get=extend_schema(operation_id="list_members"))
class MemberListView(generics.ListAPIView[Membership]):
    """The members of a course, for those who help to run it."""

    serializer_class = MembershipSerializer
    pagination_class = InOrder
    filterset_fields = ("role", "active")
    queryset = Membership.objects.none()

    def get_queryset(self) -> QuerySet[Membership]:
        """All of the course, for its staff."""
        if not self.request.user.is_authenticated:
            return Membership.objects.none()
        course = course_for(self.request, self.kwargs["slug"])
        require_staff(caller(self.request), course)
        return Membership.objects.visible_to(self.request.user).filter(course=course).select_related("user", "section")


class RosterView(APIView):
    """Class lists."""

    parser_classes = [FormParser]

    @extend_schema(
        operation_id="import_roster",
        request={
            "multipart/form-data": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
        },
        responses=RosterOutcomeSerializer,
    )
    def post(self, request: Request, slug: str) -> Response:
        """Enrol a class from a CSV file with the columns email, name, role and section: all of it or nothing."""
        course = course_for(request, slug)
        require_instructor(caller(request), course)
        file = request.FILES.get("file")
        if file is None:
            raise DrydockError("file_missing", "Send the CSV as the form field “file”.", fields={"file": "Needed."})
        outcome = import_roster(by=caller(request), course=course, content=file.read())
        return Response(RosterOutcomeSerializer(outcome).data, status=status.HTTP_200_OK)

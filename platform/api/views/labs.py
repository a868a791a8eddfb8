"""Labs and what is handed in: submitting, following, cancelling, reading the report."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import NotFound
from api.caller import caller
from api.etags import etag_of, is_known
from api.filters import SubmissionFilter
from api.parsers import FormParser, HandInJSONParser
from api.renderers import TextRenderer
from api.serializers.labs import (
    ArchiveSerializer,
    EventsSerializer,
    FilesSerializer,
    LabSerializer,
    SubmissionDetailSerializer,
    SubmissionSerializer,
)
from api.throttles import People, Submissions
from courses.deadlines import window_for
from graders.checks.base import Check
from graders.plan import LabPlan
from graders.values import draw
from labs.console_story import is_console, seed_of, story_of
from labs.errors import Conflict
from labs.intake import HandedIn
from labs.models import Lab, Submission, Via
from labs.place import place_of
from labs.reading import events_after, log_of, report_for
from labs.services import cancel, regrade, submit
from labs.tries import tries_of

AT_MOST_EVENTS = 200
POLL_QUICK_MS = 500
POLL_QUEUED_MS = 1500


def lab_for(request: Request, activity_id: int) -> Lab:
    """The lab of this activity, if the caller may see it."""
    visible = Lab.objects.visible_to(caller(request)).select_related("activity__course", "current_version")
    return get_object_or_404(visible, activity_id=activity_id)


def submission_for(request: Request, pk: int) -> Submission:
    """The submission, if the caller may see it."""
    visible = Submission.objects.visible_to(caller(request))
    return get_object_or_404(visible.select_related("lab__activity", "course", "version"), pk=pk)


def handed_in(request: Request) -> HandedIn:
    """The files in the request: a form brings an archive, JSON brings texts."""
    if isinstance(request.data, QueryDict):
        form = ArchiveSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        archive: bytes = form.validated_data["archive"].read()
        return archive
    given = FilesSerializer(data=request.data)
    given.is_valid(raise_exception=True)
    return {path: text.encode() for path, text in given.validated_data["files"].items()}


def checks_shown(plan: LabPlan, seed: int | None) -> Sequence[Check]:
    """The checks; in a console lab with the caller's own values in their titles."""
    return plan.checks if seed is None else plan.filled(draw(plan.values, seed=seed)).checks


class LabView(APIView):
    """A lab."""

    @extend_schema(operation_id="get_lab", responses=LabSerializer)
    def get(self, request: Request, activity_id: int) -> Response:
        """Its story, starter files and checks by title, and where the caller stands."""
        lab = lab_for(request, activity_id)
        version = lab.current_version
        if version is None:
            raise Conflict("lab_empty", "This lab has no content yet. Ask your instructor.")
        plan = version.lab_plan
        seed = seed_of(lab, caller(request)) if is_console(version) else None
        window = window_for(activity=lab.activity, user=caller(request))
        tries = tries_of(user=caller(request), lab=lab, window=window)
        shown = {
            "id": activity_id,
            "title": lab.activity.title,
            "version": version.number,
            "console": seed is not None,
            "story": version.readme if seed is None else story_of(version, seed),
            "bases": [base.image for base in plan.bases],
            "starter": version.starter,
            "editable": list(plan.submission.editable),
            "checks": [
                {
                    "id": check.id,
                    "title": check.shown_title(),
                    "max_points": check.points,
                    "hidden": check.hidden,
                }
                for check in checks_shown(plan, seed)
            ],
            "max_points": lab.activity.max_points,
            "minutes": lab.activity.minutes,
            "scoring": lab.scoring,
            "tries_used": tries.used,
            "tries_left": tries.left,
            "state": window.state(timezone.now()).value,
            "opens_at": window.opens_at,
            "due_at": window.due_at,
            "closes_at": window.closes_at,
        }
        return Response(LabSerializer(shown).data)


class HandInView(APIView):
    """Handing in."""

    parser_classes = [HandInJSONParser, FormParser]
    throttle_classes = [People, Submissions]

    @extend_schema(
        operation_id="create_submission",
        request={"application/json": FilesSerializer, "multipart/form-data": ArchiveSerializer},
        responses={200: SubmissionDetailSerializer, 201: SubmissionDetailSerializer},
    )
    def post(self, request: Request, activity_id: int) -> Response:
        """Hand in a try, as JSON with the files' texts or as a multipart request with an archive.

        Handing in what is waiting already returns the waiting try, with status 200.
        """
        lab = lab_for(request, activity_id)
        submission = submit(author=caller(request), lab=lab, files=handed_in(request), via=Via.API)
        context = {"place": place_of(submission)}
        code = status.HTTP_200_OK if submission.already_waiting else status.HTTP_201_CREATED
        return Response(SubmissionDetailSerializer(submission, context=context).data, status=code)


class SubmissionListView(generics.ListAPIView[Submission]):
    """Submissions: one's own, or everybody's for those who help to run the course."""

    serializer_class = SubmissionSerializer
    filterset_class = SubmissionFilter
    queryset = Submission.objects.none()

    def get_queryset(self) -> QuerySet[Submission]:
        """Those one may see."""
        return Submission.objects.visible_to(self.request.user).select_related("lab", "course", "version")

    @extend_schema(operation_id="list_submissions")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List them, newest first."""
        return super().get(request, *args, **kwargs)


class SubmissionView(APIView):
    """One submission."""

    @extend_schema(operation_id="get_submission", responses=SubmissionDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Its state, its score once it is graded, and its place while it waits."""
        submission = submission_for(request, pk)
        return Response(SubmissionDetailSerializer(submission, context={"place": place_of(submission)}).data)


class _AfterSerializer(serializers.Serializer[Any]):
    after = serializers.IntegerField(min_value=0, default=0)


class EventsView(APIView):
    """What happens to a submission."""

    @extend_schema(
        operation_id="list_submission_events",
        parameters=[OpenApiParameter("after", int, description="The sequence number of the last event one has.")],
        responses={200: EventsSerializer, 304: None},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Events after `after`, oldest first. Send the ETag back as If-None-Match: 304 says that nothing is new."""
        submission = submission_for(request, pk)
        asked = _AfterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        after: int = asked.validated_data["after"]
        events = events_after(submission=submission, sequence=after, at_most=AT_MOST_EVENTS)
        place = place_of(submission)
        next_after = events[-1].sequence if events else after
        finished = submission.is_finished and next_after >= submission.event_count
        pace = POLL_QUICK_MS if place is None else POLL_QUEUED_MS
        body = EventsSerializer(
            {
                "events": events,
                "state": submission.state,
                "finished": finished,
                "next_after": next_after,
                "poll_after_ms": 0 if finished else pace,
                "queue": place,
            }
        ).data
        etag = etag_of(submission.pk, next_after, submission.state, place and (place.position, place.waiting_for))
        headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
        if not events and is_known(etag, request.headers.get("If-None-Match", "")):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers=headers)
        return Response(body, headers=headers)


class CancelView(APIView):
    """Taking back a try that waits."""

    @extend_schema(operation_id="cancel_submission", request=None, responses=SubmissionDetailSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Cancel it: it costs nothing. 409 `not_waiting` once it is being graded."""
        submission = cancel(by=caller(request), submission=submission_for(request, pk))
        return Response(SubmissionDetailSerializer(submission_for(request, submission.pk)).data)


class RegradeView(APIView):
    """Grading again."""

    @extend_schema(operation_id="regrade_submission", request=None, responses={202: SubmissionDetailSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Grade it again, for course staff. The result stands until the new one is there."""
        again = regrade(by=caller(request), submission=submission_for(request, pk))
        return Response(
            SubmissionDetailSerializer(submission_for(request, again.pk)).data, status=status.HTTP_202_ACCEPTED
        )


class ReportView(APIView):
    """The report of a graded or refused submission."""

    @extend_schema(operation_id="get_report", responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, pk: int) -> Response:
        """The report in the schema of docs/report.md, hidden checks without their details for students."""
        report = report_for(submission=submission_for(request, pk), viewer=caller(request))
        if report is None:
            raise NotFound("no_report_yet", "There is no report yet. Follow the events until it is graded.")
        return Response(report.model_dump(mode="json"))


class LogView(APIView):
    """The build log."""

    renderer_classes = [TextRenderer, JSONRenderer]

    @extend_schema(operation_id="get_log", responses={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, request: Request, pk: int) -> HttpResponse:
        """The whole log of the builds, as text; empty before the end."""
        text = log_of(submission_for(request, pk))
        return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Content-Disposition": "inline"})

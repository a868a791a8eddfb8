"""Consoles: opening one, typing docker commands in it, reading what came of them, handing in what is there."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import NotFound
from api.caller import caller
from api.etags import etag_of, is_known
from api.serializers.consoles import (
    ConsoleSerializer,
    EntrySerializer,
    FileSerializer,
    LinesSerializer,
    TypedLineSerializer,
)
from api.throttles import ConsoleLines, People
from api.views.labs import lab_for
from labs import console_health, consoles
from labs.console_models import ConsoleEntry, ConsoleSession
from labs.models import Via

AT_MOST_ENTRIES = 50
POLL_BUSY_MS = 300
POLL_QUIET_MS = 3000
HAND_IN_SECONDS = 2.0


def console_for(request: Request, pk: int) -> ConsoleSession:
    """The console, if the caller may see it."""
    visible = ConsoleSession.objects.visible_to(caller(request))
    return get_object_or_404(visible.select_related("lab__activity", "course", "version__lab", "author"), pk=pk)


def shown(session: ConsoleSession) -> dict[str, Any]:
    """A console as the API shows it."""
    story = consoles.story_of(session.version, session.seed)
    return dict(ConsoleSerializer(session, context={"story": story}).data)


def entry_reply(entry: ConsoleEntry) -> Response:
    """An entry: with 200 when it is finished, with 202 while it is not."""
    code = status.HTTP_200_OK if entry.is_finished else status.HTTP_202_ACCEPTED
    return Response(EntrySerializer(entry).data, status=code)


class LabConsoleView(APIView):
    """The caller's console in a lab."""

    @extend_schema(operation_id="get_lab_console", responses=ConsoleSerializer)
    def get(self, request: Request, activity_id: int) -> Response:
        """The caller's console in this lab: the live one, or the latest that has ended. 404 before the first."""
        session = consoles.session_of(author=caller(request), lab=lab_for(request, activity_id))
        if session is None:
            raise NotFound("no_console_yet", "You have no console in this lab yet: open one by POST.")
        return Response(shown(console_for(request, session.pk)))

    @extend_schema(
        operation_id="open_lab_console", request=None, responses={200: ConsoleSerializer, 201: ConsoleSerializer}
    )
    def post(self, request: Request, activity_id: int) -> Response:
        """Open a console, or return the one that is live, with status 200. It is ready when its state is `open`;
        lines may be sent before.
        """
        lab = lab_for(request, activity_id)
        before = consoles.session_of(author=caller(request), lab=lab)
        session = consoles.open_session(author=caller(request), lab=lab)
        is_new = before is None or before.pk != session.pk
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(shown(console_for(request, session.pk)), status=code)


class ConsoleView(APIView):
    """A console."""

    @extend_schema(operation_id="get_console", responses={200: ConsoleSerializer, 304: None})
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Its state, story, folder and picture. Send the ETag back as If-None-Match: 304 says that nothing is new."""
        session = console_for(request, pk)
        headers = {"ETag": etag_of(session.pk, session.revision), "Cache-Control": "private, no-cache"}
        if is_known(headers["ETag"], request.headers.get("If-None-Match", "")):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers=headers)
        return Response(shown(session), headers=headers)


class _AfterSerializer(serializers.Serializer[Any]):
    after = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)


class ConsoleLinesView(APIView):
    """What is typed in a console."""

    throttle_classes = [People, ConsoleLines]

    @extend_schema(
        operation_id="list_console_lines",
        parameters=[OpenApiParameter("after", int, description="`next_after` of the reply before.")],
        responses={200: LinesSerializer, 304: None},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Entries after `after`, oldest first, unfinished ones included. Send the ETag back as If-None-Match: 304 says
        that nothing is new.
        """
        session = console_for(request, pk)
        asked = _AfterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        after: int = asked.validated_data["after"]
        headers = {"ETag": etag_of(session.pk, session.revision, after), "Cache-Control": "private, no-cache"}
        if is_known(headers["ETag"], request.headers.get("If-None-Match", "")):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers=headers)
        entries = consoles.entries_after(session=session, number=after, at_most=AT_MOST_ENTRIES)
        open_ones = [entry for entry in entries if not entry.is_finished]
        finished_up_to = min((entry.number for entry in open_ones), default=0)
        finished = [entry.number for entry in entries if not finished_up_to or entry.number < finished_up_to]
        waits = any(entry.started_at is None for entry in open_ones)
        busy = open_ones or len(entries) == AT_MOST_ENTRIES
        pace = POLL_BUSY_MS if busy else POLL_QUIET_MS
        body = LinesSerializer(
            {
                "entries": entries,
                "state": session.state,
                "picture": session.picture,
                "next_after": max(finished, default=after),
                "poll_after_ms": pace if session.is_live or busy else 0,
                "waiting_for": console_health.SENTENCES[console_health.waiting_for(session)] if waits else "",
            }
        ).data
        return Response(body, headers=headers)

    @extend_schema(
        operation_id="type_console_line",
        request=TypedLineSerializer,
        responses={200: EntrySerializer, 202: EntrySerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Have a line carried out, after those that wait. Answers with 200 and what came of it, or with 202 when that
        is not known yet: follow the lines then.
        """
        session = console_for(request, pk)
        asked = TypedLineSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        entry = consoles.type_line(by=caller(request), session=session, text=asked.validated_data["text"])
        return entry_reply(consoles.wait_for(entry, asked.validated_data["wait_seconds"]))


class ConsoleFilesView(APIView):
    """The lab's folder in a console."""

    @extend_schema(operation_id="save_console_file", request=FileSerializer, responses=ConsoleSerializer)
    def put(self, request: Request, pk: int) -> Response:
        """Write a file that is the student's to write, such as the Dockerfile that `docker build .` builds."""
        session = console_for(request, pk)
        asked = FileSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        consoles.save_file(by=caller(request), session=session, **asked.validated_data)
        return Response(shown(console_for(request, pk)))


class ConsoleHandInView(APIView):
    """Handing in."""

    @extend_schema(operation_id="hand_in_console", request=None, responses={200: EntrySerializer, 202: EntrySerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Hand in what is there now, and what was typed. With 200, `submission` is what came of it, or `error_code`
        says why nothing did; with 202 that is not known yet: follow the lines. The console stays open.
        """
        entry = consoles.hand_in_session(by=caller(request), session=console_for(request, pk), via=Via.API)
        return entry_reply(consoles.wait_for(entry, HAND_IN_SECONDS))


class ConsoleEndView(APIView):
    """Ending."""

    @extend_schema(operation_id="end_console", request=None, responses=ConsoleSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """End a console: what is on the engine is removed. What was typed stays to be read."""
        consoles.end_session(by=caller(request), session=console_for(request, pk))
        return Response(shown(console_for(request, pk)))

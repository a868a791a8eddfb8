"""Files as answers: uploading, removing and downloading them."""

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.addresses import address_of
from accounts.errors import NotFound
from api.caller import caller
from api.parsers import FormParser
from api.renderers import BytesRenderer
from api.serializers.quiz_files import FiledSerializer, NameSerializer, UploadSerializer
from api.serializers.quizzes import SavedAnswerSerializer
from api.views.quizzes import own_attempt
from quizzes.downloads import as_download
from quizzes.file_models import AnswerFile
from quizzes.files import store_file, take_file_back


class AnswerFilesView(APIView):
    """The files of one question of an attempt."""

    parser_classes = [FormParser]

    @extend_schema(
        operation_id="upload_answer_file",
        request={"multipart/form-data": UploadSerializer},
        responses={201: FiledSerializer},
    )
    def post(self, request: Request, pk: int, position: int) -> Response:
        """Upload a file, which the answer then names, in place of one with the same name.

        The name is made harmless: the reply says what it is called in the answer.
        """
        attempt = own_attempt(request, pk)
        asked = UploadSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        sent = asked.validated_data["file"]
        filed = store_file(
            attempt=attempt, position=position, name=sent.name or "", stream=sent, address=address_of(request)
        )
        return Response(FiledSerializer(filed).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="remove_answer_file",
        parameters=[OpenApiParameter("name", str, required=True, description="As the answer names the file.")],
        responses=SavedAnswerSerializer,
    )
    def delete(self, request: Request, pk: int, position: int) -> Response:
        """Name a file in the answer no longer. Earlier revisions still do."""
        attempt = own_attempt(request, pk)
        asked = NameSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        saved = take_file_back(attempt=attempt, position=position, address=address_of(request), **asked.validated_data)
        return Response(SavedAnswerSerializer(saved).data)


class AnswerFileView(APIView):
    """One file of an answer."""

    renderer_classes = [BytesRenderer, JSONRenderer]

    @extend_schema(
        operation_id="download_answer_file",
        responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request, pk: int, position: int, sha256: str) -> FileResponse:
        """Give the file to its student, or to the course's staff."""
        seen = AnswerFile.objects.visible_to(caller(request)).select_related("attempt_question")
        found = get_object_or_404(
            seen, attempt_question__attempt_id=pk, attempt_question__position=position, sha256=sha256
        )
        response = as_download(found)
        if response is None:
            raise NotFound("file_lost", "This file is no longer in the storage. Tell whoever operates Drydock.")
        return response

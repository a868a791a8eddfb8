"""Errors as problem+json (RFC 9457), one shape for all of them, with the services' stable codes."""

from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import JsonResponse
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import ErrorResponse
from rest_framework import exceptions, status
from rest_framework.response import Response

from accounts.errors import DrydockError, TooMany
from api.parsers import TooLarge
from api.renderers import ProblemRenderer
from api.serializers.quizzes import SavedAnswerSerializer
from quizzes.errors import AnswerRefused

_TITLES = {
    status.HTTP_400_BAD_REQUEST: "The request is not as it should be",
    status.HTTP_401_UNAUTHORIZED: "Sign in first",
    status.HTTP_403_FORBIDDEN: "Not allowed",
    status.HTTP_404_NOT_FOUND: "Not found",
    status.HTTP_405_METHOD_NOT_ALLOWED: "Method not allowed",
    status.HTTP_406_NOT_ACCEPTABLE: "No such format",
    status.HTTP_409_CONFLICT: "Not possible now",
    status.HTTP_413_REQUEST_ENTITY_TOO_LARGE: "Too large",
    status.HTTP_415_UNSUPPORTED_MEDIA_TYPE: "Media type not supported",
    status.HTTP_422_UNPROCESSABLE_ENTITY: "The answer has the wrong shape",
    status.HTTP_429_TOO_MANY_REQUESTS: "Too many requests",
}


class ServiceError(exceptions.APIException):
    """A service's refusal on its way to the client."""

    def __init__(self, error: DrydockError) -> None:
        super().__init__(detail=error.message, code=error.code)
        self.status_code = error.status
        self.fields = error.fields
        self.wait = error.retry_after_seconds if isinstance(error, TooMany) else None
        self.saved = SavedAnswerSerializer(error.saved).data if isinstance(error, AnswerRefused) else None


class ProblemHandler(ExceptionHandler):
    """Turns services' errors and Django's into problems."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        """Services' errors keep their code and status."""
        if isinstance(exc, DrydockError):
            return ServiceError(exc)
        if isinstance(exc, RequestDataTooBig):
            return TooLarge("The form's fields are too large: send files as files. Nothing was changed.")
        if isinstance(exc, SuspiciousOperation):
            return exceptions.ParseError("The request cannot be read: it has too many parts, or parts that do not fit.")
        return super().convert_known_exceptions(exc)

    def get_response(self, exc: exceptions.APIException, data: dict[str, Any]) -> Response:
        """Send it as problem+json, whatever format the request asked for."""
        request = self.context["request"]
        if request is not None:
            request.accepted_renderer = ProblemRenderer()
            request.accepted_media_type = ProblemRenderer.media_type
        return super().get_response(exc, data)


class ProblemFormatter(ExceptionFormatter):
    """The body: type, title, status, detail, code, and `errors` where single fields are to blame.

    Where an answer was not saved, `saved` is the one that the server has.
    """

    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        """Build the problem document."""
        errors = error_response.errors
        invalid = isinstance(self.exc, exceptions.ValidationError)
        fields = [{"field": e.attr or "", "code": e.code, "detail": str(e.detail)} for e in errors] if invalid else []
        if isinstance(self.exc, ServiceError):
            fields = [{"field": name, "code": errors[0].code, "detail": text} for name, text in self.exc.fields.items()]
        detail = str(errors[0].detail) if errors else ""
        if invalid and errors and errors[0].attr:
            detail = f"{errors[0].attr}: {detail}"
        code = "invalid" if invalid else (errors[0].code if errors else "error")
        problem = {
            "type": "about:blank",
            "title": _TITLES.get(self.exc.status_code, "Something went wrong on our side"),
            "status": self.exc.status_code,
            "code": code,
            "detail": detail,
            "errors": fields,
        }
        if isinstance(self.exc, ServiceError) and self.exc.saved is not None:
            problem["saved"] = self.exc.saved
        return problem


def problem_response(error: DrydockError) -> JsonResponse:
    """A problem for what is refused before any view of the API is asked."""
    problem = {
        "type": "about:blank",
        "title": _TITLES[error.status],
        "status": error.status,
        "code": error.code,
        "detail": error.message,
        "errors": [],
    }
    return JsonResponse(problem, status=error.status, content_type=ProblemRenderer.media_type)

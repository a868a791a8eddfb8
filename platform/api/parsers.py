"""Reading what clients send: JSON and forms, never more of it than any lab takes."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework import exceptions, parsers, status
from rest_framework.parsers import DataAndFiles

from graders.archive.limits import MIB, in_words

# Labs take up to 50 MiB; an archive of them, or their texts in JSON, may need a little more.
LARGEST_HAND_IN = 64 * MIB
LARGEST = 4 * MIB


class TooLarge(exceptions.APIException):
    """The body is larger than anything that could be taken here; nothing of it was read."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "request_too_large"


def refuse_large(context: Mapping[str, Any] | None, *, largest: int) -> None:
    """Raise TooLarge by the length that the client declares: without one, nothing is read at all."""
    length = int((context or {})["request"].META.get("CONTENT_LENGTH") or "0")  # digits: see config.lengths
    if length > largest:
        raise TooLarge(
            f"The request has {in_words(length)}; at most {in_words(largest)} can be taken here. Nothing was changed."
        )


class JSONParser(parsers.JSONParser):
    """JSON, up to a few MiB."""

    largest = LARGEST

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Read it; what is nested without end is no JSON that anybody needs."""
        refuse_large(parser_context, largest=self.largest)
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise exceptions.ParseError("The JSON is nested too deeply.") from error


class FormParser(parsers.MultiPartParser):
    """Forms with files, up to what hand-ins need."""

    largest = LARGEST_HAND_IN

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> "DataAndFiles[Any, Any]":
        """Read it; files go to disk when they are large."""
        refuse_large(parser_context, largest=self.largest)
        return super().parse(stream, media_type, parser_context)


class HandInJSONParser(JSONParser):
    """JSON with the texts of a hand-in's files."""

    largest = LARGEST_HAND_IN

"""Replies that are not JSON, so that clients may ask for them by their media type."""

from rest_framework.renderers import BaseRenderer, JSONRenderer


class TextRenderer(BaseRenderer):
    """Plain text, which views send as it is."""

    media_type = "text/plain"
    format = "txt"


class CsvRenderer(BaseRenderer):
    """Tables, which views send as they are."""

    media_type = "text/csv"
    format = "csv"


class BytesRenderer(BaseRenderer):
    """Files, which views send as they are."""

    media_type = "application/octet-stream"
    format = "bin"


class ProblemRenderer(JSONRenderer):
    """JSON under the media type of problems."""

    media_type = "application/problem+json"
    charset = None

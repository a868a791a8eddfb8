"""Refuses requests whose Content-Length is no length, before anything makes a number of it.

Python reads "+5", "1_000" and digits of every script as numbers, and raises for one of 5,000 digits: whoever counts or
reads bodies further down would take the one and fail on the other.
"""

import re
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.errors import DrydockError
from config.refusing import refusal

_LENGTH = re.compile(r"[0-9]{1,19}")
"""As RFC 9110 (8.6) has it; nineteen digits are more than any machine holds."""
_MALFORMED = "drydock.length_malformed"
"""What a request says beside its headers, whose names begin otherwise: no client can send it."""


class DeclaredLengthMiddleware:
    """Comes before all that reads lengths; the refusal itself passes through the rest, which dresses and logs it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on; one without a proper length as if it had no body, which nobody can tell the end of."""
        declared = request.META.get("CONTENT_LENGTH") or "0"
        if not _LENGTH.fullmatch(declared):
            request.META["CONTENT_LENGTH"] = "0"
            request.META[_MALFORMED] = True
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: Any) -> HttpResponseBase | None:
        """Answer in place of the view where there is something to refuse."""
        del args
        if _MALFORMED not in request.META:
            return None
        error = DrydockError(
            "content_length_malformed",
            "The Content-Length of this request is no whole number of bytes, so nothing of it was read and nothing "
            "was changed. Send it again with the right one, or let your browser or HTTP library set it.",
        )
        return refusal(request, error)

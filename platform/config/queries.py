"""Refuses addresses whose query holds a NUL character: PostgreSQL takes none in a text, and would fail on it later."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.errors import DrydockError
from config.refusing import refusal

_NUL = ("%00", "\0")


class QueryMiddleware:
    """The refusal passes through the other middleware, which dresses and logs it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: Any) -> HttpResponseBase | None:
        """Answer in place of the view where there is something to refuse."""
        del args
        query = request.META.get("QUERY_STRING", "")
        if not any(nul in query for nul in _NUL):
            return None
        error = DrydockError(
            "query_malformed",
            "The part of this address after the question mark holds a NUL character (%00), so nothing was looked for "
            "and nothing was changed. Take it out, and open the address again.",
        )
        return refusal(request, error)

"""Answers probes before anything else does, so that they need no allowed host name, session or log line."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config import health, metrics

PROBES: dict[str, Callable[[HttpRequest], HttpResponseBase]] = {
    "/livez": health.livez,
    "/readyz": health.readyz,
    "/metrics": metrics.metrics,
}
READING = ("GET", "HEAD")


class ProbesMiddleware:
    """Comes first: a probe comes by address, from a machine that knows no host name of the site."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a probe, or pass the request on."""
        probe = PROBES.get(request.path_info) if request.method in READING else None
        if probe is None:
            return self.get_response(request)
        response = probe(request)
        response.headers["Cache-Control"] = "no-store"
        return response

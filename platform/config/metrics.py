"""What Prometheus may read at /metrics, and who may."""

import ipaddress
import os
import secrets
from http import HTTPStatus

import prometheus_client
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, multiprocess

import labs.metrics

BEARER = "Bearer "


def metrics(request: HttpRequest) -> HttpResponse:
    """Every process's counters, for those who may see them."""
    if not may_read(request):
        return HttpResponse(
            "Metrics are for addresses in METRICS_ALLOWED, or with METRICS_TOKEN as a bearer token.\n",
            status=HTTPStatus.FORBIDDEN,
            content_type="text/plain; charset=utf-8",
        )
    pages = [prometheus_client.generate_latest(registry) for registry in _registries()]
    return HttpResponse(b"".join(pages), content_type=prometheus_client.CONTENT_TYPE_LATEST)


def may_read(request: HttpRequest) -> bool:
    """By token, or by address where the request came here directly: behind a proxy every address is the proxy's."""
    given = request.headers.get("Authorization", "")
    expected = f"{BEARER}{settings.METRICS_TOKEN}"
    if settings.METRICS_TOKEN and secrets.compare_digest(given.encode(), expected.encode()):
        return True
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network) for network in settings.METRICS_ALLOWED)


def _registries() -> list[CollectorRegistry]:
    """With several processes their counters lie in files, and each file is read here; grading is read off the queue."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return [prometheus_client.REGISTRY, labs.metrics.registry]
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # untyped in the library
    return [registry, labs.metrics.registry]

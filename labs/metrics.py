"""What Prometheus reads of queue, grading and consoles: asked of the database, so that every process says the same."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from labs import console_health, heartbeats
from labs.console_models import ConsoleEntry, ConsoleSession
from labs.console_states import ON_ENGINE, ConsoleState, EntryKind, EntryState
from labs.models import Submission
from labs.states import FINISHED, WAITING, State

log = structlog.get_logger(__name__)

RECENT = timedelta(minutes=15)
RECENT_AT_MOST = 1000
QUANTILES = (0.5, 0.95, 1.0)


class GradingCollector(Collector):
    """Queue length and age, outcomes, how long grading and waiting took of late, and who grades."""

    def collect(self) -> Iterator[Metric]:
        """Ask the database; when it is away, say nothing rather than break the page."""
        try:
            yield from list(_metrics())
        except DatabaseError as error:
            log.warning("metrics_unavailable", error=str(error))

    def describe(self) -> list[Metric]:
        """Nothing, so that registering asks no database."""
        return []


def _metrics() -> Iterator[Metric]:
    now = timezone.now()
    counts = dict.fromkeys(State.values, 0)
    # Without an order, or every row would be a group of its own.
    counts |= dict(Submission.objects.order_by().values_list("state").annotate(n=Count("pk")))
    waiting = GaugeMetricFamily("drydock_submissions", "Submissions that are on their way", labels=["state"])
    for state in WAITING:
        waiting.add_metric([state], counts[state])
    yield waiting
    outcomes = CounterMetricFamily("drydock_submissions_finished", "Submissions by how they ended", labels=["state"])
    for state in FINISHED:
        outcomes.add_metric([state], counts[state])
    yield outcomes
    oldest = Submission.objects.queued().order_by().aggregate(oldest=Min("queued_at"))["oldest"]
    yield GaugeMetricFamily(
        "drydock_queue_oldest_seconds",
        "How long the longest waiting submission has waited",
        value=(now - oldest).total_seconds() if oldest else 0.0,
    )
    yield from _durations()
    yield from _consoles(now)
    health = heartbeats.health(now=now)
    yield GaugeMetricFamily("drydock_workers", "Grading workers that are alive", value=health.workers)
    yield GaugeMetricFamily("drydock_engines", "Sandbox engines that answer", value=health.engines_ok)
    yield GaugeMetricFamily("drydock_workers_able", "Workers that may grade", value=health.able)


def _consoles(now: datetime) -> Iterator[Metric]:
    counts = dict.fromkeys(ON_ENGINE, 0)
    rows = ConsoleSession.objects.filter(state__in=ON_ENGINE).order_by().values_list("state")
    counts |= {ConsoleState(state): count for state, count in rows.annotate(n=Count("pk"))}
    sessions = GaugeMetricFamily("drydock_consoles", "Consoles that are not over", labels=["state"])
    for state, count in counts.items():
        sessions.add_metric([state], count)
    yield sessions
    lines = ConsoleEntry.objects.filter(kind=EntryKind.LINE)
    yield CounterMetricFamily("drydock_console_lines", "Lines carried out in consoles", value=lines.finished().count())
    yield GaugeMetricFamily("drydock_console_lines_waiting", "Lines that wait", value=lines.waiting().count())
    recent = lines.filter(state=EntryState.DONE, finished_at__gte=now - RECENT).order_by("-finished_at")
    found = list(recent.values_list("queued_at", "started_at", "finished_at")[:RECENT_AT_MOST])
    took = sorted((end - start).total_seconds() for _, start, end in found if start and end)
    waits = sorted((start - queued).total_seconds() for queued, start, _ in found if start)
    yield _quantiles("drydock_console_line_seconds", "How long lines took, over the last 15 minutes", took)
    yield _quantiles("drydock_console_line_wait_seconds", "How long lines waited, over the last 15 minutes", waits)
    health = console_health.health()
    yield GaugeMetricFamily("drydock_console_workers", "Console workers that are alive", value=health.workers)
    yield GaugeMetricFamily("drydock_console_workers_able", "Console workers that can work", value=health.able)


def _durations() -> Iterator[Metric]:
    rows = (
        Submission.objects.filter(state__in=(State.GRADED, State.REFUSED), finished_at__gte=timezone.now() - RECENT)
        .order_by("-finished_at")
        .values_list("grading_seconds", "queued_at", "started_at")[:RECENT_AT_MOST]
    )
    found = list(rows)
    grading = sorted(seconds for seconds, _, _ in found if seconds is not None)
    waits = sorted((started - queued).total_seconds() for _, queued, started in found if started)
    yield _quantiles("drydock_grading_seconds", "How long grading took, over the last 15 minutes", grading)
    yield _quantiles("drydock_queue_wait_seconds", "How long submissions waited, over the last 15 minutes", waits)


def _quantiles(name: str, about: str, values: list[float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=["quantile"])
    for quantile in QUANTILES:
        if values:
            family.add_metric([str(quantile)], values[min(len(values) - 1, int(quantile * len(values)))])
    return family


registry = CollectorRegistry()
"""The metrics of this module, for whoever serves /metrics."""
registry.register(GradingCollector())

"""What somebody who waits is told, and what operators read: places, heartbeats, metrics, the sweeper."""

import contextlib
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from builders import a_course, a_lab, a_member, a_submission, an_instructor_of, graded
from django.core.management import CommandError, call_command
from django.utils import timezone
from kombu.exceptions import OperationalError
from prometheus_client import generate_latest

from config.celery import app
from graders.sandbox.base import SandboxUnavailable
from labs import engines, heartbeats, metrics, services, tasks, workers
from labs.models import Submission, WorkerHeartbeat
from labs.place import WaitingFor, place_of
from labs.queue import claim_next
from labs.services import regrade
from labs.states import State

pytestmark = pytest.mark.django_db


def a_worker(name: str = "w", *, engine_ok: bool = True, **fields: Any) -> WorkerHeartbeat:
    return WorkerHeartbeat.objects.create(worker=name, engine_ok=engine_ok, **fields)


def position(submission: Submission) -> int:
    place = place_of(submission)
    assert place is not None
    return place.position


# ── Places ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_places_follow_the_order_in_which_workers_take() -> None:
    course = a_course()
    lab = a_lab(course)
    eager = a_member(course)
    waiting = [a_submission(lab, author=eager), a_submission(lab, author=eager), a_submission(lab), a_submission(lab)]

    places = {submission.pk: position(submission) for submission in waiting}

    order = []
    while claim := claim_next(worker="w"):
        order.append(claim.submission_id)
    assert [places[pk] for pk in order] == [1, 2, 3, 4]


def test_other_courses_count_as_far_as_they_take_turns() -> None:
    lab, busy = a_lab(), a_lab()
    for _ in range(5):
        a_submission(busy)
    mine = a_submission(lab)

    assert position(mine) == 2  # behind one of theirs, whoever begins


def test_a_regrade_stands_behind_every_try() -> None:
    lab = a_lab()
    again = regrade(by=an_instructor_of(lab.activity.course), submission=graded(a_submission(lab)))
    a_submission(lab)
    a_submission(lab)

    assert position(again) == 3


def test_who_does_not_wait_has_no_place() -> None:
    assert place_of(graded(a_submission())) is None


def test_the_wait_is_told_from_how_long_the_latest_took() -> None:
    lab = a_lab()
    graded(a_submission(lab))
    Submission.objects.update(grading_seconds=10)
    a_worker("one")
    a_worker("two")
    first, second = a_submission(lab), a_submission(lab)

    places = [place_of(first), place_of(second)]

    assert [place.expected_seconds for place in places if place] == [10, 15]


def test_a_long_queue_is_not_counted_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labs.place.COUNTED_AT_MOST", 2)
    lab = a_lab()
    last = [a_submission(lab) for _ in range(5)][-1]

    place = place_of(last)

    assert place is not None
    assert (place.position, place.capped) == (3, True)


@pytest.mark.parametrize("size", [1, 6])
def test_a_place_costs_the_same_in_a_long_queue(size: int, django_assert_num_queries: Callable[..., Any]) -> None:
    a_worker()
    lab, busy = a_lab(), a_lab()
    for _ in range(size):
        a_submission(busy)
        last = a_submission(lab)

    with django_assert_num_queries(6):
        place_of(last)


@pytest.mark.parametrize(
    ("worker", "waiting_for"),
    [
        (None, WaitingFor.WORKER),
        ({"seen_at": timezone.now() - timedelta(minutes=5)}, WaitingFor.WORKER),
        ({"engine_ok": False}, WaitingFor.ENGINE),
        ({"safe": False, "safety_checked_at": timezone.now()}, WaitingFor.SAFE_ENGINE),
        ({"safe": True, "safety_checked_at": timezone.now()}, WaitingFor.TURN),
    ],
)
def test_who_waits_is_told_for_what(worker: dict[str, Any] | None, waiting_for: WaitingFor, settings: Any) -> None:
    settings.GRADING_REQUIRES_SAFE_ENGINE = True
    if worker is not None:
        a_worker(**worker)

    place = place_of(a_submission())

    assert place is not None
    assert place.waiting_for is waiting_for
    assert place.sentence


# ── Heartbeats ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_a_workers_heart_tells_of_its_engine_and_says_goodbye(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    def down(_factory: str, _url: str) -> None:
        raise SandboxUnavailable("Nothing listens there.")

    settings.SANDBOX_ENGINE = "unix:///nowhere"
    settings.WORKER_NAME = "worker-7"
    monkeypatch.setattr(engines, "_sandbox", down)
    monkeypatch.setattr(heartbeats, "BEAT_SECONDS", 0.01)
    heart = workers.Heart()
    heart.start()
    while not WorkerHeartbeat.objects.filter(engine_message="Nothing listens there.").exists():
        assert heart.is_alive()

    health = heartbeats.health()
    heart.stop()

    assert (health.workers, health.engines_ok, health.able) == (1, 0, 0)
    assert health.messages == ("worker-7: Nothing listens there.",)
    assert not WorkerHeartbeat.objects.exists()


def test_workers_that_nobody_heard_of_for_a_day_are_forgotten() -> None:
    a_worker("old", seen_at=timezone.now() - timedelta(days=2))
    a_worker("new")

    assert heartbeats.forget_lost() == 1
    assert WorkerHeartbeat.objects.get().worker == "new"


def test_a_new_worker_looks_into_the_queue_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(tasks.wake, "apply_async", lambda **options: calls.append(options))

    workers.look_into_the_queue()

    assert len(calls) == 1


def test_calling_workers_does_not_wait_for_a_redis_that_is_away() -> None:
    """A hand-in would wait with it: one try to connect, then the sweeper is relied on."""
    visits: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def turn_away() -> None:
            with contextlib.suppress(OSError):  # closed below
                while True:
                    listener.accept()[0].close()
                    visits.append(1)

        doorman = threading.Thread(target=turn_away)
        doorman.start()
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        with app.connection_for_write(url) as connection, pytest.raises(OperationalError):
            tasks.wake.apply_async(connection=connection, retry=False)
        listener.shutdown(socket.SHUT_RDWR)
        doorman.join()

    assert len(visits) <= 2


# ── The sweeper ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many wake-up calls were sent, each time."""
    sent: list[int] = []
    monkeypatch.setattr(tasks, "call_workers", sent.append)
    return sent


def test_the_sweeper_wakes_as_many_workers_as_can_help(calls: list[int]) -> None:
    for name in ("one", "two", "three"):
        a_worker(name)
    a_submission()
    a_submission()
    services.sweep()
    a_submission()
    a_submission()
    services.sweep()

    assert calls == [2, 3]


def test_the_sweeper_lets_workers_sleep_when_nothing_waits(calls: list[int]) -> None:
    services.sweep()

    assert calls == []


def test_the_sweeper_returns_what_lost_its_worker_and_wakes_for_it(calls: list[int]) -> None:
    submission = a_submission()
    claim_next(worker="killed")
    Submission.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))

    assert services.sweep() == 1

    submission.refresh_from_db()
    assert (submission.state, submission.losses) == (State.QUEUED, 1)
    assert calls == [1]


def test_a_sweep_does_its_work_while_redis_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_times: int) -> None:
        raise OperationalError("Connection refused")

    monkeypatch.setattr(tasks, "call_workers", away)
    a_submission()
    claim_next(worker="killed")
    Submission.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))

    assert services.sweep() == 1


def test_the_command_sweeps_once_and_tells_what_failed(calls: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    a_submission()
    call_command("sweep", stdout=StringIO())
    assert calls == [1]

    def fail() -> int:
        raise RuntimeError("no")

    monkeypatch.setitem(_jobs(), "submissions", fail)
    with pytest.raises(CommandError, match="submissions"):
        call_command("sweep")
    with pytest.raises(CommandError, match="above 0"):
        call_command("sweep", every=0)


def _jobs() -> dict[str, Callable[[], int]]:
    from config.management.commands import sweep

    return sweep.JOBS


# ── Metrics ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_metrics_tell_of_queue_outcomes_durations_and_workers() -> None:
    lab = a_lab()
    graded(a_submission(lab))
    Submission.objects.update(grading_seconds=3)
    a_submission(lab)
    a_worker("one")
    a_worker("two", engine_ok=False)

    page = generate_latest(metrics.registry).decode()

    for line in (
        'drydock_submissions{state="queued"} 1.0',
        'drydock_submissions{state="running"} 0.0',
        'drydock_submissions_finished_total{state="graded"} 1.0',
        'drydock_grading_seconds{quantile="0.5"} 3.0',
        "drydock_workers 2.0",
        "drydock_engines 1.0",
    ):
        assert line in page
    assert "drydock_queue_oldest_seconds" in page
    assert "drydock_queue_wait_seconds" in page

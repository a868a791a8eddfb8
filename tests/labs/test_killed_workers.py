"""Whatever is killed, lost, doubled or restarted: each submission ends with exactly one grade."""

import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis
from builders import a_course, a_lab, a_submission
from labs_sites import Site, a_site, deadly, send_wake_ups

from deploy.up import throwaway
from gradebook.models import GradeEvent, Score
from labs.events import FINISHED
from labs.models import Submission, WorkerHeartbeat
from labs.states import FINISHED as ENDED
from labs.states import State

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

PATIENCE_SECONDS = 240
EACH_STAGE = 6


@contextmanager
def a_redis(socket: Path) -> Iterator[str]:
    """A Redis at this socket that keeps nothing over its end; its address. A port could be taken meanwhile."""
    socket.unlink(missing_ok=True)
    command = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(socket.parent)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"unix://{socket}"
    try:
        with redis.Redis.from_url(url) as client:
            until = time.monotonic() + PATIENCE_SECONDS
            while not _answers(client):
                assert server.poll() is None, "Redis ended at once."
                assert time.monotonic() < until, "Redis did not start."
                time.sleep(0.05)
        yield url
    finally:
        server.kill()
        server.wait()


def _answers(client: "redis.Redis[bytes]") -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def finished() -> int:
    return Submission.objects.filter(state__in=ENDED).count()


def until(done: Callable[[], bool], site: Site) -> None:
    """Wait, starting again whoever died, as a supervisor does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, site.log_text()
        site.keep_running()
        time.sleep(0.1)


def test_fifty_submissions_get_one_grade_each_whatever_is_killed(tmp_path: Path) -> None:
    labs = [a_lab(course) for course in (a_course(), a_course())]
    submissions = [a_submission(labs[number % 2]) for number in range(50)]
    kills = tmp_path / "kills"
    kills.mkdir()
    victims = iter(submissions)
    for stage in ("claim", "build", "report"):
        for _ in range(EACH_STAGE):
            (kills / f"{stage}-{next(victims).key[:8]}").touch()

    with TemporaryDirectory(prefix="drydock-redis-") as folder, ExitStack() as first_redis:
        socket = Path(folder) / "redis.sock"
        url = first_redis.enter_context(a_redis(socket))
        with a_site(tmp_path, redis_url=url, **deadly(kills)) as site:
            site.add_worker("worker-0", engine="fake://0")
            site.add_worker("worker-1", engine="fake://1")
            site.add_sweeper()
            send_wake_ups(url, times=20)  # doubled ones

            until(lambda: finished() >= 10, site)
            site.kill("worker-0")
            until(lambda: finished() >= 20, site)
            first_redis.close()  # and every message with it
            with a_redis(socket):
                until(lambda: finished() >= 30, site)
                site.kill("worker-1")
                site.kill("sweeper")
                until(lambda: finished() == len(submissions), site)
            told = site.log_text()

    assert list(kills.iterdir()) == [], "every planned kill has happened"
    rows = list(Submission.objects.order_by("pk"))
    assert [(row.pk, row.state, row.losses, row.trouble) for row in rows if row.state != State.GRADED] == [], told
    assert all(row.attempt >= 2 for row in rows[: 3 * EACH_STAGE])
    assert Score.objects.count() == GradeEvent.objects.count() == len(submissions)
    for row in rows:
        events = list(row.events.order_by("sequence"))
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        assert Counter(event.kind for event in events)[FINISHED] == 1
        assert events[-1].kind == FINISHED


def test_a_worker_that_is_asked_to_end_loses_nothing_and_another_goes_on(tmp_path: Path) -> None:
    lab = a_lab()
    submissions = [a_submission(lab) for _ in range(20)]

    with throwaway.redis() as url, a_site(tmp_path, redis_url=url, **deadly(tmp_path)) as site:
        site.add_worker("worker-0", engine="fake://0")
        until(lambda: finished() >= 2, site)
        site.running["worker-0"].terminate()
        site.running["worker-0"].wait(PATIENCE_SECONDS)
        left = Submission.objects.filter(state=State.QUEUED).count()
        assert finished() + left == len(submissions), site.log_text()
        assert left
        assert not WorkerHeartbeat.objects.exists(), "it said goodbye"
        until(lambda: finished() == len(submissions), site)

    assert set(Submission.objects.values_list("attempt", flat=True)) == {1}

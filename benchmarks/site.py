"""The running site as the benchmarks use it: a course of its own with a student for each job, removed afterwards."""

import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from deploy.demo.client import Client
from deploy.demo.crib import PACK
from deploy.up.instance import Instance, find
from deploy.up.ports import DEFAULT_PORT
from deploy.up.programs import site_environment

OWN_PACK = Path(__file__).resolve().parent / "pack"
LAB = "one-step"
"""The measures' own lab: it stays as it is, whatever the course's labs become, as the baselines' work does."""
SLUG = "benchmark"


@dataclass(frozen=True)
class Graded:
    """One hand-in: seconds from hand-in to grade, and those of the grading itself."""

    seconds: float
    grading_seconds: float


@dataclass
class Bench:
    """Students with tokens, and the lab they hand in to."""

    engines: list[str]
    lab: int
    clients: list[Client]
    files: dict[str, str]
    _phases: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def hand_in_and_wait(self, number: int) -> Graded:
        """Hand in once and wait for the grade. Raises RuntimeError when it is not full marks."""
        client = self.clients[number % len(self.clients)]
        submission = client.post(f"labs/{self.lab}/submissions/", {"files": self._changed(number)})
        return self._result(client, submission["id"])

    def throughput(self, jobs: int) -> float:
        """Hand in so many at once, and count grades a second from the first hand-in to the last grade."""
        handed_in = [
            (client, client.post(f"labs/{self.lab}/submissions/", {"files": self._changed(1000 + number)})["id"])
            for number, client in enumerate(self.clients[:jobs])
        ]
        for client, submission in handed_in:
            self._result(client, submission)
        rows = [client.get(f"submissions/{submission}/") for client, submission in handed_in]
        first = min(_moment(row, "handed_in_at") for row in rows)
        last = max(_moment(row, "finished_at") for row in rows)
        return jobs / (last - first).total_seconds()

    def phases(self) -> dict[str, float]:
        """Median seconds of each phase of grading, in the report's order."""
        return {name: statistics.median(seconds) for name, seconds in self._phases.items()}

    def _changed(self, number: int) -> dict[str, str]:
        # A comment makes each try new: the same files again would be taken for the one that waits.
        return {**self.files, "Dockerfile": f"{self.files['Dockerfile']}# {os.getpid()} {number}\n"}

    def _result(self, client: Client, submission: int) -> Graded:
        row: dict[str, Any] = client.get(f"submissions/{submission}/")
        while row["state"] in {"queued", "running"}:
            time.sleep(0.2)
            row = client.get(f"submissions/{submission}/")
        if row["state"] != "graded" or row["score"] != row["max_score"]:
            raise RuntimeError(
                f"A reference solution came out as {row['state']}, {row['score']} of {row['max_score']}."
            )
        report = client.get(f"submissions/{submission}/report/")
        for phase in report["phases"]:
            self._phases[phase["name"]].append(phase["seconds"])
        waited = _moment(row, "finished_at") - _moment(row, "handed_in_at")
        return Graded(waited.total_seconds(), sum(phase["seconds"] for phase in report["phases"]))


@contextmanager
def open_bench(*, students: int) -> Iterator[Bench]:
    """The measures' lab with so many students, in the running site, until the block ends."""
    dockerfile = (OWN_PACK / "labs" / LAB / "solutions" / "reference" / "Dockerfile").read_text()
    with course_of(LAB, pack=OWN_PACK, students=students) as made:
        yield Bench(list(made.instance.engines), made.lab, made.clients, {"Dockerfile": dockerfile})


@dataclass(frozen=True)
class Made:
    """A course of one lab in the running site, and its students' ways in."""

    instance: Instance
    lab: int
    """Id of the activity."""
    clients: list[Client]
    url: str

    def session_cookie(self, number: int) -> tuple[str, str]:
        """Sign a student in: name and value of the cookie that a browser needs."""
        from importlib import import_module

        from django.conf import settings
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

        from accounts.models import User

        user = User.objects.get(email=_address(number))
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        return settings.SESSION_COOKIE_NAME, session.session_key


def _address(number: int) -> str:
    return f"bench{number}@benchmark.invalid"


@contextmanager
def course_of(slug: str, *, students: int, pack: Path = PACK) -> Iterator[Made]:
    """Make a course with this lab of a pack in the running site's database, and remove all of it at the end."""
    instance = find()
    port = int(instance.recall("port") or DEFAULT_PORT)
    os.environ.update(site_environment(instance, port))
    sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "platform")]
    import django

    django.setup()
    from knox.models import AuthToken

    from accounts.models import User
    from authoring.packs import load
    from courses.models import Activity, ActivityKind, Course, Membership
    from labs.services import sync_lab

    _remove()
    files = load(pack).labs[slug]
    course = Course.objects.create(slug=SLUG, title="Benchmark")
    points = files.plan.max_points
    lab = Activity.objects.create(
        course=course, kind=ActivityKind.LAB, slug=slug, title=slug, max_points=points, published=True
    )
    sync_lab(activity=lab, plan=files.plan, readme=files.readme, starter=files.starter)
    url = f"http://127.0.0.1:{port}"
    clients = []
    for number in range(students):
        user = User.objects.create_user(_address(number), None)
        Membership.objects.create(course=course, user=user)
        clients.append(Client(url, token=AuthToken.objects.create(user=user)[1]))
    try:
        yield Made(instance, lab.pk, clients, url)
    finally:
        _remove()


def _remove() -> None:
    from accounts.models import User
    from courses.models import Course
    from labs.console_models import ConsoleSession
    from labs.models import Submission

    ConsoleSession.objects.filter(course__slug=SLUG).delete()
    Submission.objects.filter(course__slug=SLUG).delete()
    Course.objects.filter(slug=SLUG).delete()
    User.objects.filter(email__endswith="@benchmark.invalid").delete()


def _moment(row: Mapping[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(row[name])

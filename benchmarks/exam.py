"""An exam that many start within a minute, saving every few seconds, while web processes are killed under way.

Each student does what the page does: saves an answer, and sends it again at a growing pace until the server has it.
At the end everybody hands in, and what the database holds is compared with what each student saw saved.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.quiz_class import Student, a_quiz, started_attempt, students_of, values_to_save
from benchmarks.served import Served, a_site
from benchmarks.wire import Reply, Wire

QUIZ = "/courses/measured/quiz/quiz/"
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
GIVE_UP_SECONDS = 120
SERVER_ERRORS = 500


@dataclass(frozen=True)
class Exam:
    """How many take it, and at which pace; seconds."""

    students: int = 1000
    start_within: float = 60.0
    save_every: float = 10.0
    lasts: float = 180.0
    kill_every: float = 15.0
    """A web process is killed so often; every fourth time all of the server is, and started again two seconds later."""


@dataclass
class Sitting:
    """What one student did: the answer that holds for each question, and how long each save took."""

    student: Student
    answers: dict[int, str] = field(default_factory=dict)
    saves: list[float] = field(default_factory=list)
    """Seconds from the first try to the server's word."""
    at_once: list[float] = field(default_factory=list)
    """Those of the saves that nothing came between."""
    sent_again: int = 0
    attempt: int = 0


@dataclass
class Outcome:
    """What came of the exam."""

    sittings: list[Sitting]
    start_seconds: list[float]
    kills: int
    restarts: int
    lost: list[str]
    """In words, each answer that is not in the database as its student saw it saved."""

    def told(self) -> dict[str, object]:
        """As plain figures."""
        saves = sorted(seconds for one in self.sittings for seconds in one.saves)
        at_once = sorted(seconds for one in self.sittings for seconds in one.at_once)
        return {
            "students": len(self.sittings),
            "saves": len(saves),
            "sent_again": sum(one.sent_again for one in self.sittings),
            "kills": self.kills,
            "restarts": self.restarts,
            "lost": len(self.lost),
            "start_p95": _percentile(self.start_seconds, 95),
            "save_median": round(statistics.median(saves), 3),
            "save_p95": _percentile(saves, 95),
            "save_longest": round(saves[-1], 3),
            "at_once_p95": _percentile(at_once, 95),
        }


def _percentile(values: Sequence[float], share: int) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, len(ordered) * share // 100)], 3)


class _Page:
    """The student's page: it sends until the server answers."""

    def __init__(self, wire: Wire, sitting: Sitting) -> None:
        self._wire, self._sitting = wire, sitting

    async def until_answered(self, path: str, form: Mapping[str, str] | None) -> Reply:
        """Send, and again at a growing pace while nobody answers. Raises TimeoutError when that goes on for minutes."""
        pause, until = FIRST_PAUSE, time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < until:
            try:
                async with asyncio.timeout(30):
                    reply = await (self._wire.get(path) if form is None else self._wire.post(path, form))
            except (OSError, EOFError, TimeoutError):
                self._wire.close()
            else:
                if reply.status < SERVER_ERRORS:
                    return reply
            self._sitting.sent_again += 1
            await asyncio.sleep(pause * random.uniform(0.7, 1.3))
            pause = min(2 * pause, LONGEST_PAUSE)
        raise TimeoutError(f"Nobody answered {path}.")


async def _sit(sitting: Sitting, exam: Exam, values: Mapping[int, list[str]], port: int, starts: list[float]) -> None:
    source = random.Random(sitting.student.user.pk)
    began = time.monotonic()
    await asyncio.sleep(source.uniform(0, exam.start_within))
    page = _Page(sitting.student.wire(port), sitting)
    asked = time.monotonic()
    reply = await page.until_answered(QUIZ, {})
    starts.append(time.monotonic() - asked)
    sitting.attempt = started_attempt(reply.headers.get("location", ""))
    await page.until_answered(f"/attempts/{sitting.attempt}/", None)
    revisions = dict.fromkeys(values, 0)
    while time.monotonic() - began < exam.lasts:
        position = source.choice(list(values))
        now = sitting.answers.get(position)
        value = source.choice([one for one in values[position] if one != now])
        form = {"answer": value, "revision": str(revisions[position]), "client": f"page{sitting.attempt}"}
        asked, sent_again = time.monotonic(), sitting.sent_again
        reply = await page.until_answered(f"/attempts/{sitting.attempt}/answers/{position}/", form)
        if reply.status != 200:
            raise RuntimeError(f"A save was refused with {reply.status}: {reply.body.decode(errors='replace')[:300]}")
        sitting.saves.append(time.monotonic() - asked)
        if sitting.sent_again == sent_again:
            sitting.at_once.append(sitting.saves[-1])
        sitting.answers[position] = value
        revisions[position] = json.loads(reply.body)["revision"]
        await asyncio.sleep(max(0.0, exam.save_every * source.uniform(0.8, 1.2) - (time.monotonic() - asked)))
    await page.until_answered(f"/attempts/{sitting.attempt}/finish/", {})


async def _under_fire(site: Served, exam: Exam, done: asyncio.Event) -> tuple[int, int]:
    """Kill web processes until everybody is done; how many, and how often all of the server was started anew."""
    kills = restarts = 0
    while not done.is_set():
        try:
            await asyncio.wait_for(done.wait(), exam.kill_every)
        except TimeoutError:
            kills += 1
            if kills % 4:
                site.kill_one_process()
            else:
                restarts += 1
                site.kill()
                await asyncio.sleep(2)
                await asyncio.to_thread(site.start)
    return kills, restarts


async def _hold(site: Served, exam: Exam, students: Sequence[Student], values: Mapping[int, list[str]]) -> Outcome:
    sittings = [Sitting(student) for student in students]
    starts: list[float] = []
    done = asyncio.Event()
    fire = asyncio.create_task(_under_fire(site, exam, done))
    await asyncio.gather(*(_sit(sitting, exam, values, site.port, starts) for sitting in sittings))
    done.set()
    kills, restarts = await fire
    return Outcome(sittings, starts, kills, restarts, [])


def hold(exam: Exam) -> Outcome:
    """Hold the exam on a site of its own, and compare what is stored with what was seen saved."""
    with a_site() as site:
        quiz = a_quiz(attempts=1, time_limit_minutes=60)
        students = students_of(quiz, exam.students, started=False)
        outcome = asyncio.run(_hold(site, exam, students, values_to_save(quiz)))
        outcome.lost += _lost(outcome.sittings)
    return outcome


def _lost(sittings: Sequence[Sitting]) -> list[str]:
    from quizzes.models import Attempt, AttemptQuestion

    stored: dict[int, dict[int, object]] = {}
    for attempt, position, value in AttemptQuestion.objects.values_list("attempt_id", "position", "value"):
        stored.setdefault(attempt, {})[position] = value
    states = dict(Attempt.objects.values_list("pk", "state"))
    trouble = [
        f"{one.student.user}: attempt {one.attempt} is {states[one.attempt]}"
        for one in sittings
        if states[one.attempt] != "CLOSED"
    ]
    for one in sittings:
        for position, value in one.answers.items():
            there = stored[one.attempt][position]
            if there not in (value, [value], value == "true"):
                trouble.append(f"{one.student.user}, question {position}: saved {value!r}, stored {there!r}")
    return trouble


def report(exam: Exam) -> int:
    """Hold the exam and print what came of it; how many answers were lost."""
    outcome = hold(exam)
    for line in outcome.lost[:20]:
        print(f"  LOST {line}")
    print(json.dumps(outcome.told()))
    return len(outcome.lost)


def main() -> int:
    """Hold an exam of a size of one's own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exam", description=(__doc__ or "").splitlines()[0])
    usual = Exam()
    parser.add_argument("--students", type=int, default=usual.students)
    for name in ("start_within", "save_every", "lasts", "kill_every"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=getattr(usual, name), help="seconds")
    return 1 if report(Exam(**vars(parser.parse_args()))) else 0


if __name__ == "__main__":
    sys.exit(main())

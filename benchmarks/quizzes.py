"""How many requests a second a quiz bears: view, autosave and finish, beside bare views in the same server."""

import asyncio
import json
import multiprocessing
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from benchmarks import served
from benchmarks.quiz_class import PER_PAGE, QUESTIONS, Student, a_quiz, answers, in_turn, students_of

CONNECTIONS = 8
MOODLE = {"view": 25, "autosave": 95, "finish": 33}
"""Requests a second of Moodle 4.5 at its best for such a quiz on such a machine, load from the same cores."""

Step = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Load:
    """What one connection does again and again; made in the process that sends the load."""

    port: int
    student: Student
    values: dict[int, list[str]]

    def view(self) -> Step:
        """Look at the pages in turn."""
        wire, pages, turn = self.student.wire(self.port), QUESTIONS // PER_PAGE, 0

        async def step() -> None:
            nonlocal turn
            turn += 1
            _expect(await wire.get(f"/attempts/{self.student.attempt}/?page={turn % pages + 1}"), 200)

        return step

    def autosave(self) -> Step:
        """Save another answer each time."""
        wire, turn = self.student.wire(self.port), in_turn(self.values)
        revisions = dict.fromkeys(self.values, 0)

        async def step() -> None:
            position, value = next(turn)
            form = {"answer": value, "revision": str(revisions[position]), "client": f"c{self.student.attempt}"}
            reply = await wire.post(f"/attempts/{self.student.attempt}/answers/{position}/", form)
            _expect(reply, 200)
            revisions[position] = json.loads(reply.body)["revision"]

        return step

    def read(self) -> Step:
        """The bare view with one query."""
        wire = self.student.wire(self.port)

        async def step() -> None:
            _expect(await wire.get(f"/bare/{self.student.user.pk}/read/"), 200)

        return step

    def write(self) -> Step:
        """The bare view with one query and one write."""
        wire = self.student.wire(self.port)

        async def step() -> None:
            _expect(await wire.post(f"/bare/{self.student.user.pk}/write/", {"answer": "x"}), 200)

        return step


def _expect(reply: object, status: int) -> None:
    if getattr(reply, "status", None) != status:
        raise RuntimeError(f"Expected {status}: {reply}"[:600])


async def _for_seconds(steps: Sequence[Step], seconds: float) -> int:
    done = 0
    until = time.monotonic() + seconds

    async def go_on(step: Step) -> None:
        nonlocal done
        while time.monotonic() < until:
            await step()
            done += 1

    await asyncio.gather(*map(go_on, steps))
    return done


def _rate(loads: Sequence[Load], what: str, seconds: float, result: "multiprocessing.Queue[float]") -> None:
    steps = [getattr(load, what)() for load in loads]

    async def measured() -> int:
        await _for_seconds(steps, min(2.0, seconds))  # warm
        return await _for_seconds(steps, seconds)

    result.put(asyncio.run(measured()) / seconds)


def rate(loads: Sequence[Load], what: str, seconds: float) -> float:
    """Requests a second when each connection sends its next as soon as it has its answer."""
    context = multiprocessing.get_context("fork")
    result: multiprocessing.Queue[float] = context.Queue()
    process = context.Process(target=_rate, args=(loads, what, seconds, result))
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"The load “{what}” failed.")
    return result.get()


def _finish(port: int, students: Sequence[Student], result: "multiprocessing.Queue[float]") -> None:
    waiting = list(students)

    async def go_on() -> None:
        while waiting:
            student = waiting.pop()
            wire = student.wire(port)
            _expect(await wire.post(f"/attempts/{student.attempt}/finish/", {}), 302)
            wire.close()

    async def measured() -> float:
        began = time.monotonic()
        await asyncio.gather(*(go_on() for _ in range(CONNECTIONS)))
        return len(students) / (time.monotonic() - began)

    result.put(asyncio.run(measured()))


def finish_rate(port: int, students: Sequence[Student]) -> float:
    """Quizzes handed in a second."""
    context = multiprocessing.get_context("fork")
    result: multiprocessing.Queue[float] = context.Queue()
    process = context.Process(target=_finish, args=(port, students, result))
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError("Handing in failed.")
    return result.get()


def measure(*, seconds: float, rounds: int) -> None:
    """Each rate some times in turn, so that all see the same neighbours; medians and ratios."""
    with served.a_site() as site:
        quiz = a_quiz(attempts="unlimited")
        takers = students_of(quiz, CONNECTIONS)
        loads = [Load(site.port, student, answers(student.attempt or 0)) for student in takers]
        print(
            f"A quiz of {QUESTIONS} questions, {PER_PAGE} a page, on PostgreSQL; requests a second, more is better.\n"
        )
        rates: dict[str, list[float]] = {name: [] for name in ("read", "view", "write", "autosave", "finish")}
        for number in range(rounds):
            for what in ("read", "view", "write", "autosave"):
                rates[what].append(rate(loads, what, seconds))
            rates["finish"].append(_finished(site.port, quiz, int(30 * seconds), number))
            print(f"  {number + 1} of {rounds}: " + ", ".join(f"{k} {v[-1]:.0f}" for k, v in rates.items()), flush=True)
        middle = {name: sorted(values)[len(values) // 2] for name, values in rates.items()}
        for what, bare in (("view", "read"), ("autosave", "write"), ("finish", "write")):
            print(
                f"  {what:<9} {middle[what]:>6.0f}/s  RATIO {middle[what] / middle[bare]:.2f} x the bare {bare}"
                f" ({middle[bare]:.0f}/s; aim: at least 0.5), {middle[what] / MOODLE[what]:.1f} x Moodle's"
                f" {MOODLE[what]}/s (aim: at least 5)"
            )


def _finished(port: int, quiz: object, count: int, number: int) -> float:
    from quizzes.models import AttemptQuestion

    leavers = students_of(quiz, count, named=f"leaver{number}-")
    for student in leavers[:1]:
        values = answers(student.attempt or 0)
    for position, (value, _) in values.items():
        asked = AttemptQuestion.objects.filter(position=position, attempt__in=[one.attempt for one in leavers])
        asked.update(value=value, revision=1, saved_at=asked.first().attempt.started_at)  # type: ignore[union-attr]  # there is one
    return finish_rate(port, leavers)

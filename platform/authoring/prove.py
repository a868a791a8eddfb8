"""Carries out the proofs of a pack's questions on sandbox engines, several at once, and says how each key fared."""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from authoring.packs import Pack
from graders.sandbox.base import Sandbox
from quizzes.proof_runs import Prover, SeedResult, together
from quizzes.proving import SEEDS, Outcome, seeds_of
from quizzes.stored import digest_of
from quizzes.types.base import QuestionType

_WORDS = {Outcome.PROVEN: "proven", Outcome.CONTRADICTED: "CONTRADICTED", Outcome.NOT_RUN: "not run"}


@dataclass(frozen=True, kw_only=True)
class Proved:
    """How one question's key fared."""

    question: QuestionType
    outcome: Outcome
    why: str
    results: tuple[SeedResult, ...]
    seconds: float

    @property
    def line(self) -> str:
        """It in a line; both values where they differ."""
        seeds = f" ({len(self.results)} seeds)" if len(self.results) > 1 else ""
        told = f": {self.why}" if self.why else ""
        return f"{_WORDS[self.outcome]:<13}{self.question.id}{seeds}{told}"


def with_proof(questions: Sequence[QuestionType], *, only: str | None = None) -> list[QuestionType]:
    """The questions that have a proof, or of these the one with this id."""
    return [question for question in questions if question.proof is not None and only in (None, question.id)]


def prove_pack(
    pack: Pack,
    *,
    sandboxes: Sequence[Sandbox],
    tell: Callable[[str], object],
    jobs: int = 1,
    seeds: int = SEEDS,
    only: str | None = None,
) -> list[Proved]:
    """Carry every proof out, `jobs` at once on each engine, telling each as it is done; in the order of the banks.

    Raises SandboxUnavailable when an engine cannot be used: what it had is not judged.
    """
    wanted = with_proof(pack.questions, only=only)
    for sandbox in sandboxes:
        sandbox.info()
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for position in sorted(range(len(wanted)), key=lambda position: not wanted[position].varies):  # the longest first
        waiting.put(position)
    bases = [str(base["image"]) for base in pack.course.bases.values() if "image" in base]
    proving = _Proving(wanted, waiting, bases=bases, seeds=seeds, tell=tell)
    threads = [
        threading.Thread(target=proving.work, args=(sandbox,), name="prove")
        for sandbox in sandboxes
        for _ in range(jobs)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if proving.trouble:
        raise proving.trouble[0]
    return [proving.done[position] for position in range(len(wanted))]


class _Proving:
    """The questions that are left to prove, shared by the threads that prove them."""

    def __init__(
        self,
        wanted: Sequence[QuestionType],
        waiting: "queue.SimpleQueue[int]",
        *,
        bases: Sequence[str],
        seeds: int,
        tell: Callable[[str], object],
    ) -> None:
        self.done: dict[int, Proved] = {}
        self.trouble: list[Exception] = []
        self._wanted = wanted
        self._waiting = waiting
        self._bases = bases
        self._seeds = seeds
        self._tell = tell
        self._lock = threading.Lock()

    def work(self, sandbox: Sandbox) -> None:
        """Prove one question after the other until none is left, or something is wrong."""
        while not self.trouble:
            try:
                position = self._waiting.get_nowait()
            except queue.Empty:
                return
            try:
                proved = self._prove(self._wanted[position], sandbox)
            except Exception as trouble:  # noqa: BLE001  raised again by whoever waits for the threads
                self.trouble.append(trouble)
                return
            with self._lock:
                self.done[position] = proved
                self._tell(f"[{len(self.done)} of {len(self._wanted)}] {proved.line} ({proved.seconds:.1f} s)")

    def _prove(self, question: QuestionType, sandbox: Sandbox) -> Proved:
        began = time.monotonic()
        prover = Prover(question, sandbox=sandbox, bases=self._bases, job_id=f"prove-{digest_of(question)[:12]}")
        results = tuple(prover.prove(seed) for seed in seeds_of(question, count=self._seeds))
        outcome, why = together(results)
        return Proved(question=question, outcome=outcome, why=why, results=results, seconds=time.monotonic() - began)


def summary(proved: Sequence[Proved], *, questions: int) -> Iterator[str]:
    """A table of the counts, and below it each that is not proven, with both values."""
    counts = {outcome: sum(each.outcome is outcome for each in proved) for outcome in Outcome}
    yield ""
    for outcome, count in counts.items():
        yield f"{_WORDS[outcome]:<13}{count:>5}"
    yield f"{'no proof':<13}{questions - len(proved):>5}"
    for each in proved:
        if each.outcome is Outcome.PROVEN:
            continue
        yield ""
        yield f"{each.question.id} ({each.question.kind}): {_WORDS[each.outcome]}"
        found = next((result for result in each.results if result.outcome is each.outcome), None)
        if found is not None:
            yield f"  the key says        {found.key}"
            yield f"  the engine showed   {found.seen or '-'}"
        yield f"  {each.why}"

"""Carries out the proofs of a pack's questions on sandbox engines, several at once, and says how each key fared."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from authoring.packs import Pack
from authoring.side_by_side import side_by_side
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
    def contradicted(self) -> bool:
        """Whether the engine showed something else than the key."""
        return self.outcome is Outcome.CONTRADICTED

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
    bases = [str(base["image"]) for base in pack.course.bases.values() if "image" in base]

    def prove(question: QuestionType, sandbox: Sandbox) -> Proved:
        began = time.monotonic()
        prover = Prover(question, sandbox=sandbox, bases=bases, job_id=f"prove-{digest_of(question)[:12]}")
        results = tuple(prover.prove(seed) for seed in seeds_of(question, count=seeds))
        outcome, why = together(results)
        return Proved(question=question, outcome=outcome, why=why, results=results, seconds=time.monotonic() - began)

    def tell_one(proved: Proved, done: int) -> None:
        tell(f"[{done} of {len(wanted)}] {proved.line} ({proved.seconds:.1f} s)")

    longest_first = sorted(wanted, key=lambda question: not question.varies)
    proved = side_by_side(longest_first, sandboxes=sandboxes, jobs=jobs, do=prove, on_done=tell_one)
    by_id = {each.question.id: each for each in proved}
    return [by_id[question.id] for question in wanted]


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

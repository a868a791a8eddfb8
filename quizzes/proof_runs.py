"""Carries out a question's proof, seed by seed, and says what came of all of them together."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from graders.proofs.carrying import carry_out
from graders.proofs.seen import Seen, TerminalLine
from graders.sandbox.base import Sandbox
from graders.visible import listed, visible
from quizzes.proof_keys import key_in_words
from quizzes.proving import CannotJudge, Outcome, Verdict, judge, plan_of, variant_of
from quizzes.types.base import QuestionType
from quizzes.types.family import VariantFails

_MOST_WHY = 500


class SeedResult(BaseModel):
    """How one variant fared: plain data, as a proof keeps it. `seed` is None for a question that does not vary."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    seed: int | None = None
    outcome: Outcome
    key: str
    seen: str = ""
    why: str = ""
    terminal: tuple[TerminalLine, ...] = ()
    engine: str = ""

    def as_json(self) -> dict[str, Any]:
        """The result as a proof keeps it."""
        return self.model_dump(mode="json")


class Prover:
    """Proves one question on a sandbox. Variants that come out alike are carried out once."""

    def __init__(self, question: QuestionType, *, sandbox: Sandbox, bases: Sequence[str], job_id: str) -> None:
        self._question = question
        self._sandbox = sandbox
        self._bases = tuple(bases)
        self._job_id = job_id
        self._seen: dict[str, Seen] = {}

    def prove(self, seed: int | None) -> SeedResult:
        """Carry one variant's proof out and judge it. Raises SandboxUnavailable, and nothing else."""
        try:
            variant = variant_of(self._question, seed)
        except VariantFails as failure:
            why = f"This seed makes no question: {listed(failure.messages)}."
            return _result(seed, Verdict(outcome=Outcome.NOT_RUN, key="", why=why), Seen())
        try:
            plan = plan_of(variant)
        except CannotJudge as cannot:
            key = key_in_words(variant)
            return _result(seed, Verdict(outcome=Outcome.NOT_RUN, key=key, why=str(cannot)), Seen())
        same = plan.model_dump_json()
        if same not in self._seen:
            name = self._job_id if seed is None else f"{self._job_id}-{seed}"
            self._seen[same] = carry_out(plan, self._sandbox, bases=self._bases, job_id=name)
        return _result(seed, judge(variant, self._seen[same]), self._seen[same])


def _result(seed: int | None, verdict: Verdict, seen: Seen) -> SeedResult:
    return SeedResult(
        seed=seed,
        outcome=verdict.outcome,
        key=visible(verdict.key),
        seen=visible(verdict.seen)[:_MOST_WHY],
        why=visible(verdict.why),
        terminal=seen.terminal,
        engine=seen.engine,
    )


def together(results: Iterable[SeedResult]) -> tuple[Outcome, str]:
    """What came of all of them, and why in a sentence: any contradiction contradicts, saying the seed."""
    each = list(results)
    for outcome in (Outcome.CONTRADICTED, Outcome.NOT_RUN):
        found = next((result for result in each if result.outcome is outcome), None)
        if found is not None:
            where = "" if found.seed is None else f"Seed {found.seed}: "
            return outcome, f"{where}{found.why}"[:_MOST_WHY]
    return Outcome.PROVEN, ""

"""What people are shown of proofs: those who teach all, students what a terminal showed, once keys are released."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from graders.proofs.seen import TerminalLine
from quizzes.models import Attempt, AttemptQuestion, Question
from quizzes.proof_models import ENDED, Proof, ProofState
from quizzes.proof_runs import SeedResult
from quizzes.proof_services import results_of
from quizzes.proving import Outcome, seeds_of


@dataclass(frozen=True, kw_only=True)
class ProofPanel:
    """A question's proof for those who teach: what is under way, and what ended last."""

    question: Question
    has_proof: bool
    seeds: int
    under_way: Proof | None = None
    last: Proof | None = None
    """The newest that ended."""
    standing: Proof | None = None
    """The one that counts: the newest that settled it. Another than `last` where that was not run."""
    results: tuple[SeedResult, ...] = ()
    """Of the one that is shown, what matters most first."""
    shown: Proof | None = None
    """The one whose results these are."""


def panel_of(question: Question) -> ProofPanel:
    """All that its page shows of a question's proof. Two queries."""
    version = question.current_version
    content = version.content if version is not None else None
    if version is None or content is None or content.proof is None:
        return ProofPanel(question=question, has_proof=False, seeds=0)
    rows = list(
        Proof.objects.filter(course=question.course_id, question_digest=version.digest)
        .select_related("asked_by")
        .order_by("-pk")
    )
    ended = [row for row in rows if row.state in ENDED]
    standing = next((row for row in ended if row.state != ProofState.NOT_RUN), None)
    last = ended[0] if ended else None
    shown = last if last is not None and last.seen else standing
    results = results_of(shown) if shown is not None else []
    order = {Outcome.CONTRADICTED: 0, Outcome.NOT_RUN: 1, Outcome.PROVEN: 2}
    return ProofPanel(
        question=question,
        has_proof=True,
        seeds=len(seeds_of(content)),
        under_way=next((row for row in rows if row.state not in ENDED), None),
        last=last,
        standing=standing,
        results=tuple(sorted(results, key=lambda result: order[result.outcome])),
        shown=shown,
    )


@dataclass(frozen=True, kw_only=True)
class ProofShown:
    """A proof as a student sees it: what a terminal showed, and whether with the student's own values."""

    terminal: tuple[TerminalLine, ...]
    key: str
    """The right answer to what was carried out."""
    other_values: bool
    """Whether it is of another variant than the student's."""
    engine: str
    ended_at: datetime | None


def proofs_for_review(attempt: Attempt) -> dict[int, ProofShown]:
    """The proofs of an attempt's questions, by position, for a review with keys released. Two queries at most.

    Only what was proven is shown: a contradiction is the instructor's to put right.
    """
    proven = Proof.objects.standing().filter(
        course=OuterRef("attempt__quiz__activity__course"),
        question_digest=OuterRef("question_version__digest"),
        state=ProofState.PROVEN,
    )
    rows = AttemptQuestion.objects.filter(attempt=attempt).annotate(proof=Subquery(proven.values("pk")[:1]))
    wanted = rows.exclude(proof=None).values_list("position", "seed", "proof")
    found = {}
    positions = [(position, seed, pk) for position, seed, pk in wanted]
    proofs = Proof.objects.in_bulk({pk for _, _, pk in positions}) if positions else {}
    for position, seed, pk in positions:
        shown = _shown(proofs[pk], seed)
        if shown is not None:
            found[position] = shown
    return found


def _shown(proof: Proof, seed: int | None) -> ProofShown | None:
    results = [result for result in results_of(proof) if result.terminal]
    if not results:
        return None
    own = next((result for result in results if result.seed == seed), None)
    result = own or results[0]
    return ProofShown(
        terminal=result.terminal,
        key=result.key,
        other_values=own is None,
        engine=proof.engine,
        ended_at=proof.ended_at,
    )

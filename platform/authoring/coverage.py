"""Counts what a pack has of each of its topics, and names the gaps: what its course.yaml asks for and nothing gives."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from authoring.packs import Pack


@dataclass(frozen=True, kw_only=True)
class Covered:
    """One topic: its questions (variants of one count once), those of them with values and with a proof, its labs."""

    topic: str
    questions: int
    varying: int
    proofs: int
    labs: int
    gaps: tuple[str, ...]


def coverage(pack: Pack) -> list[Covered]:
    """Every topic of the course, in its order."""
    return [_covered(pack, topic) for topic in pack.course.topics]


def _covered(pack: Pack, topic: str) -> Covered:
    questions = [question for question in pack.questions if topic in question.topics]
    proofs = sum(question.proof is not None for question in questions)
    labs = sum(topic in _topics_of(pack, name) for name in pack.labs)
    needs, least = pack.course.topics[topic].needs, pack.course.coverage.questions
    gaps = []
    if len(questions) < least:
        gaps.append(f"{least - len(questions)} more question{'s' if least - len(questions) > 1 else ''}")
    if "proof" in needs and not proofs:
        gaps.append("a question with a proof")
    if "lab" in needs and not labs:
        gaps.append("a lab")
    return Covered(
        topic=topic,
        questions=len(questions),
        varying=sum(question.varies for question in questions),
        proofs=proofs,
        labs=labs,
        gaps=tuple(gaps),
    )


def _topics_of(pack: Pack, lab: str) -> set[str]:
    plan = pack.labs[lab].plan
    return {*plan.topics, *(topic for check in plan.checks for topic in check.topics)}


def coverage_table(covered: Sequence[Covered]) -> Iterator[str]:
    """The counts as a table, one topic a line, with its gaps behind it."""
    wide = max(len(each.topic) for each in covered)
    yield f"{'topic':<{wide}}  questions  with values  with a proof  labs"
    for each in covered:
        gaps = f"   MISSING: {', '.join(each.gaps)}" if each.gaps else ""
        yield (
            f"{each.topic:<{wide}}  {each.questions:>9}  {each.varying:>11}  {each.proofs:>12}  {each.labs:>4}{gaps}"
        )

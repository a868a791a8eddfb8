"""Holds a question's key against what was seen on an engine. Pure: the same question and sight give the same verdict.

What was seen is handed in as an answer, and has to be right; or it has to be as the author says that it is where the
key holds. The author states the key, and the proof can only contradict it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from graders.proofs.plan import PartShows, ProofPlan
from graders.proofs.seen import Seen
from graders.proofs.shows import ANSWER, Expected, Shows, in_words
from graders.visible import listed, quoted
from quizzes.proof_faults import DEFAULT, STATEMENT, faults_of, named_choice, named_option
from quizzes.proof_keys import (
    NoAnswer,
    as_answer,
    choice_called,
    is_right,
    key_in_words,
    key_to_carry_out,
    option_called,
    part_answer,
    part_called,
)
from quizzes.types.base import QuestionType
from quizzes.types.family import SEEDS_TRIED

SEEDS = SEEDS_TRIED
"""How many variants of a question that varies are carried out: those that are tried when it is read."""


class Outcome(StrEnum):
    """What came of a proof."""

    PROVEN = "proven"
    CONTRADICTED = "contradicted"
    NOT_RUN = "not_run"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How the key fared. `key` and `seen` are both values in words; `why` is a sentence where it is not proven."""

    outcome: Outcome
    key: str
    seen: str = ""
    why: str = ""


class CannotJudge(Exception):
    """The proof does not say how the key follows from what is seen; the message is for its author."""


def seeds_of(question: QuestionType, *, count: int = SEEDS) -> tuple[int | None, ...]:
    """The seeds to carry out: the first `count`, and None alone for a question that does not vary."""
    return tuple(range(count)) if question.varies else (None,)


def variant_of(question: QuestionType, seed: int | None) -> QuestionType:
    """The question as it is with this seed. Raises VariantFails."""
    return question if seed is None else question.variant(seed)


def plan_of(question: QuestionType) -> ProofPlan:
    """What is carried out for a variant: its proof with its Dockerfile and its key in it. Raises CannotJudge."""
    if question.proof is None:
        raise CannotJudge("It has no proof.")
    faults = list(faults_of(question))
    if faults:
        raise CannotJudge(faults[0])
    return question.proof.with_key(dockerfile=question.dockerfile, key=key_to_carry_out(question))


def judge(question: QuestionType, seen: Seen) -> Verdict:
    """Hold the key of a variant against what was seen. Never raises for what was seen."""
    key = key_in_words(question)
    if seen.trouble:
        return Verdict(outcome=Outcome.NOT_RUN, key=key, why=seen.trouble)
    try:
        plan = plan_of(question)
        if plan.options:
            return _of_options(question, plan, seen, key)
        if plan.parts:
            return _of_parts(question, plan, seen, key)
        return _of_the_whole(question, plan, seen, key)
    except CannotJudge as cannot:
        return Verdict(outcome=Outcome.NOT_RUN, key=key, why=str(cannot))


def _of_options(question: QuestionType, plan: ProofPlan, seen: Seen, key: str) -> Verdict:
    holding = [text for text, shows in plan.options.items() if not _objections(plan, shows, seen)]
    ids = {option_called(question, text) for text in holding}
    rights = set(question.key().options)
    others = _objections(plan, plan.shows, seen)
    found = listed([quoted(text) for text in holding]) or "none of the options"
    if ids == rights and not others:
        return Verdict(outcome=Outcome.PROVEN, key=key, seen=found)
    why = others[0] if others else f"The key says {quoted(key)}, and what the engine showed holds for {found}."
    return Verdict(outcome=Outcome.CONTRADICTED, key=key, seen=found, why=why)


def _of_parts(question: QuestionType, plan: ProofPlan, seen: Seen, key: str) -> Verdict:
    said: list[str] = []
    wrong = list(_objections(plan, plan.shows, seen))
    answers: dict[str, str] = {}
    for name, shows in plan.parts.items():
        value, conditions = _value_of_part(question, plan, (name, shows), seen)
        wrong += conditions
        if value is None:
            continue
        said.append(f"{name}: {value[1]}")
        try:
            part, given = part_answer(question, name, value[0])
            answers[part] = given
        except NoAnswer as none:
            wrong.append(f"For {quoted(name)} the engine showed {quoted(value[1])}, and {none}.")
    if not wrong:
        marks = question.score(dict(answers)).options
        names = {part.id: part.text or part.id for part in question.public().parts}
        wrong += [
            f"For {quoted(names[part])} the engine showed another answer than the key, {quoted(marks[part].right)}."
            for part in answers
            if part not in marks or marks[part].outcome != "right"
        ]
    found = "; ".join(said)
    if wrong:
        return Verdict(outcome=Outcome.CONTRADICTED, key=key, seen=found, why=wrong[0])
    return Verdict(outcome=Outcome.PROVEN, key=key, seen=found)


def _value_of_part(
    question: QuestionType, plan: ProofPlan, named: tuple[str, PartShows], seen: Seen
) -> tuple["SeenAnswer | None", list[str]]:
    """What is seen to be a part's answer, None where nothing is said to be; and what is not as it must be."""
    name, shows = named
    value, wrong = _value_of(plan, shows.shows, seen)
    part = part_called(question, name)
    if part is None or value is not None or wrong:
        return value, wrong
    if not shows.options:
        choice = named_choice(part, shows.shows)
        text = next((one.text for one in part.choices if one.id == choice), None)
        return (None if text is None else (text, text)), wrong
    holding = [text for text, many in shows.options.items() if not _objections(plan, many, seen)]
    if len({choice_called(part, text) for text in holding}) == 1:
        return (holding[0], holding[0]), wrong
    found = listed([quoted(text) for text in holding]) or "nothing that can be chosen"
    return None, [f"For {quoted(name)}, what the engine showed holds for {found}."]


def _of_the_whole(question: QuestionType, plan: ProofPlan, seen: Seen, key: str) -> Verdict:
    shows = plan.shows or (DEFAULT,)
    value, wrong = _value_of(plan, shows, seen)
    if question.kind == STATEMENT and value is None:
        holds = str(not wrong).lower()
        told = wrong[0] if wrong else f"All of it was seen: {_sight(plan, shows, seen)}."
        if {holds} == set(question.key().options):
            return Verdict(outcome=Outcome.PROVEN, key=key, seen=f"{holds}: {told}")
        why = f"The key says {key}, and what the engine showed says {holds}. {told}"
        return Verdict(outcome=Outcome.CONTRADICTED, key=key, seen=f"{holds}: {told}", why=why)
    found = value[1] if value is not None else _sight(plan, shows, seen)
    if wrong:
        return Verdict(outcome=Outcome.CONTRADICTED, key=key, seen=found, why=wrong[0])
    if value is None:
        named = named_option(question, shows)
        if named is not None and {named} != question.key().options:
            why = f"The key says {quoted(key)}, and the engine showed {quoted(found)}."
            return Verdict(outcome=Outcome.CONTRADICTED, key=key, seen=found, why=why)
        return Verdict(outcome=Outcome.PROVEN, key=key, seen=found)
    try:
        right, objection = is_right(question, as_answer(question, value[0])), ""
    except NoAnswer as none:
        right, objection = False, f"; {none}"
    if right:
        return Verdict(outcome=Outcome.PROVEN, key=key, seen=found)
    why = f"The key says {quoted(key)}, and the engine showed {quoted(found)}{objection}."
    return Verdict(outcome=Outcome.CONTRADICTED, key=key, seen=found, why=why)


SeenAnswer = tuple[str | int | float | bool | None, str]
"""What was seen where the answer is, and the same in words."""


def _value_of(plan: ProofPlan, many: Sequence[Shows], seen: Seen) -> tuple[SeenAnswer | None, list[str]]:
    """What is seen where `answer` is written, None where nowhere; and what is not as it must be."""
    found: SeenAnswer | None = None
    for shows in many:
        for asked, wanted in plan.asked_by(shows):
            if wanted == ANSWER:
                if found is not None:
                    raise CannotJudge("The proof takes two things for the answer; one of them has to be a condition.")
                if asked.key not in seen.facts:
                    raise CannotJudge(f"Nobody saw {asked.key}.")
                value = shows.answer_in(seen.facts[asked.key])
                found = value, in_words(value).strip() if value is not None else "nothing"
    return found, _objections(plan, many, seen)


def _objections(plan: ProofPlan, many: Iterable[Shows], seen: Seen) -> list[str]:
    """What is not as it must be, each in a sentence."""
    found = []
    for shows in many:
        for asked, wanted in plan.asked_by(shows):
            if isinstance(wanted, Expected) and not wanted.holds(value := seen.facts.get(asked.key)):
                is_so = "there is none" if value is None else f"it is {quoted(in_words(value))}"
                found.append(f"{_capital(asked.key)} should {wanted.words()}, and {is_so}.")
    return found


def _sight(plan: ProofPlan, many: Iterable[Shows], seen: Seen) -> str:
    """The conditions' facts as they were seen, in words."""
    told = []
    for shows in many:
        for asked, wanted in plan.asked_by(shows):
            if isinstance(wanted, Expected):
                told.append(f"{asked.key} is {quoted(in_words(seen.facts.get(asked.key)))}")
    return listed(told)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

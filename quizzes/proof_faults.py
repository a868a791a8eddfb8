"""What keeps a question's key from following from its proof: such a proof would let any key pass, or none.

A proof that only says what must be seen holds whichever option is marked as right. So something of it has to be tied
to the key: what is seen is the answer, or each option says what is seen if it is right, or the key is carried out.
"""

from collections.abc import Iterator, Sequence

from graders.proofs.plan import KEY, PartShows, ProofPlan
from graders.proofs.shows import ANSWER, Shows
from graders.visible import quoted
from quizzes.proof_keys import (
    choice_called,
    is_one_text,
    only_value,
    option_called,
    part_called,
    right_choices,
)
from quizzes.types.base import PublicPart, QuestionType
from quizzes.types.ordering import Ordering

STATEMENT = "true_or_false"
DEFAULT = Shows.model_validate("stdout")
"""What is looked at where a proof says nothing: what is printed is the answer."""
_TIE = "say what of it is the answer, such as `stdout: answer`"


def faults_of(question: QuestionType) -> Iterator[str]:
    """What keeps the key of a variant from following from its proof, each in a sentence for its author."""
    plan = question.proof
    if plan is None:
        return
    if question.needs_person:
        yield "Its answers are marked by a person: there is no key that a proof could settle."
        return
    if plan.options:
        yield from _faults_of_options(question, plan)
    if plan.parts:
        yield from _faults_of_parts(question, plan)
    if plan.options and plan.parts:
        yield "The proof has `options` and `parts`: a question has the one or the other."
    elif plan.options or plan.parts:
        if _is_told(plan.shows):
            field = "options" if plan.options else "parts"
            yield f"With `{field}`, nothing in the proof's own `shows` is the answer: say there what must be seen."
    else:
        yield from _faults_of_the_whole(question, plan)
    if plan.builds and not (plan.dockerfile or question.dockerfile or _all_bring_their_own(plan)):
        yield "There is no Dockerfile to build: give the question a `dockerfile`, or the proof one."


def named_option(question: QuestionType, shows: Sequence[Shows]) -> str | None:
    """The option that is what must be seen, word for word: then it has to be the right one."""
    value = only_value(shows)
    return None if value is None else option_called(question, value)


def named_choice(part: PublicPart, shows: Sequence[Shows]) -> str | None:
    """What can be chosen for a part and is what must be seen, word for word: then it has to be right."""
    value = only_value(shows)
    return None if value is None else choice_called(part, value)


def _is_told(many: Sequence[Shows]) -> bool:
    return any(ANSWER in shows.facts().values() for shows in many)


def _faults_of_the_whole(question: QuestionType, plan: ProofPlan) -> Iterator[str]:
    parts = question.public().parts
    if _is_told(plan.shows or (DEFAULT,)):
        if isinstance(question, Ordering):
            yield "No order is seen in one place: have the key carried out as `$answer`, and say what must be seen."
        elif parts:
            yield "Its answer has several parts, and nothing seen is all of them. Say in `parts` what settles each."
        return
    if question.kind == STATEMENT or (plan.uses_key and is_one_text(question)):
        return
    if plan.uses_key:
        field = "parts" if parts else "options"
        yield f"Its key is not one text that could be carried out as `{KEY}`. Say in `{field}` what settles each."
    elif isinstance(question, Ordering):
        yield "Nothing ties the proof to the key: any order would pass. Have the key itself carried out as `$answer`."
    elif parts:
        yield "Nothing ties the proof to the key: any would pass. Say in `parts`, by an item's text, its answer."
    elif not question.public_options(()):
        yield (
            "Nothing ties the proof to the key. Say which of what is seen is the answer, such as `exit_code: answer`, "
            "or have the key itself carried out as `$answer`."
        )
    elif named_option(question, plan.shows) is None:
        yield (
            "Nothing ties the proof to the key: whichever option were right, it would pass. Give it `options`: by the "
            f"text of the right one and of others, what is seen if it is right, and only then. Or {_TIE}."
        )


def _faults_of_options(question: QuestionType, plan: ProofPlan) -> Iterator[str]:
    said = {option_called(question, text) for text in plan.options}
    for text in plan.options:
        if option_called(question, text) is None:
            yield f"The proof speaks of the option {quoted(text)}, which the question does not have."
    rights = question.key().options
    if question.kind == STATEMENT or not rights:
        yield "Only a question with options can be proven option by option."
    elif not rights <= said:
        yield "The proof's `options` leave out one that is right."
    elif said <= rights < {option.id for option in question.public_options(())}:
        yield (
            "The proof's `options` speak of what is right alone, so that nothing tells it from the others. Say of "
            "another option too what would be seen if it were right."
        )


def _faults_of_parts(question: QuestionType, plan: ProofPlan) -> Iterator[str]:
    for name in plan.parts:
        if part_called(question, name) is None:
            yield f"The proof speaks of the part {quoted(name)}, which the question does not have."
    is_carried_out = plan.uses_key and is_one_text(question)
    said = {part.id for name in plan.parts if (part := part_called(question, name)) is not None}
    if not is_carried_out:
        for left_out in (part for part in question.public().parts if part.id not in said):
            yield f"The proof's `parts` leave out {quoted(left_out.text or left_out.id)}: any answer there would pass."
    for name, shows in plan.parts.items():
        part = part_called(question, name)
        if part is None:
            continue
        if shows.options:
            yield from _faults_of_choices(question, part, name, shows)
        elif not (is_carried_out or _is_told(shows.shows) or named_choice(part, shows.shows) is not None):
            choices = ", or give it `options`: by what can be chosen, what is seen if that is right"
            yield (
                f"For {quoted(name)}, what must be seen would be so whatever its answer were: {_TIE}"
                f"{choices if part.choices else ''}."
            )


def _faults_of_choices(question: QuestionType, part: PublicPart, name: str, shows: PartShows) -> Iterator[str]:
    said = {choice_called(part, text) for text in shows.options}
    for text in shows.options:
        if choice_called(part, text) is None:
            yield f"The proof speaks of {quoted(text)}, which cannot be chosen for {quoted(name)}."
    if _is_told(shows.shows):
        yield f"For {quoted(name)} the proof has `options` and an answer besides: leave one of them out."
    rights = right_choices(question, part)
    if not rights <= said:
        yield f"For {quoted(name)}, the proof's `options` leave out what is right."
    elif said <= rights:
        yield f"For {quoted(name)}, the proof's `options` speak of what is right alone: say it of another choice too."


def _all_bring_their_own(plan: ProofPlan) -> bool:
    if any(KEY in path for path in plan.files):
        return True
    return all(build.dockerfile in {**plan.files, **build.files} or build.rebuild_of for build in plan.builds.values())

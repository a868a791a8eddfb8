"""A question's key as proofs need it: in words, as a text to be carried out, and as an answer read out of a sight."""

import re
from collections.abc import Sequence

from graders.proofs.shows import Expected, Shows, in_words
from graders.proofs.shows import Value as SeenValue
from quizzes.types.base import MalformedAnswer, PublicPart, QuestionType
from quizzes.types.blanks import Blanks, ChosenBlank
from quizzes.types.categorise import Categorise
from quizzes.types.matching import Matching
from quizzes.types.numeric import Numeric
from quizzes.types.ordering import Ordering
from quizzes.types.passage import BLANK
from quizzes.types.text import alike

_FENCE = re.compile(r"^\s*```.*$\n?", re.MULTILINE)
_MOST_IN_WORDS = 300


class NoAnswer(Exception):
    """What was seen is no answer that the question could be given; the message says so, to follow what was seen."""


def key_in_words(question: QuestionType) -> str:
    """The right answer, short enough for the middle of a sentence."""
    key = question.key()
    words = "; ".join((*key.texts, *key.literals)) or ", ".join(sorted(key.options))
    return words if len(words) <= _MOST_IN_WORDS else f"{words[:_MOST_IN_WORDS]}…"


def key_to_carry_out(question: QuestionType) -> str:
    """The right answer as commands or lines of a Dockerfile: what `$answer` stands for in a proof."""
    if isinstance(question, Ordering):
        return "\n".join(_bare(item.text) for item in question.items)
    if isinstance(question, Blanks):
        return _filled_in(question)
    key = question.key()
    first = next(iter((*key.literals, *key.texts)), "")
    return _bare(first)


def is_one_text(question: QuestionType) -> bool:
    """Whether what `$answer` stands for is the whole key: pairs, groups and several options are no such text."""
    if isinstance(question, Matching | Categorise):
        return False
    return not question.takes_many or len(question.key().options) == 1


def only_value(shows: Sequence[Shows]) -> str | None:
    """What must be seen, word for word, where just one thing must."""
    wanted = [one for each in shows for one in each.facts().values() if isinstance(one, Expected)]
    return wanted[0].equals if len(wanted) == 1 else None


def _filled_in(question: Blanks) -> str:
    def word(found: re.Match[str]) -> str:
        blank = question.blanks[found[1]]
        return _bare(blank.answer if isinstance(blank, ChosenBlank) else blank.answer[0])

    return _FENCE.sub("", BLANK.sub(word, question.passage)).strip("`\n") + "\n"


def _bare(text: str) -> str:
    """Markdown's marks for code taken away."""
    plain = _FENCE.sub("", text).strip("\n")
    return plain[1:-1] if len(plain) > 2 and plain[0] == plain[-1] == "`" else plain  # noqa: PLR2004  its two marks


def option_called(question: QuestionType, text: str) -> str | None:
    """The id of the option with this text; case, spaces and marks around it do not matter."""
    options = question.public_options(())
    exact = next((option.id for option in options if option.text == text), None)
    return exact or next((option.id for option in options if alike(option.text) == alike(text)), None)


def as_answer(question: QuestionType, seen: SeenValue) -> object:
    """What was seen, as the answer that somebody would give who saw it. Raises NoAnswer."""
    if seen is None:
        raise NoAnswer("there is nothing of the kind to be seen")
    text = in_words(seen).strip()
    options = question.public_options(())
    if options:
        found = option_called(question, text) or next((one.id for one in options if one.id == text), None)
        if found is None:
            raise NoAnswer("none of the options says so")
        return [found] if question.takes_many or question.kind == "dockerfile_line" else found
    if isinstance(question, Numeric) and question.unit_needed:
        return f"{text} {question.unit}"
    return text


def part_called(question: QuestionType, name: str) -> PublicPart | None:
    """The part with this text or id."""
    return next((one for one in question.public().parts if one.id == name or alike(one.text) == alike(name)), None)


def choice_called(part: PublicPart, text: str) -> str | None:
    """The id of what can be chosen for a part, by its text or id."""
    exact = next((one.id for one in part.choices if text in {one.id, one.text}), None)
    return exact or next((one.id for one in part.choices if alike(one.text) == alike(text)), None)


def right_choices(question: QuestionType, part: PublicPart) -> set[str]:
    """The ids of what can be chosen for a part and is right there."""
    return {
        choice.id
        for choice in part.choices
        if (mark := question.score({part.id: choice.id}).options.get(part.id)) and mark.outcome == "right"
    }


def part_answer(question: QuestionType, part_name: str, seen: SeenValue) -> tuple[str, str]:
    """The id of a part, by its text or id, and what was seen as its answer. Raises NoAnswer."""
    if seen is None:
        raise NoAnswer("there is nothing of the kind to be seen")
    text = in_words(seen).strip()
    part = part_called(question, part_name)
    if part is None:
        raise NoAnswer(f"the question has no part `{part_name}`")
    if not part.choices:
        return part.id, text
    chosen = choice_called(part, text)
    if chosen is None:
        raise NoAnswer(f"nothing that can be chosen for `{part_name}` says so")
    return part.id, chosen


def is_right(question: QuestionType, answer: object) -> bool:
    """Whether this answer gets every point. Raises NoAnswer for what cannot be given as an answer."""
    try:
        value = question.parse(answer)
    except MalformedAnswer as malformed:
        raise NoAnswer(f"it is no answer here: {malformed.message}") from malformed
    return value is not None and question.score(value).fraction == 1

"""What a teacher should look at, in plain words: raised only where chance alone is an unlikely reason.

The levels are Ebel & Frisbie's (1991, ch. 13): a discrimination of 0.4 and up is very good, from 0.3 good, from 0.2
fair, and below that poor.
"""

import math
from collections.abc import Iterator

from quizzes.analysis.figures import FEW_TRIES, Flag, OptionCount, QuestionFigures
from quizzes.analysis.formulas import shares_differ, upper_bound

ENOUGH_TRIES = 20
"""With fewer, nothing is flagged but that."""
FAIR = 0.2
EASY, HARD = 0.95, 0.2
MANY_LEFT_OUT = 0.2
SURE = 2.326
"""Standard errors that chance exceeds once in a hundred times (one-sided)."""
SELDOM = 0.01
VARIANTS_APART = 0.15
"""Variants whose facility differs by less do not matter, however sure it is."""
_LONGEST = 70


def flags_of(question: QuestionFigures) -> tuple[Flag, ...]:
    """What to look at in a question, the gravest first."""
    if question.asked.dropped:
        return (Flag(code="dropped", tone="note", text="Dropped: it counts for nobody."),)
    if question.asked.full_marks:
        return (Flag(code="full_marks", tone="note", text="Everybody was given full marks, whatever was answered."),)
    if question.tries < ENOUGH_TRIES:
        tries = "1 try" if question.tries == 1 else f"{question.tries} tries"
        return (Flag(code="few", tone="note", text=f"Only {tries}: too few to judge the question by."),)
    found = [*_key(question), *_discrimination(question), *_difficulty(question), *_rest(question)]
    return tuple(sorted(found, key=lambda flag: ("bad", "warn", "note").index(flag.tone)))


def _quoted(option: OptionCount) -> str:
    text = " ".join(option.text.split())
    return f"{option.label} (“{text if len(text) <= _LONGEST else text[: _LONGEST - 1] + '…'}”)"


def _key(question: QuestionFigures) -> Iterator[Flag]:
    """A wrong option that the strongest choose: more than the key, or more than the weakest do."""
    keys = [option for option in question.options if option.right]
    key_among_best = sum(option.by_group[-1] for option in keys)
    for option in question.options:
        if option.right:
            continue
        best, weakest = option.there[-1], option.there[0]
        among_best, among_weakest = option.by_group[-1], option.by_group[0]
        both = among_best + key_among_best
        is_comparable = question.asked.one_answer and all(key.there == option.there for key in keys)
        if is_comparable and both and (among_best - key_among_best) / math.sqrt(both) >= SURE:
            yield Flag(
                code="best_choose_other",
                tone="bad",
                text=f"Of the {best} strongest students, {among_best} chose {_quoted(option)}, "
                f"{key_among_best} the key. Is the key right? If not, regrade.",
            )
        elif shares_differ(among_best, best, among_weakest, weakest) >= SURE:
            yield Flag(
                code="best_fall_for",
                tone="bad",
                text=f"{_quoted(option)} is wrong, yet the strongest choose it more often than the weakest "
                f"({among_best} of {best} against {among_weakest} of {weakest}). "
                "Can it be read as right?",
            )


def _discrimination(question: QuestionFigures) -> Iterator[Flag]:
    found = question.discrimination.value
    if found is None or upper_bound(found, question.tries) >= FAIR:
        return
    if found < 0:
        yield Flag(
            code="negative_discrimination",
            tone="bad",
            text="Those who do well otherwise do worse here than those who do badly. "
            "Look for a wrong key, or for words that mislead those who know.",
        )
    elif question.facility.value is not None and HARD < question.facility.value < EASY:
        yield Flag(
            code="weak_discrimination",
            tone="warn",
            text="It hardly tells those who do well otherwise from those who do not. Is it about something else?",
        )


def _is_as_guessing(question: QuestionFigures, facility: float) -> bool:
    """Whether as few get it right as by guessing, and those who know more are no better at it."""
    tells = question.discrimination.value
    blind = tells is None or tells < FAIR
    return question.asked.one_answer and len(question.options) > 1 and facility <= 1 / len(question.options) and blind


def _difficulty(question: QuestionFigures) -> Iterator[Flag]:
    facility = question.facility.value
    if facility is None:
        return
    if facility >= EASY:
        yield Flag(
            code="too_easy", tone="note", text="Nearly everybody gets it right: good to begin with, of little else."
        )
    elif _is_as_guessing(question, facility):
        yield Flag(
            code="as_guessing",
            tone="warn",
            text=f"No better than guessing among {len(question.options)}. Was it taught, and is the key right?",
        )
    elif facility <= HARD:
        yield Flag(code="too_hard", tone="warn", text="Hardly anybody gets it right. Was it taught, and is it clear?")


def _rest(question: QuestionFigures) -> Iterator[Flag]:
    choices = () if question.asked.by_parts else question.options
    unused = [one for one in choices if not one.chosen and not one.right and one.tries >= ENOUGH_TRIES]
    if unused:
        names = ", ".join(_quoted(option) for option in unused)
        yield Flag(
            code="unused_option",
            tone="note",
            text=f"Nobody of {min(one.tries for one in unused)} chose {names}: a likelier mistake would make students "
            "think more.",
        )
    if question.omitted_share >= MANY_LEFT_OUT:
        yield Flag(
            code="left_out",
            tone="warn",
            text=f"{question.omitted} of {question.tries} left it out. Did time run out, or is it unclear what to do?",
        )
    alike = question.variants_alike.value
    known = [one.facility for one in question.variants if one.tries >= FEW_TRIES]
    if alike is not None and alike < SELDOM and max(known) - min(known) >= VARIANTS_APART:
        yield Flag(
            code="variants_differ",
            tone="warn",
            text=f"Its variants are not equally hard ({min(known):.0%} to {max(known):.0%} of the points), more than "
            "chance explains: students were not asked the same.",
        )

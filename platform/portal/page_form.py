"""One form for all questions of a page: its names, so that no question's answer is taken for another's.

The templates of the question types name their controls `answer` and `answer-<part>`. On a page the position is added,
`answer-b1@3`; what is sent for one question alone, by scripts, does without.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from portal.asked import number_asked
from quizzes.types.base import FormValues

# Inside a tag only: in texts `<` is escaped, and in attributes `>` is.
_NAME = re.compile(r"""(<(?:input|select|textarea)\b[^>]*?\sname=["'])(answer(?:-[^"'>]*)?)(["'])""")


def named_for(html: str, position: int) -> SafeString:
    """Add the position to the names of a rendered question's controls."""
    return mark_safe(_NAME.sub(rf"\1\2@{position}\3", html))  # noqa: S308 - as safe as it was: digits were added


@dataclass(frozen=True, kw_only=True)
class SentAnswer:
    """What a page sent for one question."""

    position: int
    values: FormValues
    revision: int


def answers_sent(form: Mapping[str, Sequence[str]]) -> list[SentAnswer]:
    """Sort a page's form (names to values) by question, in their order. What belongs to no question is left out."""
    fields: dict[int, dict[str, Sequence[str]]] = {}
    for name, values in form.items():
        bare, _, digits = name.rpartition("@")
        position = number_asked(digits)
        if bare and position is not None:
            fields.setdefault(position, {})[bare] = values
    return [
        SentAnswer(
            position=position,
            values=FormValues.sent(sent),
            revision=number_asked((sent.get("revision") or [""])[-1]) or 0,
        )
        for position, sent in sorted(fields.items())
        # Radio buttons of which none is ticked send nothing: the revision says that the question was there.
        if "revision" in sent
    ]

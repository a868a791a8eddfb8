"""What questions of several parts share: an answer gives something for each part, by the part's id.

Nothing that students are sent tells the order in which the author wrote: ids are made of texts, parts are shown in an
order of their ids unless another one is drawn, and what may be chosen is sorted by its words.
"""

import hashlib
import random
import re
from abc import abstractmethod
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, ClassVar, Literal

from quizzes.types.base import (
    MAX_RAW_ITEMS,
    MalformedAnswer,
    OptionMark,
    PublicPart,
    PublicQuestion,
    QuestionType,
    Scored,
    Value,
    refuse_at,
)

_NUMBER = re.compile(r"(\d{1,18})", re.ASCII)


def id_of(text: str) -> str:
    """An id that depends on the text alone, as those of options do."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def by_words(text: str) -> tuple[Any, ...]:
    """Sort key: as people look things up, with numbers by their size."""
    return (*(_word(word) for word in _NUMBER.split(text.casefold()) if word), (2, 0, text))


def _word(word: str) -> tuple[int, int, str]:
    return (0, int(word), "") if word.isascii() and word.isdecimal() else (1, 0, word)


def one_of(raw: object, choices: Container[str]) -> str:
    """Read the id of something chosen for a part. Raises MalformedAnswer."""
    if not isinstance(raw, str):
        raise MalformedAnswer("answer_type", "An answer here is the id of what is chosen for each part, as text.")
    if raw not in choices:
        raise MalformedAnswer("option_unknown", "This question has no such choice. Reload the page and choose again.")
    return raw


def require_different(texts: Iterable[str], place: Callable[[int], tuple[str | int, ...]]) -> None:
    """Refuse a text that was given before, to the author, at the place that `place` makes of its position."""
    seen: set[str] = set()
    for position, text in enumerate(texts):
        if text in seen:
            refuse_at(place(position), f"`{text}` is given twice", text)
        seen.add(text)


class PartsQuestion(QuestionType):
    """A question of several parts; an answer is stored as what was given for each, and parts without one are absent.

    `scoring`: `per_part` (each part that is right earns the same share) or `all_or_nothing`.
    """

    scoring: Literal["per_part", "all_or_nothing"] = "per_part"

    takes_parts: ClassVar[bool] = True

    @abstractmethod
    def part_ids(self) -> tuple[str, ...]:
        """The ids of the parts, in the order in which the author wrote them."""

    @abstractmethod
    def read_part(self, part: str, raw: object) -> str | None:
        """Read what was given for one part. Raises MalformedAnswer."""

    @abstractmethod
    def mark_part(self, part: str, given: str | None) -> OptionMark:
        """Judge what was given for one part; None where nothing was."""

    @abstractmethod
    def public_part(self, part: str) -> PublicPart:
        """Show one part to a student."""

    def read(self, raw: object) -> Value | None:
        """Read a value for each part; the order in which they come does not matter."""
        if not isinstance(raw, Mapping) or len(raw) > MAX_RAW_ITEMS:
            raise MalformedAnswer("answer_type", "An answer here is a value for each part, by the part's id.")
        known = self.part_ids()
        given: dict[str, str] = {}
        for part in sorted(raw, key=str):
            if part not in known:
                raise MalformedAnswer(
                    "part_unknown", "This question has no such part. Reload the page and answer again."
                )
            value = None if raw[part] is None or raw[part] == "" else self.read_part(part, raw[part])
            if value is not None:
                given[part] = value
        return given or None

    def marks(self, value: Mapping[str, str]) -> dict[str, OptionMark]:
        """Judge each part."""
        return {part: self.mark_part(part, value.get(part)) for part in self.part_ids()}

    def score(self, value: Value) -> Scored:
        """A share for each part that is right, or all or nothing."""
        marks = self.marks(value if isinstance(value, dict) else {})
        share = Fraction(sum(mark.outcome == "right" for mark in marks.values()), len(marks))
        if self.scoring == "all_or_nothing":
            share = Fraction(int(share == 1))
        return Scored(fraction=share, options=marks)

    def score_or_nothing(self, value: Value | None) -> Scored:
        """Without an answer, each part still says what would have been right."""
        return self.score({}) if value is None else self.score(value)

    def shuffled_options(self) -> int:
        """Parts are shown in an order of their own."""
        return len(self.part_ids())

    def draw_order(self, rng: random.Random, *, shuffle: bool) -> list[int]:
        """Draw the order of the parts; without shuffling it is that of their ids, never the author's."""
        order = self._by_id()
        if shuffle:
            rng.shuffle(order)
        return order

    def _by_id(self) -> list[int]:
        ids = self.part_ids()
        return sorted(range(len(ids)), key=ids.__getitem__)

    def public(self, option_order: Sequence[int] = ()) -> PublicQuestion:
        """Show the question with its parts in the order drawn."""
        ids = self.part_ids()
        order = option_order or self._by_id()
        return replace(super().public(option_order), parts=tuple(self.public_part(ids[position]) for position in order))

"""Reads stored answers: which option is which bit, in every version and variant, by the rules that hold."""

import textwrap
from collections.abc import Sequence
from dataclasses import replace

from quizzes.analysis.sheet import MOST_OPTIONS, Asked, Column, OptionAsked
from quizzes.models import QuestionVersion
from quizzes.rules import Change, Rules
from quizzes.types.base import PublicQuestion, QuestionType
from quizzes.types.family import VariantFails

_MOST_VARIANTS_READ = 200
"""Of how many variants of one question the options are told apart."""


class Reader:
    """Reads what was answered: which option is which bit, in every version and variant of a question."""

    def __init__(self, versions: Sequence[QuestionVersion], rules: Rules) -> None:
        self._rules = rules
        self._versions = {version.pk: version for version in versions}
        self._columns: dict[int, Column] = {}
        self._bits: dict[int, dict[str, int]] = {}
        self._variants: dict[tuple[int, str], int] = {}
        self._variant_bits: dict[tuple[int, int], dict[str, int]] = {}
        self.questions: dict[int, tuple[QuestionVersion, tuple[OptionAsked, ...]]] = {}
        self.with_options: list[int] = []
        for version in versions:  # the newest of a question comes first: it names the options
            content = version.content
            options = _options(content, rules)
            newest = self.questions.setdefault(version.question_id, (version, options))
            self._columns.setdefault(version.question_id, Column())
            if options and len(options) <= MOST_OPTIONS:
                self.with_options.append(version.pk)
                self._bits[version.pk] = _bits(options, newest[1])

    def column_of(self, version_id: int) -> Column:
        """The column of the question that this is a version of."""
        return self._columns[self._versions[version_id].question_id]

    def columns(self) -> dict[int, Column]:
        """The columns by question id."""
        return self._columns

    def variant_of(self, version_id: int, seed: int | None, mark: str) -> int:
        """The place of a variant in its column; seeds that make the same share one."""
        version = self._versions[version_id]
        column = self._columns[version.question_id]
        name = (version.question_id, mark)
        if name not in self._variants:
            place = self._variants[name] = len(column.seeds)
            column.seeds.append(seed or 0)
            options = self._variant_options(version, seed or 0, place)
            column.variant_options.append(options)
            self._variant_bits[version.question_id, place] = {option.id: at for at, option in enumerate(options)}
        return self._variants[name]

    def _variant_options(self, version: QuestionVersion, seed: int, place: int) -> tuple[OptionAsked, ...]:
        if version.pk not in self._bits or place >= _MOST_VARIANTS_READ:
            return ()
        family = version.content
        try:
            return _options(family.variant(seed), self._rules, family=family, seed=seed)
        except VariantFails:
            return ()

    def bits_of(self, version_id: int, variant: int, picked: object) -> int:
        """The options of an answer as bits; 0 for an answer that is not made of options."""
        known = self._known(version_id, variant)
        bits = 0
        for option in _picked(picked):
            if isinstance(option, str) and option in known:
                bits |= 1 << known[option]
        return bits

    def offered(self, version_id: int, variant: int) -> int:
        """The options that there were to choose from, as bits."""
        return sum(1 << bit for bit in self._known(version_id, variant).values())

    def _known(self, version_id: int, variant: int) -> dict[str, int]:
        """The bits of the options of a version or variant, by the ids in which they are answered."""
        if variant < 0:
            return self._bits.get(version_id, {})
        return self._variant_bits[self._versions[version_id].question_id, variant]

    def asked(self, question_id: int) -> Asked:
        """What the analysis needs to know about a question."""
        version, options = self.questions[question_id]
        content = version.content
        rule = self._rules.of(content)
        if content.varies:
            options = _same_in_all(self._columns[question_id].variant_options, options)
        return Asked(
            pk=question_id,
            slug=version.question.slug,
            kind=version.kind,
            title=_titled(content),
            options=options if version.pk in self._bits else (),
            one_answer=bool(options) and not content.takes_many and not content.takes_parts,
            by_parts=content.takes_parts,
            varies=content.varies,
            dropped=rule is not None and rule.change is Change.DROP,
            full_marks=rule is not None and rule.change is Change.FULL,
        )


def _picked(value: object) -> Sequence[object]:
    if isinstance(value, dict):
        return [_pair(str(part), str(choice)) for part, choice in value.items()]
    if isinstance(value, list):
        return value
    return [str(value).lower() if isinstance(value, bool) else value]


def _options(
    content: QuestionType, rules: Rules, *, family: QuestionType | None = None, seed: int | None = None
) -> tuple[OptionAsked, ...]:
    """What can be chosen: options, or what may be chosen for each part; none where answers are typed."""
    public = content.public()
    judges = rules.judges(content, family=family, seed=seed)
    if public.parts:
        return _pairs(public, judges)
    right: set[str] = set()
    for judge in judges:
        right |= judge.key().options
    return tuple(OptionAsked(id=one.id, text=one.text, right=one.id in right) for one in public.options)


def _pairs(public: PublicQuestion, judges: Sequence[QuestionType]) -> tuple[OptionAsked, ...]:
    """Every part with every choice for it; none where some part has nothing to choose from."""
    choices = {part.id: part.choices or public.options for part in public.parts}
    if not all(choices.values()) or sum(map(len, choices.values())) > MOST_OPTIONS:
        return ()
    return tuple(
        OptionAsked(
            id=_pair(part.id, choice.id),
            text=f"{part.text} → {choice.text}",
            right=any(_is_right(judge, part.id, choice.id) for judge in judges),
        )
        for part in public.parts
        for choice in choices[part.id]
    )


def _pair(part: str, choice: str) -> str:
    return f"{part}={choice}"


def _is_right(judge: QuestionType, part: str, choice: str) -> bool:
    mark = judge.score({part: choice}).options.get(part)
    return mark is not None and mark.outcome == "right"


def _bits(options: Sequence[OptionAsked], newest: Sequence[OptionAsked]) -> dict[str, int]:
    """The bits of a version's options: those of the newest version, as far as it still has them."""
    places = {option.id: at for at, option in enumerate(newest)}
    return {option.id: places[option.id] for option in options if option.id in places}


def _same_in_all(
    variants: Sequence[tuple[OptionAsked, ...]], options: tuple[OptionAsked, ...]
) -> tuple[OptionAsked, ...]:
    """The options where the same place is right in every variant; none where it is not: places then mean nothing.

    Where the variants' words differ, those of one of them stand for all.
    """
    keys = {tuple(option.right for option in own) for own in variants}
    if keys != {tuple(option.right for option in options)}:
        return ()
    words = [{own[at].text for own in variants} for at in range(len(options))]
    return tuple(
        option if said == {option.text} else replace(option, text=f"such as: {option.text}")
        for option, said in zip(options, words, strict=True)
    )


def _titled(content: QuestionType) -> str:
    words = " ".join(content.public().text.replace("`", "").replace("**", "").split())
    return textwrap.shorten(words, 110, placeholder=" …") or content.id

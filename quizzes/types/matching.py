"""Matching: find for each item what belongs to it."""

from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, model_validator

from graders.spec import Authored
from quizzes.rendering import inline
from quizzes.types.base import (
    Feedback,
    Key,
    Option,
    OptionMark,
    PublicPart,
    Sample,
    Text,
    Value,
    between,
    option_from,
    refuse_at,
)
from quizzes.types.parts import PartsQuestion, by_words, id_of, one_of, require_different


class Pair(Authored):
    """An item, what belongs to it, and what to tell those who matched it with something else."""

    item: Text
    match: Text
    feedback: Feedback = ""

    @property
    def id(self) -> str:
        """An id that says nothing about where the author wrote the pair."""
        return id_of(self.item)


class Matching(PartsQuestion):
    """Find the match of each item. Several items may have the same match; `extra` lists matches that belong to none.

    An answer is stored as the id of the chosen match by the id of the item.
    """

    kind: Literal["matching"]
    pairs: Annotated[tuple[Pair, ...], between(2, 12)]
    extra: Annotated[
        tuple[Annotated[Option, BeforeValidator(option_from, json_schema_input_type=str | Option)], ...], between(0, 12)
    ] = ()

    instruction: ClassVar[str] = "Choose the match of each item."

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        require_different((pair.item for pair in self.pairs), lambda position: ("pairs", position, "item"))
        require_different((one.text for one in self.extra), lambda position: ("extra", position))
        matches = {pair.match for pair in self.pairs}
        for position, one in enumerate(self.extra):
            if one.text in matches:
                refuse_at(("extra", position), f"`{one.text}` is the match of an item", one.text)
        if len(matches) + len(self.extra) < 2:  # noqa: PLR2004 - nothing to choose from
            refuse_at(("pairs",), "every item has the same match: add another one to choose, in `extra`", self.pairs)
        return self

    @cached_property
    def _pairs(self) -> dict[str, Pair]:
        return {pair.id: pair for pair in self.pairs}

    @cached_property
    def _choices(self) -> dict[str, Option]:
        """What may be chosen, sorted by its words: that tells nothing about the pairs."""
        matches = {pair.match: Option(text=pair.match) for pair in self.pairs}
        every = [*matches.values(), *self.extra]
        return {one.id: one for one in sorted(every, key=lambda one: by_words(one.text))}

    def part_ids(self) -> tuple[str, ...]:
        """The items' ids."""
        return tuple(self._pairs)

    def read_part(self, part: str, raw: object) -> str | None:
        """Read the id of the chosen match."""
        del part
        return one_of(raw, self._choices)

    def mark_part(self, part: str, given: str | None) -> OptionMark:
        """Right with its own match; a wrong one is told why."""
        pair = self._pairs[part]
        if given == id_of(pair.match):
            return OptionMark(outcome="right", right=pair.match)
        chosen = self._choices.get(given or "")
        if chosen is None:
            return OptionMark(outcome="missed", right=pair.match)
        return OptionMark(outcome="wrong", right=pair.match, feedback=chosen.feedback or pair.feedback)

    def public_part(self, part: str) -> PublicPart:
        """Show an item with all that may be chosen."""
        item = self._pairs[part].item
        choices = tuple(one.public() for one in self._choices.values())
        return PublicPart(id=part, text=item, html=inline(item), choices=choices)

    def key(self) -> Key:
        """Give the pairs."""
        return Key(texts=tuple(f"{pair.item} → {pair.match}" for pair in self.pairs))

    def show_value(self, value: Value | None) -> str:
        """Give each item with what was chosen."""
        given = value if isinstance(value, dict) else {}
        return "; ".join(
            f"{self._pairs[part].item} → {self._choices[chosen].text}"
            for part, chosen in given.items()
            if part in self._pairs and chosen in self._choices
        )

    @classmethod
    def samples(cls) -> list[Sample]:
        """Give samples."""
        spec: dict[str, Any] = {
            "id": "what-each-command-does",
            "kind": "matching",
            "topics": ["cmd.pause"],
            "text": "What does each command do to a running container?",
            "pairs": [
                {
                    "item": "`docker pause`",
                    "match": "Its processes are frozen.",
                    "feedback": "Nothing ends: the processes stand still until `docker unpause`.",
                },
                {"item": "`docker kill`", "match": "Its main process gets SIGKILL."},
                {"item": "`docker stop`", "match": "Its main process gets SIGTERM, and later SIGKILL."},
                {"item": "`docker rm -f`", "match": "It is killed & <b>removed</b>."},
            ],
            "extra": ["It is removed; its image, too.", {"text": "It is started again.", "feedback": "`restart` is."}],
        }
        pause, kill, stop, rm = (id_of(pair["item"]) for pair in spec["pairs"])
        frozen, killed, ended, removed = (id_of(pair["match"]) for pair in spec["pairs"])
        again = id_of("It is started again.")
        right = {pause: frozen, kill: killed, stop: ended, rm: removed}
        half = {pause: killed, kill: killed, stop: again, rm: removed}
        strict = spec | {"scoring": "all_or_nothing"}
        shared = spec | {
            "pairs": [
                {"item": "`docker create`", "match": "created"},
                {"item": "`docker container create`", "match": "created"},
            ]
        }
        same = {id_of(pair["item"]): id_of("created") for pair in shared["pairs"]}
        return [
            Sample(name="right", spec=spec, raw=right, fraction=Fraction(1)),
            Sample(name="half", spec=spec, raw=half, fraction=Fraction(1, 2)),
            Sample(name="one of four, the rest open", spec=spec, raw={stop: ended, kill: ""}, fraction=Fraction(1, 4)),
            Sample(name="wrong", spec=spec, raw={pause: again, kill: ended}, fraction=Fraction(0)),
            Sample(name="the same match for all", spec=spec, raw=dict.fromkeys(right, ended), fraction=Fraction(1, 4)),
            Sample(name="right, all or nothing", spec=strict, raw=right, fraction=Fraction(1)),
            Sample(name="half, all or nothing", spec=strict, raw=half, fraction=Fraction(0)),
            Sample(name="two items of one match", spec=shared, raw=same, fraction=Fraction(1)),
            Sample(name="unknown item", spec=spec, raw=right | {"`docker pause`": frozen}, refused="part_unknown"),
            Sample(name="unknown match", spec=spec, raw={pause: "Its processes are frozen."}, refused="option_unknown"),
            Sample(name="several matches", spec=spec, raw={pause: [frozen, killed]}, refused="answer_type"),
            Sample(name="a list", spec=spec, raw=[frozen, killed], refused="answer_type"),
            Sample(name="text", spec=spec, raw=frozen, refused="answer_type"),
        ]

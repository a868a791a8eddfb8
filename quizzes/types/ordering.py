"""Ordering: bring items into the right order."""

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, model_validator

from quizzes.rendering import inline
from quizzes.types.base import (
    MAX_RAW_ITEMS,
    Key,
    MalformedAnswer,
    Option,
    OptionMark,
    PublicOption,
    PublicPart,
    Sample,
    Scored,
    Value,
    between,
    option_from,
)
from quizzes.types.parts import PartsQuestion, id_of, require_different


def _unknown() -> MalformedAnswer:
    return MalformedAnswer("part_unknown", "This question has no such item. Reload the page and order them again.")


def longest_run(answer: Sequence[str], right: Sequence[str]) -> tuple[str, ...]:
    """The longest stretch of neighbours in `answer` that follow each other directly in `right`; the first of equals."""
    follows = dict(pairwise(right))
    best: list[str] = []
    run: list[str] = []
    for item in answer:
        run = [*run, item] if run and follows.get(run[-1]) == item else [item]
        if len(run) > len(best):
            best = run
    return tuple(best)


class Ordering(PartsQuestion):
    """Bring `items` into order; the author writes them in the right one, and no student is shown them so.

    `scoring`: `longest_run` (of n items the longest run of r that follow each other directly, as in the right order,
    earns (r - 1) / (n - 1): all for the right order, nothing where no two follow each other rightly) or
    `all_or_nothing`. Items that must change places with their neighbours are told their feedback. An answer is stored
    as the list of all ids in order.
    """

    kind: Literal["ordering"]
    items: Annotated[
        tuple[Annotated[Option, BeforeValidator(option_from, json_schema_input_type=str | Option)], ...], between(3, 12)
    ]
    scoring: Literal["longest_run", "all_or_nothing"] = "longest_run"  # type: ignore[assignment] # no per_part here

    instruction: ClassVar[str] = "Bring these into the right order."

    @model_validator(mode="after")
    def _items_differ(self) -> Self:
        require_different((item.text for item in self.items), lambda position: ("items", position))
        return self

    @cached_property
    def _items(self) -> dict[str, Option]:
        return {item.id: item for item in self.items}

    def part_ids(self) -> tuple[str, ...]:
        """The items' ids, in the right order."""
        return tuple(self._items)

    def read(self, raw: object) -> Value | None:
        """Read the ids in order, or the place of each id as a form sends it: `{"id": 3}`."""
        if isinstance(raw, Mapping) and len(raw) <= MAX_RAW_ITEMS:
            return self._by_places({part: place for part, place in raw.items() if place not in ("", None)})
        if not isinstance(raw, list) or len(raw) > MAX_RAW_ITEMS or not all(isinstance(one, str) for one in raw):
            raise MalformedAnswer("answer_type", "An answer here is a list of the ids of all items, in order.")
        if any(one not in self._items for one in raw):
            raise _unknown()
        self._require_all(len(set(raw)))
        if len(raw) > len(self.items):
            raise MalformedAnswer("place_twice", "An item is there twice. Give each item one place.")
        return list(raw)

    def _by_places(self, places: Mapping[object, object]) -> Value | None:
        if not places:
            return None
        if any(part not in self._items for part in places):
            raise _unknown()
        at: dict[int, str] = {}
        for part, place in places.items():
            number = self._place(place)
            if number in at:
                raise MalformedAnswer(
                    "place_twice", f"Place {number} is given twice. Give each item a place of its own."
                )
            at[number] = str(part)
        self._require_all(len(at))
        return [at[number] for number in sorted(at)]

    def _place(self, raw: object) -> int:
        last = len(self.items)
        text = str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw
        if not isinstance(text, str) or text not in {str(number) for number in range(1, last + 1)}:
            raise MalformedAnswer("place_unknown", f"A place here is a number from 1 to {last}.")
        return int(text)

    def _require_all(self, given: int) -> None:
        missing = len(self.items) - given
        if missing:
            raise MalformedAnswer(
                "place_missing",
                f"{missing} of {len(self.items)} items {'has' if missing == 1 else 'have'} no place yet. "
                "Give each item a place.",
            )

    def read_part(self, part: str, raw: object) -> str | None:
        """Read the place of one item."""
        del part
        return str(self._place(raw))

    def part_values(self, value: Value | None) -> Mapping[str, str]:
        """The place of each item."""
        given = value if isinstance(value, list) else []
        return {item: str(place) for place, item in enumerate(given, 1)}

    def score(self, value: Value) -> Scored:
        """The longest run's share, or all or nothing."""
        answer = tuple(value) if isinstance(value, list) else ()
        right = self.part_ids()
        run = longest_run(answer, right)
        share = Fraction(max(len(run) - 1, 0), len(right) - 1)
        if self.scoring == "all_or_nothing":
            in_place = {item for item, belongs in zip(answer, right, strict=False) if item == belongs}
            share = Fraction(int(answer == right))
        else:
            in_place = set(run) if len(run) > 1 else set()
        return Scored(
            fraction=share,
            feedback=self._told(len(run)) if answer and share < 1 else "",
            options={
                item: self._mark(item, place, in_place=item in in_place, answered=bool(answer))
                for place, item in enumerate(right, 1)
            },
        )

    def _told(self, run: int) -> str:
        if self.scoring == "all_or_nothing":
            return ""
        if run < 2:  # noqa: PLR2004 - one item alone follows nothing
            return "No two items follow each other as they should."
        return f"Your longest run in the right order has {run} of {len(self.items)} items."

    def _mark(self, item: str, place: int, *, in_place: bool, answered: bool) -> OptionMark:
        if not answered:
            return OptionMark(outcome="missed", right=str(place))
        if in_place:
            return OptionMark(outcome="right", right=str(place))
        return OptionMark(outcome="wrong", right=str(place), feedback=self._items[item].feedback)

    def mark_part(self, part: str, given: str | None) -> OptionMark:
        """Judge the place of one item by itself."""
        place = self.part_ids().index(part) + 1
        return self._mark(part, place, in_place=given == str(place), answered=given is not None)

    def draw_order(self, rng: random.Random, *, shuffle: bool) -> list[int]:
        """Draw an order that is not the right one; items are shuffled whatever the quiz says of its options."""
        del shuffle
        right = list(range(len(self.items)))
        order = right.copy()
        while order == right:
            rng.shuffle(order)
        return order

    def _by_id(self) -> list[int]:
        order = super()._by_id()
        return order if order != sorted(order) else order[::-1]

    def public_part(self, part: str) -> PublicPart:
        """Show an item with the places it may have."""
        text = self._items[part].text
        places = tuple(
            PublicOption(id=str(place), text=str(place), html=inline(str(place)))
            for place in range(1, len(self.items) + 1)
        )
        return PublicPart(id=part, text=text, html=inline(text), choices=places)

    def key(self) -> Key:
        """Give the items in order."""
        return Key(texts=tuple(item.text for item in self.items))

    def show_value(self, value: Value | None) -> str:
        """Give the items in the order given."""
        given = value if isinstance(value, list) else []
        return " → ".join(self._items[item].text for item in given if item in self._items)

    @classmethod
    def samples(cls) -> list[Sample]:
        """Give samples."""
        spec: dict[str, Any] = {
            "id": "life-of-a-container",
            "kind": "ordering",
            "topics": ["cmd.create"],
            "text": "In which order are these run on one container?",
            "items": [
                "`docker create`",
                "`docker start`",
                {"text": "`docker pause`", "feedback": "Only what runs can be paused."},
                "`docker unpause`",
                "`docker stop` <b>& wait</b>",
            ],
        }
        create, start, pause, unpause, stop = (
            id_of(item if isinstance(item, str) else item["text"]) for item in spec["items"]
        )
        right = [create, start, pause, unpause, stop]
        three = [unpause, create, start, pause, stop]
        places = {item: str(place) for place, item in enumerate(right, 1)}
        strict = spec | {"scoring": "all_or_nothing"}
        return [
            Sample(name="right", spec=spec, raw=right, fraction=Fraction(1)),
            Sample(name="right, by places", spec=spec, raw=places, fraction=Fraction(1)),
            Sample(name="a run of three", spec=spec, raw=three, fraction=Fraction(1, 2)),
            Sample(
                name="two runs of two", spec=spec, raw=[pause, unpause, create, start, stop], fraction=Fraction(1, 4)
            ),
            Sample(name="backwards", spec=spec, raw=right[::-1], fraction=Fraction(0)),
            Sample(
                name="wrong, two in their places",
                spec=spec,
                raw=[start, create, pause, stop, unpause],
                fraction=Fraction(0),
            ),
            Sample(name="right, all or nothing", spec=strict, raw=right, fraction=Fraction(1)),
            Sample(name="a run of three, all or nothing", spec=strict, raw=three, fraction=Fraction(0)),
            Sample(name="one item left out", spec=spec, raw=right[:4], refused="place_missing"),
            Sample(name="one item twice", spec=spec, raw=[*right, create], refused="place_twice"),
            Sample(name="one place twice", spec=spec, raw=places | {stop: "1"}, refused="place_twice"),
            Sample(name="a place left out", spec=spec, raw=places | {stop: ""}, refused="place_missing"),
            Sample(name="a place too far", spec=spec, raw=places | {stop: "6"}, refused="place_unknown"),
            Sample(name="true for a place", spec=spec, raw=places | {create: True}, refused="place_unknown"),
            Sample(name="unknown item", spec=spec, raw=[*right[:4], "docker stop"], refused="part_unknown"),
            Sample(name="a place for an unknown item", spec=spec, raw={"a": "1"}, refused="part_unknown"),
            Sample(name="text", spec=spec, raw=create, refused="answer_type"),
        ]

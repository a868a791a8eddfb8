"""Categorise: put each item into the group that it belongs to."""

from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import StringConstraints, model_validator

from graders.authored import did_you_mean
from graders.spec import Authored
from quizzes.rendering import inline
from quizzes.types.base import (
    Feedback,
    Key,
    Option,
    OptionMark,
    PublicOption,
    PublicPart,
    Sample,
    Text,
    Value,
    between,
    refuse_at,
)
from quizzes.types.parts import PartsQuestion, id_of, one_of, require_different

NONE = "none"
NONE_SAID = "None of these"

Group = Annotated[Text, StringConstraints(max_length=200)]


class Item(Authored):
    """What to place, its group (`none`: it belongs to none), and what to tell those who placed it wrongly."""

    text: Text
    group: Group
    feedback: Feedback = ""

    @property
    def id(self) -> str:
        """An id that says nothing about where the author wrote the item."""
        return id_of(self.text)


class Categorise(PartsQuestion):
    """Put each item into one of the `groups`. Students may put it into none of them where an item's group is `none`.

    `offer_none` lets them do so although every item belongs somewhere. An answer is stored as the group's id (or
    `none`) by the item's id.
    """

    kind: Literal["categorise"]
    groups: Annotated[tuple[Group, ...], between(2, 8)]
    items: Annotated[tuple[Item, ...], between(2, 24)]
    offer_none: bool = False

    instruction: ClassVar[str] = "Put each item into its group."

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        require_different(self.groups, lambda position: ("groups", position))
        for position, group in enumerate(self.groups):
            if group.casefold() in {NONE, NONE_SAID.casefold()}:
                refuse_at(("groups", position), f"`{group}` is no group: write `group: none` in an item", group)
        require_different((item.text for item in self.items), lambda position: ("items", position, "text"))
        for position, item in enumerate(self.items):
            if item.group not in (*self.groups, NONE):
                meant = did_you_mean(item.group, (*self.groups, NONE))
                refuse_at(("items", position, "group"), f"`{item.group}` is not among the groups. {meant}", item.group)
        return self

    @cached_property
    def _items(self) -> dict[str, Item]:
        return {item.id: item for item in self.items}

    @cached_property
    def _choices(self) -> dict[str, PublicOption]:
        """The groups by id, as written, and none of them where that may be chosen."""
        groups = {id_of(group): Option(text=group).public() for group in self.groups}
        if self.offer_none or any(item.group == NONE for item in self.items):
            groups[NONE] = PublicOption(id=NONE, text=NONE_SAID, html=inline(NONE_SAID))
        return groups

    def part_ids(self) -> tuple[str, ...]:
        """The items' ids."""
        return tuple(self._items)

    def read_part(self, part: str, raw: object) -> str | None:
        """Read the id of a group."""
        del part
        return one_of(raw, self._choices)

    def mark_part(self, part: str, given: str | None) -> OptionMark:
        """Right in its own group; in another one it is told why."""
        item = self._items[part]
        belongs = NONE if item.group == NONE else id_of(item.group)
        right = NONE_SAID if item.group == NONE else item.group
        if given == belongs:
            return OptionMark(outcome="right", right=right)
        if given not in self._choices:
            return OptionMark(outcome="missed", right=right)
        return OptionMark(outcome="wrong", right=right, feedback=item.feedback)

    def public_part(self, part: str) -> PublicPart:
        """Show an item with the groups."""
        text = self._items[part].text
        return PublicPart(id=part, text=text, html=inline(text), choices=tuple(self._choices.values()))

    def key(self) -> Key:
        """Give each group with what belongs into it."""
        told = [(group, [item.text for item in self.items if item.group == group]) for group in (*self.groups, NONE)]
        said = {NONE: NONE_SAID}
        return Key(texts=tuple(f"{said.get(group, group)}: {', '.join(texts)}" for group, texts in told if texts))

    def show_value(self, value: Value | None) -> str:
        """Give each item with the group that it was put into."""
        given = value if isinstance(value, dict) else {}
        return "; ".join(
            f"{self._items[part].text} → {self._choices[group].text}"
            for part, group in given.items()
            if part in self._items and group in self._choices
        )

    @classmethod
    def samples(cls) -> list[Sample]:
        """Give samples."""
        spec: dict[str, Any] = {
            "id": "image-or-container",
            "kind": "categorise",
            "topics": ["container.what"],
            "text": "What belongs to an image, and what to a container?",
            "groups": ["Image", "Container"],
            "items": [
                {"text": "read-only layers", "group": "Image"},
                {"text": "a writable layer", "group": "Container", "feedback": "An image's layers never change."},
                {"text": "a process id", "group": "Container"},
                {"text": "a `tag` & <i>digest</i>", "group": "Image"},
                {"text": "a kernel of its own", "group": "none", "feedback": "That is a virtual machine's."},
            ],
        }
        layers, writable, process, tag, kernel = (id_of(item["text"]) for item in spec["items"])
        image, container = id_of("Image"), id_of("Container")
        right = {layers: image, writable: container, process: container, tag: image, kernel: NONE}
        strict = spec | {"scoring": "all_or_nothing"}
        nowhere = spec | {"items": spec["items"][:4]}
        return [
            Sample(name="right", spec=spec, raw=right, fraction=Fraction(1)),
            Sample(
                name="three of five",
                spec=spec,
                raw=right | {writable: image, kernel: image},
                fraction=Fraction(3, 5),
            ),
            Sample(name="two placed", spec=spec, raw={layers: image, tag: image}, fraction=Fraction(2, 5)),
            Sample(name="wrong", spec=spec, raw={layers: container, kernel: image}, fraction=Fraction(0)),
            Sample(name="right, all or nothing", spec=strict, raw=right, fraction=Fraction(1)),
            Sample(name="four of five, all or nothing", spec=strict, raw=right | {tag: NONE}, fraction=Fraction(0)),
            Sample(
                name="none where it may be chosen",
                spec=nowhere | {"offer_none": True},
                raw={layers: NONE, tag: image},
                fraction=Fraction(1, 4),
            ),
            Sample(name="none where it may not", spec=nowhere, raw={layers: NONE}, refused="option_unknown"),
            Sample(name="a group by its name", spec=spec, raw={layers: "Image"}, refused="option_unknown"),
            Sample(name="unknown item", spec=spec, raw={"read-only layers": image}, refused="part_unknown"),
            Sample(name="two groups", spec=spec, raw={layers: [image, container]}, refused="answer_type"),
            Sample(name="groups alone", spec=spec, raw=[image, container], refused="answer_type"),
        ]

"""Long text: some paragraphs that a person reads and marks by a rubric."""

from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from quizzes.types.base import Sample, Value
from quizzes.types.marked import MarkedQuestion
from quizzes.types.text import typed_text

MOST_CHARACTERS = 20_000


class LongText(MarkedQuestion):
    """Write some paragraphs. Somebody marks them by the `rubric`, or as a whole; until then they earn nothing.

    `at_most_characters` bounds what can be saved. `at_most_words` is what students are asked to keep to: a longer text
    is saved all the same, and both they and whoever marks it see its count. What is written is plain text: no Markdown
    is made of it.
    """

    kind: Literal["long_text"]
    at_most_characters: Annotated[int, Field(ge=50, le=MOST_CHARACTERS, strict=True)] = 8000
    at_most_words: Annotated[int, Field(ge=1, le=5000, strict=True)] | None = None

    instruction: ClassVar[str] = "Write your answer."

    def read(self, raw: object) -> Value | None:
        """Read the text as it was written."""
        return typed_text(raw, max_length=self.at_most_characters, is_prose=True)

    def public_extras(self) -> dict[str, Any]:
        """Ask for a text area, and say what is counted."""
        return super().public_extras() | {
            "max_length": self.at_most_characters,
            "multiline": True,
            "max_words": self.at_most_words,
        }

    @classmethod
    def samples(cls) -> list[Sample]:
        """Give samples; none earns anything before it is marked."""
        spec: dict[str, Any] = {
            "id": "image-and-container",
            "kind": "long_text",
            "topics": ["container.instance"],
            "text": "What does a container add to its image, and what becomes of it?",
            "at_most_characters": 400,
            "at_most_words": 5,
            "shown": "A writable layer, which goes when the container is removed.",
            "rubric": [
                {
                    "id": "layer",
                    "title": "Names the writable layer",
                    "points": 2,
                    "description": "However it is called.",
                    "levels": [{"points": 2, "text": "Named and explained."}, {"points": 1, "text": "Named."}],
                },
                {"id": "end", "title": "Says when it goes", "points": 1},
            ],
        }
        bare = {name: held for name, held in spec.items() if name not in {"rubric", "shown"}}
        plain = "# no heading\n\n<b>*A layer*</b>\n\tof its own"
        return [
            Sample(name="a text", spec=spec, raw="A writable layer.", fraction=Fraction(0)),
            Sample(name="markup stays as it is", spec=spec | {"show_rubric": True}, raw=plain, fraction=Fraction(0)),
            Sample(name="marked as a whole", spec=bare, raw=plain, fraction=Fraction(0)),
            Sample(name="over the words", spec=spec, raw="one two three four five six", fraction=Fraction(0)),
            Sample(name="hidden marks", spec=spec, raw="a\u202eb\x00\x1b[31m", fraction=Fraction(0)),
            Sample(name="too long", spec=spec, raw="a" * 401, refused="answer_too_long"),
            Sample(name="a list", spec=spec, raw=["A layer."], refused="answer_type"),
        ]

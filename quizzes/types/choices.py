"""What single and multiple choice share: options with ids of their own, and reading which were chosen."""

from collections.abc import Sequence
from typing import Self

from pydantic import model_validator

from graders.authored import did_you_mean
from quizzes.types.base import MalformedAnswer, Option, Options, PublicOption, QuestionType, Value, refuse_at


class ChoiceQuestion(QuestionType):
    """A question whose answer is among `options`. `keep_order` shows them as written, such as numbers by size."""

    options: Options
    keep_order: bool = False

    @model_validator(mode="after")
    def _options_differ(self) -> Self:
        seen: set[str] = set()
        for position, option in enumerate(self.options):
            if option.text in seen:
                refuse_at(("options", position), f"there is an option `{option.text}` already", option.text)
            seen.add(option.text)
        return self

    def require_option(self, text: str, place: tuple[str | int, ...]) -> None:
        """Refuse an answer that is not among the options, to the author."""
        texts = [option.text for option in self.options]
        if text not in texts:
            refuse_at(place, f"`{text}` is not among the options. {did_you_mean(text, texts)}", text)

    def option_by_id(self) -> dict[str, Option]:
        """Find options by the id that students send."""
        return {option.id: option for option in self.options}

    def known_option(self, raw: object) -> str:
        """Read one option id. Raises MalformedAnswer."""
        if not isinstance(raw, str):
            raise MalformedAnswer("answer_type", "An answer here is the id of an option, as text.")
        if raw not in self.option_by_id():
            raise MalformedAnswer(
                "option_unknown", "This question has no such option. Reload the page and choose again."
            )
        return raw

    def shuffled_options(self) -> int:
        """All of them, unless their order means something."""
        return 0 if self.keep_order else len(self.options)

    def public_options(self, option_order: Sequence[int]) -> tuple[PublicOption, ...]:
        """Options in the order drawn; as written where none was."""
        order = option_order or range(len(self.options))
        return tuple(self.options[position].public() for position in order)

    def show_value(self, value: Value | None) -> str:
        """Give the texts of what was chosen."""
        chosen = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        return "; ".join(option.text for option in self.options if option.id in chosen)

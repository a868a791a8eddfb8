"""Go templates as docker's `--format` takes them: a bounded subset, carried out on data and on nothing else.

Fields, pipelines, variables, `if`, `with`, `range`, and the functions that Go and docker have. Templates that name
others (`define`, `template`, `block`) are refused with a sentence.
"""

from graders.commands.templating.evaluating import Evaluator
from graders.commands.templating.faults import FailedTemplate, TemplateFault, UnreadableTemplate
from graders.commands.templating.functions import NAMES
from graders.commands.templating.reading import read
from graders.commands.templating.values import NIL, NO_VALUE, Row, Struct, Value, untyped

__all__ = [
    "NIL", "NO_VALUE", "FailedTemplate", "Row", "Struct", "Template", "TemplateFault", "UnreadableTemplate", "Value",
]  # fmt: skip


class Template:
    """A template that was read."""

    def __init__(self, text: str) -> None:
        """Read it. Raises UnreadableTemplate."""
        self.text = text
        self._parts = read(text, NAMES)

    def on(self, value: Value) -> str:
        """What it prints of a value. Raises FailedTemplate."""
        return Evaluator(self.text, value).carry_out(self._parts)

    def on_raw(self, value: Value) -> str:
        """What it prints of plain JSON, where asking for a key that is not there is a fault. Raises FailedTemplate."""
        return Evaluator(self.text, untyped(value), raw=True).carry_out(self._parts)

    def heading(self, names: dict[str, str]) -> str:
        """What it prints as the heading of a table, whose columns have these names. Raises FailedTemplate."""
        return Evaluator(self.text, names, heading=True).carry_out(self._parts)

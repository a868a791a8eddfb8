"""The question types that banks may use, by the name authors write as `kind`."""

from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import Any

from graders.authored import did_you_mean
from quizzes.types.base import QuestionType, refuse_at
from quizzes.types.family import family_of

ENTRY_POINTS = "drydock.question_types"
"""The group under which an installed package offers kinds of its own: `name = "module:Class"`."""


class UnknownKind(LookupError):
    """No question type has this name."""


class Registry:
    """Kinds by name; a name belongs to one type."""

    def __init__(self) -> None:
        self._types: dict[str, type[QuestionType]] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._types))

    def register(self, kind: str, question_type: type[QuestionType]) -> None:
        """Add a type. Raises ValueError when the name is taken."""
        if kind in self._types:
            raise ValueError(f"There is a question type {kind!r} already: {self._types[kind].__qualname__}.")
        self._types[kind] = question_type

    def register_installed(self) -> None:
        """Add the types that installed packages offer."""
        for entry_point in entry_points(group=ENTRY_POINTS):
            self.register(entry_point.name, entry_point.load())

    def get(self, kind: str) -> type[QuestionType]:
        """Find a type. Raises UnknownKind, which names the known ones."""
        if kind not in self._types:
            raise UnknownKind(f"There is no question type `{kind}`. {did_you_mean(kind, self._types)}")
        return self._types[kind]

    def question(self, data: object, *, tried: bool = True) -> QuestionType:
        """Read a question as an author wrote it. Raises pydantic's ValidationError with the place in the data.

        One with `values` becomes a Family, whose variants are tried out unless `tried` is off: those stored were.
        """
        if isinstance(data, QuestionType):
            return data
        if not isinstance(data, Mapping):
            refuse_at((), "a question is a mapping with `id`, `kind`, `topics`, `text` and its answer", data)
        fields: Mapping[Any, Any] = data
        kind = fields.get("kind")
        if kind is None:
            refuse_at(("kind",), f"say which kind of question this is. Known: {', '.join(self)}", data)
        if not isinstance(kind, str):
            refuse_at(("kind",), f"a kind is a name. Known: {', '.join(self)}", kind)
        try:
            question_type = self.get(kind)
        except UnknownKind as unknown:
            refuse_at(("kind",), str(unknown), kind)
        if "values" in fields:
            return family_of(question_type, fields, tried=tried)
        return question_type.model_validate(dict(fields))

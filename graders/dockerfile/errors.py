"""What is wrong with a Dockerfile that cannot be read: a stable code, the line, and a sentence for its author."""

from graders.refusal import Refusal


class DockerfileError(Exception):
    """The text is no Dockerfile that every engine reads alike; `line` is 1-based, None for the whole file."""

    def __init__(self, code: str, line: int | None, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.line = line
        self.message = message

    def as_refusal(self) -> Refusal:
        """The same reason in the shape that reports carry."""
        return Refusal(rule=self.code, line=self.line, message=self.message)


class ExpansionError(Exception):
    """A `$` expression that is malformed, or that the engine at hand does not know."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnsetVariable(ExpansionError):
    """`${NAME:?…}` or `${NAME?…}` of a variable that has no value: to the engine a reason not to build."""

"""The one kind of error that services raise for what a person asked and cannot have."""

from collections.abc import Mapping


class DrydockError(Exception):
    """A request that cannot be carried out, for a reason its author can act on.

    `code` is stable and machine-readable; `message` says what happened, what is safe and what to do; `status` is the
    HTTP status that fits; `fields` holds a message per input where one is to blame.
    """

    status: int = 400

    def __init__(
        self, code: str, message: str, *, status: int | None = None, fields: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = dict(fields or {})
        if status is not None:
            self.status = status


class NotAllowed(DrydockError):
    """The person may see this but not do that."""

    status = 403


class NotFound(DrydockError):
    """There is no such thing, or none that this person may know of."""

    status = 404


class Conflict(DrydockError):
    """The thing is in a state in which this cannot be done."""

    status = 409


class TooMany(DrydockError):
    """Too often, or too much at once; `retry_after_seconds` says when to come back, where that is known."""

    status = 429

    def __init__(self, code: str, message: str, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(code, message)
        self.retry_after_seconds = retry_after_seconds

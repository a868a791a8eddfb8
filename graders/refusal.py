"""A refusal: why a submission is turned away before anything is built."""

from pydantic import BaseModel, ConfigDict, field_validator

from graders.visible import shortened, visible

_MOST_CHARACTERS = 1000


class Refusal(BaseModel):
    """One reason: a stable `rule` id, the Dockerfile line (1-based, None where no line is to blame), a sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    line: int | None
    message: str

    @field_validator("message")
    @classmethod
    def _fit_to_be_shown(cls, message: str) -> str:
        """A sentence may quote what was handed in: nothing of it may move a cursor, or fill a page."""
        return shortened(visible(message), limit=_MOST_CHARACTERS)

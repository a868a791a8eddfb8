"""A refusal: why a submission is turned away before anything is built."""

from pydantic import BaseModel, ConfigDict


class Refusal(BaseModel):
    """One reason: a stable `rule` id, the Dockerfile line (1-based, None where no line is to blame), a sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    line: int | None
    message: str

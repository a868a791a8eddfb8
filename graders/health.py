"""What can be tried with a HEALTHCHECK: whether it tells a program that works from one that is broken on purpose."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from graders.actions import DEFAULT, Message
from graders.sandbox.base import HealthProbe
from graders.spec import Identifier, Spec


def _freeze_word(value: Any) -> Any:
    return {"freeze": True} if value == "freeze" else value


class Break(Spec):
    """How a program is broken: `freeze`, `{request: {method: POST, path: /break}}` or `{stop: store}`."""

    freeze: bool = False
    """Its processes are held from outside, as if it hung: whatever it is, and with no help of its own."""
    request: Message | None = None
    """It is asked to break itself, where the lab's program can be."""
    stop: Identifier | None = None
    """A run beside it is stopped, which it cannot do without."""

    @model_validator(mode="after")
    def _one_way(self) -> "Break":
        if self.freeze + (self.request is not None) + (self.stop is not None) != 1:
            raise ValueError("breaks in one way: freeze, {request: {path: /break}} or {stop: RUN}")
        return self


class HealthTrial(Spec):
    """What is tried with the HEALTHCHECK of a serving run; it is the last thing done with its container."""

    run: Identifier = DEFAULT
    breaks: Annotated[Break, BeforeValidator(_freeze_word, json_schema_input_type=str | Break)] | None = Break(
        freeze=True
    )
    """How its program is broken; null breaks nothing, so that only health is asked for."""
    healthy_within: Annotated[float, Field(gt=0, le=120)] = 10
    """Seconds until it must be healthy, once the run is ready."""
    unhealthy_within: Annotated[float, Field(gt=0, le=120)] = 10
    """Seconds until it must be unhealthy, once it is broken."""


@dataclass(frozen=True, kw_only=True)
class SeenHealth:
    """What came of a trial."""

    was: str
    """Its health at the end of the first wait."""
    before: tuple[HealthProbe, ...]
    """The last tries up to then."""
    not_broken: str = ""
    """Why it could not be broken, in a sentence; empty when it was, or was not to be."""
    turned: str = ""
    """Its health at the end of the second wait; empty when there was none."""
    after: tuple[HealthProbe, ...] = ()
    running: bool = True
    """Whether the container still ran then."""

"""What a lab allows, the Dockerfile that is judged by it, and how a reason to refuse it is put."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, field_validator

from graders.dockerfile.dialect import Dialect
from graders.dockerfile.model import Dockerfile, Instruction
from graders.dockerfile.mounts import MountKind
from graders.dockerfile.references import Reference
from graders.refusal import Refusal

NEWER_FORM = "this engine knows ${NAME:-…}, ${NAME:+…} and ${NAME:?…} only, each with its colon"
SCRATCH = "scratch"  # the empty image: there is nothing in it to refuse


class Policy(BaseModel):
    """What a lab allows. `allowed_bases` are exact references such as `busybox:1.35`; the switches are off at first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allowed_bases: frozenset[str] = frozenset()
    allow_add_url: bool = False
    allow_onbuild: bool = False
    allow_mounts: frozenset[MountKind] = frozenset()

    @field_validator("allowed_bases")
    @classmethod
    def _normalise(cls, bases: frozenset[str]) -> frozenset[str]:
        return frozenset(str(cls._reference(base)) for base in bases if base != SCRATCH)

    @staticmethod
    def _reference(base: str) -> Reference:
        found = Reference.parse(base)
        if found is None:
            raise ValueError(f"{base!r} is no image reference such as busybox:1.35")
        return found


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules look at."""

    dockerfile: Dockerfile
    policy: Policy
    dialect: Dialect
    build_arguments: Mapping[str, str]

    def steps(self) -> Iterator[Instruction]:
        """Every instruction, those behind ONBUILD too."""
        for instruction in self.dockerfile.instructions:
            yield instruction
            if instruction.nested is not None:
                yield instruction.nested

    def allows(self, image: str) -> bool:
        """Whether the lab allows this image, in whatever spelling."""
        found = Reference.parse(image)
        return found is not None and str(found) in self.policy.allowed_bases


Rule = Callable[[Case], Iterator[Refusal]]


def refuse(rule: str, at: Instruction, message: str) -> Refusal:
    """The refusal of one instruction: `rule` is its stable code, `message` goes on from the line's number."""
    return Refusal(rule=rule, line=at.line, message=f"Line {at.line}: {message}")


def listed(names: Iterable[str], last: str = "and") -> str:
    """The names in a sentence: a, b and c."""
    ordered = sorted(names)
    return f" {last} ".join(filter(None, [", ".join(ordered[:-1]), ordered[-1]]))

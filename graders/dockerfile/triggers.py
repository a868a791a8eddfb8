"""What a base image brings along: the instructions that its ONBUILD has held back for whoever starts from it."""

from collections.abc import Sequence

from graders.dockerfile.dialect import Dialect
from graders.dockerfile.model import Stage
from graders.dockerfile.policy import Policy, examine
from graders.refusal import Refusal


def judge_triggers(
    stage: Stage, *, image: str, triggers: Sequence[str], policy: Policy, dialect: Dialect
) -> list[Refusal]:
    """Why a stage may not start from an image with these triggers, as reasons at its FROM line.

    Where the lab allows ONBUILD, each trigger is judged as if it stood in the Dockerfile.
    """
    if triggers and not policy.allow_onbuild:
        message = f"it brings ONBUILD {triggers[0][:60]!r} along, and ONBUILD is not part of this lab"
        return [_refusal("onbuild", stage, f"the image {image} cannot be used: {message}. Start from another image.")]
    found = []
    for trigger in triggers:
        _, refusals = examine(f"FROM {image}\n{trigger}\n", policy, dialect)
        for refusal in refusals:
            _, _, reason = refusal.message.partition(": ")
            message = f"the image {image} brings ONBUILD {trigger[:60]!r} along: {reason or refusal.message}"
            found.append(_refusal(refusal.rule, stage, message))
    return found


def _refusal(rule: str, stage: Stage, message: str) -> Refusal:
    return Refusal(rule=rule, line=stage.line, message=f"Line {stage.line}: {message}")

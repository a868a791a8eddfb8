"""Rules on images: what FROM, COPY --from and RUN --mount may take something from."""

import re
from collections.abc import Iterator

from graders.dockerfile.errors import ExpansionError
from graders.dockerfile.expansion import expand, global_scope
from graders.dockerfile.model import Stage
from graders.dockerfile.mounts import BadMount, Mount
from graders.dockerfile.references import Reference
from graders.dockerfile.rules.case import NEWER_FORM, SCRATCH, Case, listed, refuse
from graders.refusal import Refusal

_STAGE_INDEX = re.compile(r"[+-]?[0-9]+")


def bases(case: Case) -> Iterator[Refusal]:
    """FROM starts from an allowed image or an earlier stage, variables filled in."""
    scope = global_scope(case.dockerfile, case.build_arguments)
    for stage in case.dockerfile.stages:
        at = stage.opening
        try:
            expanded = expand(stage.base, scope, escape=case.dockerfile.escape)
        except ExpansionError as error:
            yield refuse("base-not-allowed", at, f"{stage.base[:80]} cannot be worked out: {error.message}.")
            continue
        if expanded.is_newer and not case.dialect.substitutions:
            yield refuse("base-not-allowed", at, f"{stage.base[:80]} cannot be worked out: {NEWER_FORM}.")
            continue
        base = expanded.text
        written = f" ({stage.base[:80]})" if base != stage.base else ""
        if expanded.unknown:
            names = listed(f"${name}" for name in expanded.unknown)
            message = (
                f"FROM {stage.base[:80]} hangs on {names}, which has no value of its own there. "
                f"Give it a default in an ARG line above the first FROM, or name the image. {_choices(case, '')}"
            )
            yield refuse("base-not-allowed", at, message)
        elif base != SCRATCH and _earlier_stage(case, base, stage) is None and not case.allows(base):
            message = f"this lab does not allow the image {base[:80]!r}{written}. {_choices(case, base)}"
            yield refuse("base-not-allowed", at, message)


def copies(case: Case) -> Iterator[Refusal]:
    """COPY --from takes from an earlier stage or an allowed image."""
    for step in case.steps():
        source = step.flag("from") if step.keyword == "COPY" else None
        if not source or step.stage is None:
            continue
        problem = _source_problem(case, source, step.stage, index_allowed=True)
        if problem is not None:
            yield refuse("copy-from-not-allowed", step, f"COPY --from={source[:80]}: {problem}")


def mounts(case: Case) -> Iterator[Refusal]:
    """RUN --mount, by the kinds that the lab allows; what is mounted comes from where COPY may take it."""
    for step in case.steps():
        if step.keyword != "RUN" or step.stage is None:
            continue
        for flag in step.flags:
            if flag.name != "mount" or flag.value is None:
                continue
            problem = _mount_problem(case, flag.value, step.stage)
            if problem is not None:
                yield refuse("mount", step, f"--mount={flag.value[:80]}: {problem}")


def _mount_problem(case: Case, text: str, stage: int) -> str | None:
    try:
        mount = Mount.parse(text, case.dialect)
    except BadMount as error:
        return f"{error}."
    allowed = case.policy.allow_mounts
    if mount.kind not in allowed:
        which = f"it allows {listed(allowed)} mounts" if allowed else "it allows none"
        return f"{mount.kind[:40]} mounts are not part of this lab ({which}); do without it."
    if any("$" in value for value in mount.fields.values()):
        return "variables in a mount are read differently by engines; write the value out."
    source = mount.fields.get("source", "")
    if ".." in source.split("/"):
        return "a mount's source may not contain .. ; name the path from the top."
    origin = mount.fields.get("from")
    return None if origin is None else _source_problem(case, origin, stage, index_allowed=False)


def _source_problem(case: Case, source: str, stage: int, *, index_allowed: bool) -> str | None:
    """Why `source` (of COPY --from, or a mount's from=) is neither an earlier stage nor an allowed image."""
    if "$" in source:
        return "the engine does not expand variables there; give the stage a name (FROM … AS name) and use that."
    if index_allowed and _STAGE_INDEX.fullmatch(source):
        if 0 <= int(source[:10]) < stage and len(source) <= 10:  # noqa: PLR2004 - no file has so many stages
            return None
        return f"there is no stage of that number before this one, which is number {stage} (counting starts at 0)."
    named = case.dockerfile.stage_named(source)
    if named is not None:
        if named.index < stage:
            return None
        return "a stage can only copy from stages above it; move that stage up."
    if source == SCRATCH or case.allows(source):
        return None
    return f"there is no stage of that name above, and this lab does not allow it as an image. {_choices(case, source)}"


def _earlier_stage(case: Case, base: str, stage: Stage) -> Stage | None:
    # As in the engine: names are kept in lower case and FROM looks them up as they are written.
    return next((each for each in case.dockerfile.stages[: stage.index] if each.name == base), None)


def _choices(case: Case, image: str) -> str:
    """What may be written instead, nearest first."""
    allowed = sorted(case.policy.allowed_bases)
    if not allowed:
        return "Only FROM scratch is possible here."
    wanted = Reference.parse(image)
    same = [base for base in allowed if wanted is not None and base.rpartition(":")[0] == wanted.name]
    if same and wanted is not None and wanted.tag == "latest" and ":" not in image.rpartition("/")[2]:
        return f"Without a tag it means {wanted.name}:latest; write {listed(same, 'or')}."
    return f"Use {listed(same or allowed, 'or')}."

"""What a submitted Dockerfile may do, before anything is built: default deny, each refusal with line and way out."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from pydantic import BaseModel, ConfigDict, field_validator

from graders.dockerfile.dialect import Dialect
from graders.dockerfile.directives import syntax_message
from graders.dockerfile.errors import DockerfileError, ExpansionError
from graders.dockerfile.expansion import expand, global_scope, scopes
from graders.dockerfile.growth import sizes
from graders.dockerfile.instructions import READERS, unknown_instruction
from graders.dockerfile.model import Dockerfile, Instruction, Stage
from graders.dockerfile.mounts import BadMount, Mount, MountKind
from graders.dockerfile.parser import parse
from graders.dockerfile.references import Reference
from graders.refusal import Refusal

SCRATCH = "scratch"  # the empty image: there is nothing in it to refuse

_FLAGS: dict[str, frozenset[str]] = {
    "ADD": frozenset({"chown", "chmod"}),
    "COPY": frozenset({"from", "chown", "chmod"}),
    "HEALTHCHECK": frozenset({"interval", "timeout", "start-period", "retries"}),
    "RUN": frozenset({"mount"}),
}
_EXPANDED = frozenset({"ARG", "COPY", "ENV", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"})
_MOST_OF_ONE_STEP = 512 * 1024  # characters, variables filled in
_MOST_IN_ALL = 4 * 1024 * 1024
_MOST_OF_ONE_RULE = 50
_MOST_PORTS = 1_000  # each is kept and told by the engine: 65,535 take it longer than a call may take
_MOST_VOLUMES = 50  # each is made, and removed, for every container
_VALUELESS_FLAGS = frozenset({"link"})
_PORT_RANGE = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")
_STAGE_INDEX = re.compile(r"[+-]?[0-9]+")
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://|[^/@\s]+@[^/:\s]+:|git@|github\.com/", re.IGNORECASE)


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


def examine(
    text: str | bytes, policy: Policy, dialect: Dialect, *, build_arguments: Mapping[str, str] | None = None
) -> tuple[Dockerfile | None, list[Refusal]]:
    """Parse and judge in one step: the Dockerfile (None when it cannot be read) and why it is refused, if it is."""
    try:
        dockerfile = parse(text)
    except DockerfileError as error:
        return None, [error.as_refusal()]
    return dockerfile, check_policy(dockerfile, policy, dialect, build_arguments=build_arguments)


def check_policy(
    dockerfile: Dockerfile,
    policy: Policy,
    dialect: Dialect,
    *,
    build_arguments: Mapping[str, str] | None = None,
) -> list[Refusal]:
    """Every reason to refuse this Dockerfile, in the order of its lines; an empty list means that it may be built."""
    case = _Case(dockerfile, policy, dialect, build_arguments or {})
    found = list(_growth(case))
    if not found:  # only now is it safe to fill in variables
        found = [refusal for rule in _RULES for refusal in islice(rule(case), _MOST_OF_ONE_RULE)]
    return sorted(found, key=lambda refusal: refusal.line or 0)


@dataclass(frozen=True, slots=True)
class _Case:
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


def _refuse(rule: str, at: Instruction, message: str) -> Refusal:
    return Refusal(rule=rule, line=at.line, message=f"Line {at.line}: {message}")


def _growth(case: _Case) -> Iterator[Refusal]:
    total = 0
    for step, size in sizes(case.dockerfile, case.build_arguments):
        total += size
        if size > _MOST_OF_ONE_STEP or total > _MOST_IN_ALL:
            yield _refuse("too-much-expansion", step, "its variables grow too large; set them to shorter values.")
            return


def _syntax_directives(case: _Case) -> Iterator[Refusal]:
    for directive in case.dockerfile.directives:
        if directive.name == "syntax":
            yield Refusal(rule="syntax-directive", line=directive.line, message=syntax_message(directive))
    for step in case.steps():
        if step.keyword not in ("ARG", "ENV"):
            continue
        for name, _ in step.pairs:
            if name.upper().startswith("BUILDKIT_"):
                rule = "syntax-directive" if name.upper() == "BUILDKIT_SYNTAX" else "builder-switch"
                yield _refuse(rule, step, f"{name[:60]} is a switch of the builder itself; remove it.")


def _unknown_instructions(case: _Case) -> Iterator[Refusal]:
    for step in case.steps():
        if step.keyword not in READERS:
            yield _refuse("unknown-instruction", step, unknown_instruction(step.spelling))


def _commands(case: _Case) -> Iterator[Refusal]:
    for step in case.steps():
        if step.unread:
            message = (
                f"after the closing ] stands {step.unread[:40]!r}. Some engines ignore that, others read the whole "
                "line as a shell command; remove it, or start with something else than [."
            )
            yield _refuse("text-after-exec-form", step, message)
        nothing = step.keyword == "RUN" or not step.is_exec  # CMD [] does say something: it takes the base's away
        if step.keyword in ("RUN", "CMD", "ENTRYPOINT") and nothing and not step.words:
            yield _refuse("no-command", step, f"{step.keyword} needs a command after it.")


def _stage_names(case: _Case) -> Iterator[Refusal]:
    lines: dict[str, int] = {}
    for stage in case.dockerfile.stages:
        if stage.name is None:
            continue
        if stage.name in lines:
            message = f"line {lines[stage.name]} has a stage called {stage.name} already; choose another name."
            yield _refuse("bad-stage-name", stage.opening, message)
        lines.setdefault(stage.name, stage.line)


def _flags(case: _Case) -> Iterator[Refusal]:
    for step in case.steps():
        if step.keyword not in READERS:
            continue
        known = _FLAGS.get(step.keyword, frozenset())
        if case.dialect.link and step.keyword in ("ADD", "COPY"):
            known |= {"link"}
        if case.dialect.start_interval and step.keyword == "HEALTHCHECK":
            known |= {"start-interval"}
        for flag in step.flags:
            if step.keyword == "FROM" and flag.name == "platform":
                message = "images are built for the grading machine's own platform here; remove --platform."
                yield _refuse("platform", step, message)
            elif flag.name not in known:
                listed = "it takes no flags" if not known else "it takes " + _listed(f"--{name}" for name in known)
                yield _refuse("unknown-flag", step, f"{step.keyword} may not have --{flag.name[:40]} here; {listed}.")
            elif flag.value is None and flag.name not in _VALUELESS_FLAGS:
                yield _refuse("flag-value", step, f"--{flag.name} needs a value: --{flag.name}=….")
            elif not str(flag).isascii():
                yield _refuse("odd-flag", step, f"write --{flag.name} in plain letters.")


def _heredocs(case: _Case) -> Iterator[Refusal]:
    if case.dialect.heredocs:
        return
    for instruction in case.dockerfile.instructions:
        if instruction.heredocs:
            message = (
                f"this engine does not know heredocs (<<{instruction.heredocs[0].name}). "
                "Join the commands with && and \\, or COPY a file; if no heredoc is meant, put the << in quotes."
            )
            yield _refuse("heredoc", instruction, message)


def _onbuild(case: _Case) -> Iterator[Refusal]:
    for instruction in case.dockerfile.all("ONBUILD"):
        if not case.policy.allow_onbuild:
            message = "ONBUILD is not part of this lab; write the instruction itself, or leave it out."
            yield _refuse("onbuild", instruction, message)
        elif instruction.nested is not None and (
            instruction.nested.flag("from") is not None or instruction.nested.flag("mount") is not None
        ):
            message = "what ONBUILD holds back may have no --from and no --mount: another file's stages would be meant."
            yield _refuse("onbuild", instruction, message)


def _bases(case: _Case) -> Iterator[Refusal]:
    scope = global_scope(case.dockerfile, case.build_arguments)
    for stage in case.dockerfile.stages:
        at = stage.opening
        try:
            expanded = expand(stage.base, scope, escape=case.dockerfile.escape)
        except ExpansionError as error:
            yield _refuse("base-not-allowed", at, f"{stage.base[:80]} cannot be worked out: {error.message}.")
            continue
        base = expanded.text
        written = f" ({stage.base[:80]})" if base != stage.base else ""
        if expanded.unknown:
            names = _listed(f"${name}" for name in expanded.unknown)
            message = (
                f"FROM {stage.base[:80]} hangs on {names}, which has no value of its own there. "
                f"Give it a default in an ARG line above the first FROM, or name the image. {_choices(case, '')}"
            )
            yield _refuse("base-not-allowed", at, message)
        elif base != SCRATCH and _earlier_stage(case, base, stage) is None and not _is_allowed(case, base):
            message = f"this lab does not allow the image {base[:80]!r}{written}. {_choices(case, base)}"
            yield _refuse("base-not-allowed", at, message)


def _copies(case: _Case) -> Iterator[Refusal]:
    for step in case.steps():
        source = step.flag("from") if step.keyword == "COPY" else None
        if not source or step.stage is None:
            continue
        problem = _source_problem(case, source, step.stage, index_allowed=True)
        if problem is not None:
            yield _refuse("copy-from-not-allowed", step, f"COPY --from={source[:80]}: {problem}")


def _mounts(case: _Case) -> Iterator[Refusal]:
    for step in case.steps():
        if step.keyword != "RUN" or step.stage is None:
            continue
        for flag in step.flags:
            if flag.name != "mount" or flag.value is None:
                continue
            problem = _mount_problem(case, flag.value, step.stage)
            if problem is not None:
                yield _refuse("mount", step, f"--mount={flag.value[:80]}: {problem}")


def _mount_problem(case: _Case, text: str, stage: int) -> str | None:
    try:
        mount = Mount.parse(text)
    except BadMount as error:
        return f"{error}."
    allowed = case.policy.allow_mounts
    if mount.kind not in allowed:
        which = f"it allows {_listed(allowed)} mounts" if allowed else "it allows none"
        return f"{mount.kind[:40]} mounts are not part of this lab ({which}); do without it."
    if any("$" in value for value in mount.fields.values()):
        return "variables in a mount are read differently by engines; write the value out."
    source = mount.fields.get("source", "")
    if ".." in source.split("/"):
        return "a mount's source may not contain .. ; name the path from the top."
    origin = mount.fields.get("from")
    return None if origin is None else _source_problem(case, origin, stage, index_allowed=False)


def _source_problem(case: _Case, source: str, stage: int, *, index_allowed: bool) -> str | None:
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
    if source == SCRATCH or _is_allowed(case, source):
        return None
    return f"there is no stage of that name above, and this lab does not allow it as an image. {_choices(case, source)}"


def _adds(case: _Case) -> Iterator[Refusal]:
    if case.policy.allow_add_url:
        return
    for step, scope in scopes(case.dockerfile, build_arguments=case.build_arguments):
        add = step.nested or step
        for word in add.words[:-1] if add.keyword == "ADD" else ():
            problem = _add_problem(word, scope, case.dockerfile.escape)
            if problem is not None:
                yield _refuse("add-url", step, f"ADD {word[:80]}: {problem}")


def _add_problem(word: str, scope: Mapping[str, str | None], escape: str) -> str | None:
    try:
        expanded = expand(word, scope, escape=escape)
    except ExpansionError as error:
        return f"it cannot be worked out: {error.message}."
    if _REMOTE.match(expanded.text.strip()) or "://" in expanded.text:
        return "nothing may be fetched from elsewhere in this lab; put the file beside the Dockerfile and COPY it."
    if expanded.unknown:
        names = _listed(f"${name}" for name in expanded.unknown)
        return f"{names} has no value that this file settles, so it could be an address; write it out, or use COPY."
    return None


def _values(case: _Case) -> Iterator[Refusal]:
    """Quotes that never close and odd ${…}: the engine's own message about them names no line."""
    for step in case.steps():
        if step.keyword in _EXPANDED:
            words = [part for pair in step.pairs for part in pair if part is not None] or step.words
        elif step.keyword == "ADD":
            words = step.words[-1:]  # its sources have a rule of their own
        else:
            continue
        for word in words:
            try:
                expand(word, {}, escape=case.dockerfile.escape)
            except ExpansionError as error:
                yield _refuse("unreadable-value", step, f"in {word[:60]}, {error.message}.")


def _declarations(case: _Case) -> Iterator[Refusal]:
    ports = volumes = 0
    for step, scope in scopes(case.dockerfile, build_arguments=case.build_arguments):
        declared = step.nested or step
        if declared.keyword == "VOLUME":
            volumes += len(declared.words)
            if volumes > _MOST_VOLUMES:
                yield _refuse("too-many-volumes", step, f"that makes more than {_MOST_VOLUMES} volumes; name fewer.")
                return
        elif declared.keyword == "EXPOSE":
            ports += sum(_ports_in(word, scope, case.dockerfile.escape) for word in declared.words)
            if ports > _MOST_PORTS:
                message = f"that makes more than {_MOST_PORTS:,} ports; name those that your program uses."
                yield _refuse("too-many-ports", step, message)
                return


def _ports_in(word: str, scope: Mapping[str, str | None], escape: str) -> int:
    try:
        text = expand(word, scope, escape=escape).text
    except ExpansionError:
        return 0  # told of by another rule
    return sum(max(1, int(last) - int(first) + 1) for first, last in _PORT_RANGE.findall(text)) or 1


def _earlier_stage(case: _Case, base: str, stage: Stage) -> Stage | None:
    # As in the engine: names are kept in lower case and FROM looks them up as they are written.
    return next((each for each in case.dockerfile.stages[: stage.index] if each.name == base), None)


def _is_allowed(case: _Case, image: str) -> bool:
    found = Reference.parse(image)
    return found is not None and str(found) in case.policy.allowed_bases


def _choices(case: _Case, image: str) -> str:
    """What may be written instead, nearest first."""
    allowed = sorted(case.policy.allowed_bases)
    if not allowed:
        return "Only FROM scratch is possible here."
    wanted = Reference.parse(image)
    same = [base for base in allowed if wanted is not None and base.rpartition(":")[0] == wanted.name]
    if same and wanted is not None and wanted.tag == "latest" and ":" not in image.rpartition("/")[2]:
        return f"Without a tag it means {wanted.name}:latest; write {_listed(same, 'or')}."
    return f"Use {_listed(same or allowed, 'or')}."


def _listed(names: Iterator[str] | frozenset[str] | list[str], last: str = "and") -> str:
    ordered = sorted(names)
    return f" {last} ".join(filter(None, [", ".join(ordered[:-1]), ordered[-1]]))


_RULES: tuple[Callable[[_Case], Iterator[Refusal]], ...] = (
    _syntax_directives,
    _unknown_instructions,
    _commands,
    _stage_names,
    _flags,
    _heredocs,
    _onbuild,
    _bases,
    _copies,
    _mounts,
    _adds,
    _values,
    _declarations,
)

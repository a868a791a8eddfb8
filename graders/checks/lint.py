"""The check `lint`: hadolint finds nothing, by the rules that the lab chooses."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from graders.actions import DEFAULT
from graders.checks.base import Check, Sample, Samples, Verdict, failed, passed
from graders.checks.registry import register
from graders.dockerfile.lint import MAX_CHARACTERS, lint
from graders.dockerfile.lint_rules import RULES
from graders.observations import Observations, Wants
from graders.spec import Identifier, Text
from graders.visible import visible


def _rule(value: str) -> str:
    rule = value.strip().upper()
    if rule not in RULES:
        raise ValueError(f"names a rule that is not known here, {value}; docs/checks.md lists those that are")
    return rule


@register("lint")
class Lint(Check):
    """The linter hadolint finds nothing to improve, by the `rules` that the lab chooses.

    Each rule is explained in plain words. Comments in the Dockerfile cannot switch a rule off.
    """

    rules: tuple[Annotated[Text, AfterValidator(_rule)], ...] = Field(min_length=1)
    """hadolint's and ShellCheck's rules by number, such as `DL3008`; the table below lists them."""
    build: Identifier = DEFAULT

    why: ClassVar[str] = (
        "A linter knows the mistakes that others have made before, and finds them before they cost you."
    )
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(about="Nothing to improve.", check={"rules": ["DL3006", "DL3025"]}),
            Sample(
                about="Rules that are not chosen do not count.",
                check={"rules": ["DL3006"]},
                dockerfile="FROM busybox:1.35\nRUN cd /tmp\nCMD echo hello\n",
            ),
            Sample(
                about="A folder of one letter, which hadolint falls over.",
                check={"rules": ["DL3025"]},
                dockerfile='FROM busybox:1.35\nWORKDIR x\nCMD ["true"]\n',
            ),
        ),
        wrong=(
            Sample(
                about="Two rules are broken; the first line leads.",
                check={"rules": ["DL3003", "DL3025"]},
                dockerfile="FROM busybox:1.35\nRUN cd /tmp && true\nCMD echo hello\n",
                says="a cd in RUN lasts for that line only (DL3003). And line 3",
                line=2,
            ),
            Sample(
                about="A comment does not help.",
                check={"rules": ["DL3025"]},
                dockerfile="FROM busybox:1.35\n# hadolint ignore=DL3025\nCMD echo hello\n",
                says="(DL3025)",
                line=3,
            ),
            Sample(
                about="A rule that is off by default.",
                check={"rules": ["DL3057"]},
                says="There is no HEALTHCHECK (DL3057)",
            ),
        ),
        malformed=(
            Sample(about="No rules.", check={"rules": []}, says="`rules`"),
            Sample(about="A rule that is none.", check={"rules": ["DL3080"]}, says="not known here, DL3080"),
        ),
    )

    def heading(self) -> str:
        """Say what is expected."""
        return "The linter finds nothing to improve"

    def wants(self) -> Wants:
        """The Dockerfile; nothing needs to be built."""
        return Wants(sources=frozenset({self.build}))

    def judge(self, seen: Observations) -> Verdict:
        """Run hadolint on the text. Raises LintUnavailable when it is not there."""
        text = seen.dockerfile(self.build).source
        if len(text) > MAX_CHARACTERS:
            return failed(f"The Dockerfile has more than {MAX_CHARACTERS // 1024} KiB, which no linter reads.")
        findings = lint(text, set(self.rules))
        if not findings:
            return passed("The linter finds nothing to improve.")
        first, *others = findings
        lines = ", ".join(map(str, sorted({each.line for each in others})[:10]))
        more = f" And line {lines}: {', '.join(sorted({each.rule for each in others}))}." if others else ""
        return failed(
            f"Line {first.line}: {first.message.removesuffix('.')} ({first.rule}).{more}",
            hint="\n".join(f"{each.rule}: {each.message}" for each in {other.rule: other for other in others}.values()),
            seen=visible(_line(text, first.line)),
            line=first.line,
            why=first.why,
        )


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""

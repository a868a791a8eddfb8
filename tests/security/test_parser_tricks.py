"""Row 20 of docs/security.md: what a Dockerfile hides from a reader is read as the engine reads it, or refused."""

from collections.abc import Callable

import pytest

from graders.archive import Submission
from graders.dockerfile.parser import parse
from graders.report import Outcome, Report
from tests.security.attempts import word_plan

pytestmark = pytest.mark.engine

Graded = Callable[..., Report]

FROM = b"FROM busybox:1.35\n"
SMUGGLED = b"RUN echo smugg''led\n"
TRICKS = {
    "backslash-after-escape-backtick": b"# escape=`\n" + FROM + b"RUN echo a \\\n" + SMUGGLED,
    "backtick-after-escape-backtick": b"# escape=`\n" + FROM + b"RUN echo a `\n" + SMUGGLED,
    "escape-directive-too-late": FROM + b"# escape=`\nRUN echo a `\n" + SMUGGLED,
    "escape-directive-twice": b"# escape=`\n# escape=\\\n" + FROM + SMUGGLED,
    "escape-directive-of-nothing": b"# escape=\n" + FROM + SMUGGLED,
    "continued-comment": FROM + b"# a comment \\\n" + SMUGGLED,
    "comment-inside-a-continuation": FROM + b"RUN echo a && \\\n# RUN nothing\n" + b"echo smugg''led\n",
    "empty-line-inside-a-continuation": FROM + b"RUN echo a \\\n\n   \n" + SMUGGLED,
    "continuation-with-blanks-after-it": FROM + b"RUN echo a \\   \n" + SMUGGLED,
    "continuation-at-the-end": FROM + b"RUN echo smugg''led \\",
    "heredoc": FROM + b"RUN <<END\n" + SMUGGLED + b"END\n",
    "heredoc-in-quotes": FROM + b'RUN echo "<<END"\n' + SMUGGLED,
    "heredoc-of-copy": FROM + b"COPY <<END /x\n" + SMUGGLED + b"END\n",
    "small-letters": FROM.lower() + SMUGGLED.replace(b"RUN", b"rUn"),
    "byte-order-mark": b"\xef\xbb\xbf" + FROM + SMUGGLED,
    "byte-order-mark-further-down": FROM + b"\xef\xbb\xbf" + SMUGGLED,
    "carriage-returns": FROM.replace(b"\n", b"\r\n") + SMUGGLED.replace(b"\n", b"\r\n"),
    "carriage-returns-only": FROM + b"# a comment\r" + SMUGGLED,
    "carriage-return-after-a-continuation": FROM + b"RUN echo a \\\r\n" + SMUGGLED,
    "tabs": FROM + b"\t\tRUN\techo\tsmugg''led\n",
    "vertical-tab-and-form-feed": FROM + b"\x0bRUN echo\x0csmugg''led\n",
    "no-break-space": FROM + "RUN\u00a0echo smugg''led\n".encode(),
    "line-separator": FROM + "# a comment\u2028RUN echo smugg''led\n".encode(),
    "next-line": FROM + "# a comment\u0085RUN echo smugg''led\n".encode(),
    "nul": FROM + b"# a comment\x00\n" + SMUGGLED,
    "invalid-utf-8": FROM + b"# \xff\xfe\xc0\x80\n" + SMUGGLED,
    "invalid-utf-8-in-a-command": FROM + b"RUN echo \xff smugg''led\n",
    "line-of-a-megabyte": FROM + b"RUN : " + b"x" * 1_000_000 + b"\n" + SMUGGLED,
    "comment-of-a-megabyte": FROM + b"# " + b"x" * 1_000_000 + b"\n" + SMUGGLED,
    "sixty-five-kilobytes": FROM + b"# " + b"x" * 65_534 + b"\n" + SMUGGLED,
    "json-that-is-none": FROM + b'RUN ["echo", "smuggled"\n',
    "json-with-words-after-it": FROM + b"RUN [\"true\"] ; echo smugg''led\n",
    "label-that-goes-on": FROM + b'LABEL a="b\\\n' + SMUGGLED + b'"\n',
    "argument-in-a-keyword": b"ARG K=RUN\n" + FROM + b"$K echo smugg''led\n",
}


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_is_refused_or_read_as_the_engine_reads_it(name: str, graded: Graded) -> None:
    """Every step has its line, every RUN that was read is a step, and what was smuggled in is one of them."""
    text = TRICKS[name]
    report = graded(word_plan(), Submission.from_files({"Dockerfile": text}))
    if report.outcome is Outcome.REFUSED:
        assert all(len(refusal.message) > 20 for refusal in report.refusals)
        assert report.score == 0
        return
    read = [step for step in parse(text).instructions if step.keyword in {"FROM", "RUN", "COPY", "ADD", "WORKDIR"}]
    (build,) = report.builds
    assert build.steps, build.error
    assert [step.line for step in build.steps] == [step.line for step in read]
    printed = any("smuggled" in step.log for step in build.steps)
    ran = {step.line for step in build.steps if "smuggled" in step.log}
    says = {step.line for step in read if "smugg" in step.logical}
    assert ran <= says, "what ran was read as a command"
    assert printed or not build.ok or not says


def test_most_tricks_are_built_not_refused(graded: Graded) -> None:
    """A reader that refused everything odd would pass the test above and be of no use."""
    built = [
        name
        for name in ("backtick-after-escape-backtick", "small-letters", "carriage-returns", "tabs", "byte-order-mark")
        if graded(word_plan(), Submission.from_files({"Dockerfile": TRICKS[name]})).builds
    ]
    assert len(built) == 5

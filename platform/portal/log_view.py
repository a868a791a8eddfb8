"""Build logs as pages show them: folded by step, every line numbered and linkable, the one to blame marked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# More than this is not put into a page; the whole log can be downloaded.
MOST_LINES = 2000

RawStep = tuple[str, str, float | None, str, str]
"""Name, state, seconds, output, the engine's words for why it failed."""


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """One line of a step's output."""

    number: int
    anchor: str
    text: str
    bad: bool


@dataclass(frozen=True, kw_only=True)
class LogStep:
    """One step with its output."""

    index: int
    anchor: str
    name: str
    state: str
    seconds: float | None
    lines: Sequence[LogLine]
    open: bool
    cut: bool


def fold_log(steps: Iterable[RawStep], *, prefix: str = "log", first: int = 1) -> list[LogStep]:
    """Fold a log: failed and running steps stand open, and the last line of a failed one is marked."""
    return [_step(index, step, prefix) for index, step in enumerate(steps, start=first)]


def _step(index: int, step: RawStep, prefix: str) -> LogStep:
    name, state, seconds, output, error = step
    texts = output.rstrip("\n").split("\n") if output.strip() else []
    cut = len(texts) > MOST_LINES
    texts = texts[-MOST_LINES:]
    if error:
        texts += error.rstrip("\n").split("\n")
    failed = state == "failed"
    to_blame = len(texts) - 1 if error or failed else -1
    anchor = f"{prefix}-{index}"
    lines = [
        LogLine(number=n + 1, anchor=f"{anchor}-{n + 1}", text=text, bad=failed and n == to_blame)
        for n, text in enumerate(texts)
    ]
    return LogStep(
        index=index,
        anchor=anchor,
        name=name,
        state=state,
        seconds=seconds,
        lines=lines,
        open=state in {"failed", "running"},
        cut=cut,
    )

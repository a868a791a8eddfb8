"""What `docker build` prints, made from what the builder tells: the form of the CLI's `--progress=plain`.

Steps are printed whole and in the order in which they began, where the CLI lets those that run at once take turns.
The lines about files that the CLI sends are ours, since no CLI sends any here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from graders.sandbox.base import BuildResult
from graders.sandbox.limits import plain_build_error
from graders.sandbox.trace import LogChunk, Status, Vertex

_NOT_OURS = ("[internal] load remote build context", "copy /context /", "exporting to ")
"""How the engine takes in a context that is sent whole, and what it does at the end: told of in other words."""
_BEFORE_CONTEXT = re.compile(r"\[internal\] |\[[^\]]*\] FROM ")
"""What goes on before a CLI is asked for its files."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What went into the build."""

    dockerfile: str
    dockerfile_bytes: int
    ignore_bytes: int
    context_bytes: int | None
    """None where the Dockerfile takes nothing from it, so that no CLI would send it."""


@dataclass
class _Printed:
    """The output of one step."""

    lines: list[tuple[float, bytes]] = field(default_factory=list)
    begun: dict[int, tuple[float, bytes]] = field(default_factory=dict)
    """By stream, a line that has not ended yet."""


class BuildOutput:
    """Follows one build, and says at its end what to print."""

    def __init__(self, *, max_bytes: int) -> None:
        self._vertexes: dict[str, Vertex] = {}
        self._began: dict[str, float] = {}
        self._printed: dict[str, _Printed] = {}
        self._left = max_bytes

    def follow(self, status: Status) -> None:
        """Take in what the engine tells."""
        for vertex in status.vertexes:
            self._vertexes[vertex.digest] = vertex
            if vertex.started is not None:
                self._began.setdefault(vertex.digest, vertex.started)  # sources are looked at more than once
        for chunk in status.logs:
            self._print(chunk)

    def text(self, sent: Sent, result: BuildResult, *, names: Sequence[str]) -> str:
        """All that is printed; `names` are the image's full ones. Names of the engine's are still in it."""
        blocks = _Blocks()
        blocks.add(
            f"[internal] load build definition from {sent.dockerfile}",
            f"transferring dockerfile: {sent.dockerfile_bytes}B done",
            "DONE 0.0s",
        )
        blocks.add("[internal] load .dockerignore", f"transferring context: {sent.ignore_bytes}B done", "DONE 0.0s")
        has_context = sent.context_bytes is None
        for vertex in self._begun():
            if not has_context and not _BEFORE_CONTEXT.match(vertex.name):
                has_context = True
                blocks.add(
                    "[internal] load build context", f"transferring context: {sent.context_bytes}B done", "DONE 0.0s"
                )
            blocks.add(vertex.name, *self._lines(vertex), self._ending(vertex, result))
        if result.ok:
            blocks.add(
                "exporting to image",
                "exporting layers done",
                f"writing image {result.image_id} done",
                *(f"naming to {name} done" for name in names),
                "DONE 0.0s",
            )
            return blocks.text
        return blocks.text.rstrip("\n") + "\n" + _failure(result)

    def _print(self, chunk: LogChunk) -> None:
        printed = self._printed.setdefault(chunk.vertex, _Printed())
        data = chunk.data[: self._left]
        self._left -= len(data)
        at = chunk.at or 0.0
        began, pending = printed.begun.pop(chunk.stream, (at, b""))
        *whole, last = (pending + data).split(b"\n")
        for number, line in enumerate(whole):
            printed.lines.append((at if number else began, line))
        if last:
            printed.begun[chunk.stream] = (at if whole else began, last)

    def _begun(self) -> list[Vertex]:
        """The steps to print, in the order in which they began."""
        told = [
            vertex
            for vertex in self._vertexes.values()
            if vertex.started is not None
            and not vertex.name.startswith(_NOT_OURS)
            # Where a later step cannot be prepared, the engine calls those before it cached without running them.
            and not (vertex.cached and vertex.inputs)
        ]
        return sorted(told, key=lambda vertex: self._began[vertex.digest])

    def _lines(self, vertex: Vertex) -> list[str]:
        printed = self._printed.get(vertex.digest, _Printed())
        started = vertex.started or 0.0
        return [
            f"{max(at - started, 0):.3f} {line.decode(errors='replace')}"
            for at, line in [*printed.lines, *printed.begun.values()]
        ]

    def _ending(self, vertex: Vertex, result: BuildResult) -> str:
        if vertex.error:
            return f"ERROR: {plain_build_error(vertex.error)}"
        if vertex.completed is None or vertex.started is None:
            return f"ERROR: {result.error}" if result.limit is not None else "CANCELED"
        return "CACHED" if vertex.cached else f"DONE {max(vertex.completed - vertex.started, 0):.1f}s"


def _failure(result: BuildResult) -> str:
    failed = "" if result.failed_step is None else result.steps[result.failed_step].name
    where = f"------\n > {failed}:\n------\n" if failed else ""
    return f"{where}{result.error}\n"


class _Blocks:
    """Numbered blocks of lines, as the plain form has them."""

    def __init__(self) -> None:
        self.text = ""
        self._count = 0

    def add(self, *lines: str) -> None:
        """Add a block under the next number."""
        self._count += 1
        self.text += "".join(f"#{self._count} {line}\n" for line in lines) + "\n"

"""Parts code into what can be picked: a line, or an instruction with the lines that continue it."""

from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from graders.dockerfile.errors import DockerfileError
from graders.dockerfile.parser import parse_instructions


@dataclass(frozen=True, kw_only=True)
class Block:
    """Lines that belong together; `line` is the first one's number, `before` are the empty lines above it."""

    line: int
    lines: tuple[str, ...]
    before: tuple[int, ...] = ()

    @property
    def end_line(self) -> int:
        """The last one's number."""
        return self.line + len(self.lines) - 1

    @property
    def text(self) -> str:
        """The lines as they stand."""
        return "\n".join(self.lines)

    @property
    def place(self) -> str:
        """Which lines these are, in words."""
        return f"line {self.line}" if self.line == self.end_line else f"lines {self.line} to {self.end_line}"

    def holds(self, number: int) -> bool:
        """Whether the line with this number is one of them."""
        return self.line <= number <= self.end_line

    @property
    def html(self) -> SafeString:
        """The lines with their numbers, as code."""
        return format_html_join(
            "",
            '<span class="code-line"><span class="code-number">{}</span><code>{}</code></span>',
            ((number, text) for number, text in enumerate(self.lines, self.line)),
        )

    @property
    def html_before(self) -> SafeString:
        """The empty lines above, with their numbers."""
        return format_html_join(
            "",
            '<span class="code-line"><span class="code-number">{}</span><code></code></span>',
            ((number,) for number in self.before),
        )


def blocks_of(code: str, *, is_dockerfile: bool) -> tuple[Block, ...]:
    """Everything in the code that can be picked, in order.

    In a Dockerfile an instruction goes as far as the engine reads it, heredocs and comments inside it counted in; where
    the engine would refuse the file, and in other code, a line that ends in a backslash goes on in the next one.
    """
    lines = code.rstrip("\n").split("\n")
    ends = _instruction_ends(code) if is_dockerfile else {}
    blocks: list[Block] = []
    empty: list[int] = []
    at = 0
    while at < len(lines):
        number = at + 1
        if not lines[at].strip():
            empty.append(number)
            at += 1
            continue
        end = min(ends.get(number) or _continued(lines, at), len(lines))
        while end > number and not lines[end - 1].strip():
            end -= 1
        blocks.append(Block(line=number, lines=tuple(lines[at:end]), before=tuple(empty)))
        empty, at = [], end
    return tuple(blocks)


def _instruction_ends(code: str) -> dict[int, int]:
    """The last line of each instruction by its first one; none where the engine would not read the code."""
    try:
        return {each.line: each.end_line for each in parse_instructions(code)}
    except DockerfileError:
        return {}


def _continued(lines: list[str], at: int) -> int:
    """The number of the last line that goes on from this one."""
    while at + 1 < len(lines) and lines[at].rstrip().endswith("\\") and not lines[at].lstrip().startswith("#"):
        at += 1
    return at + 1


def code_html(code: str) -> SafeString:
    """Show code as it is, without numbers, with its line ends."""
    return format_html('<code class="code-text">{}</code>', code)

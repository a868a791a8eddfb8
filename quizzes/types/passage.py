"""A Markdown text with blanks in it, `[[name]]`, rendered and cut where the blanks stand."""

import re
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser

from django.utils.safestring import SafeString, mark_safe

from quizzes.rendering import block

BLANK = re.compile(r"\[\[([a-z0-9]+(?:-[a-z0-9]+)*)\]\]")


@dataclass(frozen=True, kw_only=True)
class Passage:
    """The pieces before each blank, the blanks' names, and what stands behind the last one.

    Pieces are safe HTML only together, in this order: a list or a block of code may begin in one and end in another.
    """

    before: tuple[SafeString, ...]
    names: tuple[str, ...]
    tail: SafeString


class _Blanks(HTMLParser):
    """Finds blanks that stand in text: one in an attribute or a link is no place to write in."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self._lines = [0]
        for line in html.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self._in_link = 0
        self.found: list[re.Match[str]] = []
        self._html = html
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._in_link += tag == "a"

    def handle_endtag(self, tag: str) -> None:
        self._in_link -= tag == "a"

    def handle_data(self, data: str) -> None:
        if self._in_link:
            return
        line, column = self.getpos()
        start = self._lines[line - 1] + column
        self.found.extend(BLANK.finditer(self._html, start, start + len(data)))


@lru_cache(maxsize=1024)
def passage_of(text: str) -> Passage:
    """Render a text and cut it at its blanks."""
    html = block(text)
    found = _Blanks(html).found
    ends = [0, *(match.end() for match in found)]
    starts = [*(match.start() for match in found), len(html)]
    pieces = [mark_safe(html[end:start]) for end, start in zip(ends, starts, strict=True)]  # noqa: S308 - cut from safe HTML, between its tags
    return Passage(before=tuple(pieces[:-1]), names=tuple(match[1] for match in found), tail=pieces[-1])

"""Turns authors' text into safe HTML: a small part of Markdown, rendered, then cleaned to a short list of tags."""

import re
from functools import lru_cache

import nh3
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table"]).disable(["image"])

_BLOCK_TAGS = {
    "a", "blockquote", "br", "code", "em", "h3", "h4", "hr", "li", "ol", "p", "pre", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_INLINE_TAGS = {"a", "br", "code", "em", "strong"}
_ATTRIBUTES = {"a": {"href", "title"}, "code": {"class"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}
_BACKTICKS = re.compile("`+")


def _clean(html: str, tags: set[str]) -> SafeString:
    cleaned = nh3.clean(html, tags=tags, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel="noopener noreferrer")
    return mark_safe(cleaned.strip())  # noqa: S308 - nh3 let only the tags above through


@lru_cache(maxsize=4096)
def block(text: str) -> SafeString:
    """Render a text of several paragraphs. HTML in it shows as text."""
    return _clean(_MARKDOWN.render(text), _BLOCK_TAGS)


@lru_cache(maxsize=8192)
def inline(text: str) -> SafeString:
    """Render a text that stands inside a line, such as an option; line breaks stay."""
    return _clean(_MARKDOWN.renderInline(text).replace("\n", "<br>"), _INLINE_TAGS)


def literal(text: str) -> SafeString:
    """Show a text as it is, character by character, as code."""
    return format_html("<code>{}</code>", text)


def code_span(text: str) -> str:
    """Write a text as Markdown code that shows it as it is, whatever backticks it holds."""
    fence = "`" * (max((len(run) for run in _BACKTICKS.findall(text)), default=0) + 1)
    inside = f" {text} " if text.startswith(("`", " ")) or text.endswith(("`", " ")) else text
    return f"{fence}{inside}{fence}"

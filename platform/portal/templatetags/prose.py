"""Markdown that authors wrote, as safe HTML: rendered by markdown-it, then cleaned by an allow-list."""

from functools import lru_cache

import nh3
from django import template
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

register = template.Library()

# Raw HTML in the source is shown as text; the cleaner behind it is the second door, not the first.
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable(["table", "strikethrough"])

_TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre", "s", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "code": {"class"}}
_SCHEMES = {"https", "http", "mailto"}


def _shift_headings(text: str) -> str:
    """Render with headings one level down: the page's own title is the only h1."""
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(4, int(token.tag[1]) + 1)}"
    return str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))


@lru_cache(maxsize=512)
def _rendered(text: str) -> str:
    return nh3.clean(
        _shift_headings(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
    )


@register.filter
def prose(text: str | None) -> SafeString:
    """Markdown as safe HTML, without its own h1, images, styles or scripts."""
    return mark_safe(_rendered(text or ""))  # noqa: S308 - cleaned by nh3


@register.filter
def inline_prose(text: str | None) -> SafeString:
    """One line of Markdown without the paragraph around it, for labels of options."""
    rendered = _rendered(text or "").strip()
    if rendered.count("<p>") == 1 and rendered.startswith("<p>") and rendered.endswith("</p>"):
        rendered = rendered[3:-4]
    return mark_safe(rendered)  # noqa: S308 - cleaned by nh3

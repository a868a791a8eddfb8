"""Markdown that authors wrote, as safe HTML: rendered by markdown-it, then cleaned by an allow-list."""

import re
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
_INLINE_TAGS = {"a", "br", "code", "em", "s", "strong"}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "code": {"class"}}
_SCHEMES = {"https", "http", "mailto"}
_BLOCK = re.compile(r"<pre>.*?</pre>", re.DOTALL)
_OPTION = re.compile(r"(?<=[\s>])--[\w-]+")


def _shift_headings(text: str) -> str:
    """Render with headings one level down: the page's own title is the only h1."""
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(4, int(token.tag[1]) + 1)}"
    return str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))


@lru_cache(maxsize=512)
def _rendered(text: str) -> str:
    html = _BLOCK.sub(_options_whole, _clean(_shift_headings(text), _TAGS))
    # What may be wider than a telephone scrolls by itself, so the keyboard must get there. The cleaner has taken every
    # attribute of these off, and shows what looks like one of them in the text as text.
    return html.replace("<pre>", '<pre tabindex="0">').replace("<table>", '<table tabindex="0">')


def _options_whole(block: re.Match[str]) -> str:
    """A block of commands whose long options can be kept in one piece: browsers break lines after a hyphen."""
    return _OPTION.sub(r'<span class="whole-word">\g<0></span>', block[0])


def _clean(html: str, tags: set[str]) -> str:
    return nh3.clean(html, tags=tags, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel="noopener noreferrer")


@register.filter
def prose(text: str | None) -> SafeString:
    """Markdown as safe HTML, without its own h1, images, styles or scripts."""
    return mark_safe(_rendered(text or ""))  # noqa: S308 - cleaned by nh3


@register.filter
def inline_prose(text: str | None) -> SafeString:
    """Markdown that stands inside a line, such as a hint; line breaks stay."""
    rendered = str(_MARKDOWN.renderInline(text or "")).replace("\n", "<br>")
    return mark_safe(_clean(rendered, _INLINE_TAGS))  # noqa: S308 - cleaned by nh3


@register.filter
def without_title(text: str, title: str) -> str:
    """The text without a first heading that only repeats the title of the page it stands on."""
    first, _, rest = text.lstrip().partition("\n")
    return rest if first.lstrip("# ").strip().casefold() == title.strip().casefold() else text

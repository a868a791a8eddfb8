"""Icons of the sprite, for templates that every page has: a tag is many times quicker than a component."""

from functools import lru_cache

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "", extra: str = "") -> SafeString:
    """Draw an icon by its name. With a `label` it is a picture that says something; without one it is decoration."""
    return _decoration(name) if not label and not extra else _drawn(name, label, extra)


@lru_cache(maxsize=256)
def _decoration(name: str) -> SafeString:
    """The same icon again, which is the same text: as many as the sprite has."""
    return _drawn(name, "", "")


def _drawn(name: str, label: str, extra: str) -> SafeString:
    role = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    classes = " ".join(filter(None, ["icon", extra, "icon-turn" if name == "turn" else ""]))
    return format_html('<svg class="{}" {} focusable="false"><use href="#i-{}"></use></svg>', classes, role, name)

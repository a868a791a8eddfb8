"""What the frame around every page needs: the chosen theme and the main navigation."""

from dataclasses import dataclass

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from courses.access import may_make_courses
from courses.models import Course

register = template.Library()

THEME_COOKIE = "drydock_theme"
THEMES = ("system", "light", "dark")


@dataclass(frozen=True, kw_only=True)
class NavigationItem:
    """One entry of the main navigation."""

    word: str
    url: str
    current: bool


@register.simple_tag
def chosen_theme(request: HttpRequest | None) -> str:
    """The theme this browser asked for: system, light or dark."""
    chosen = request.COOKIES.get(THEME_COOKIE, "") if request else ""
    return chosen if chosen in THEMES else "system"


@register.simple_tag
def theme_attribute(request: HttpRequest | None) -> SafeString:
    """`data-theme` for the root element, so that the first paint is right; nothing when the system decides."""
    theme = chosen_theme(request)
    return SafeString("") if theme == "system" else mark_safe(f' data-theme="{theme}"')  # noqa: S308 - one of THEMES


@register.simple_tag
def navigation(request: HttpRequest) -> list[NavigationItem]:
    """The main navigation of the person signed in. One query, for the entry of those who run a course."""
    home = reverse("portal:dashboard")
    entries = [("Dashboard", home)]
    user = request.user
    makes = user.is_authenticated and may_make_courses(user)
    if makes or Course.objects.staffed_by(user).exists():
        entries.append(("Teaching", reverse("portal:teaching")))
    return [
        NavigationItem(
            word=word, url=url, current=request.path == url or (url != home and request.path.startswith(url))
        )
        for word, url in entries
    ]

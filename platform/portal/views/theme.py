"""Light, dark, or as the system has it: kept in a cookie, so that the server paints the first frame right."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from portal.templatetags.frame import THEME_COOKIE, THEMES

_A_YEAR = 365 * 24 * 3600


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember the choice and return to the page it was made on."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = reverse("portal:dashboard")
    response = HttpResponseRedirect(back)
    chosen = request.POST.get("theme", "")
    if chosen in THEMES and chosen != "system":
        response.set_cookie(
            THEME_COOKIE, chosen, max_age=_A_YEAR, samesite="Lax", secure=request.is_secure(), httponly=True
        )
    elif chosen == "system":
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    return response

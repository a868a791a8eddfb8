"""Error pages that Django asks for by name, and the one that shows a coded error of a service."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from accounts.errors import DrydockError, TooMany

_PAGES = {400: "400.html", 403: "403.html", 404: "404.html", 429: "429.html"}

_PAGE_AGED = (
    "Nothing was changed: this page no longer fits your session, which happens after signing in or out in another tab, "
    "or when cookies are switched off. Reload the page, sign in if it asks, and try again."
)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the form's token has expired and that going back and sending it again is safe; to scripts, by a code."""
    if request.headers.get("Accept", "") == "application/json":
        return JsonResponse({"code": "csrf_failed", "message": _PAGE_AGED}, status=403)
    return render(request, "403_csrf.html", {"reason": reason}, status=403)


def error_page(request: HttpRequest, error: DrydockError) -> HttpResponse:
    """A whole page for an error that has no form to stand beside."""
    wait = error.retry_after_seconds if isinstance(error, TooMany) else None
    template = _PAGES.get(error.status, "problem.html")
    context = {"message": error.message, "retry_after_seconds": wait}
    response = render(request, template, context, status=error.status)
    if wait is not None:
        response["Retry-After"] = str(wait)
    return response

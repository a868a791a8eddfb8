"""Error pages that Django asks for by name."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the form's token has expired and that going back and sending it again is safe."""
    return render(request, "403_csrf.html", {"reason": reason}, status=403)

"""One page with every component in every state, for looking at while designing; served only while DEBUG is on."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.gallery.samples import samples


def gallery(request: HttpRequest) -> HttpResponse:
    """Show the components with made-up data."""
    return render(request, "portal/gallery.html", samples(rows=_rows(request)))


def _rows(request: HttpRequest) -> int:
    asked = request.GET.get("rows", "")
    return min(10_000, int(asked)) if asked.isdecimal() else 6

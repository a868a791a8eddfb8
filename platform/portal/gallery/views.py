"""One page with every component in every state, for looking at while designing; served only while DEBUG is on."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.gallery.console_samples import console_samples
from portal.gallery.question_samples import question_samples
from portal.gallery.samples import samples


def gallery(request: HttpRequest) -> HttpResponse:
    """Show the components with made-up data."""
    return render(request, "portal/gallery.html", samples(rows=_rows(request)))


def console_gallery(request: HttpRequest) -> HttpResponse:
    """Show a console with made-up lines; `?kind=` takes usual, empty, busy and hostile."""
    return render(request, "portal/console_gallery.html", console_samples(request.GET.get("kind", "usual")))


def question_gallery(request: HttpRequest) -> HttpResponse:
    """Show each kind of question in each of its states."""
    return render(request, "portal/question_gallery.html", question_samples())


def _rows(request: HttpRequest) -> int:
    asked = request.GET.get("rows", "")
    return min(10_000, int(asked)) if asked.isdecimal() else 6

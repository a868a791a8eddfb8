"""Long lists in pages: which page was asked for, with which filters, and how its links keep them."""

from typing import Any, TypeVar
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Model, Q, QuerySet

from portal.views.signed_in import SignedInRequest

M = TypeVar("M", bound=Model)
Rows = TypeVar("Rows", bound="QuerySet[Any]")

PAGE_SIZE = 50
_WORDS_READ = 5


def page_of(request: SignedInRequest, rows: "QuerySet[M]") -> "Page[M]":
    """The page asked for; one that is not there becomes the nearest."""
    return Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))


def kept(request: SignedInRequest, *names: str) -> str:
    """The filters in use, to be put behind `?page=2`."""
    used = {name: request.GET[name] for name in names if request.GET.get(name)}
    return f"&{urlencode(used)}" if used else ""


def named_like(rows: Rows, person: str, words: str) -> Rows:
    """Rows whose `person` has every one of the words in name or address."""
    for word in words.split()[:_WORDS_READ]:
        rows = rows.filter(Q(**{f"{person}__name__icontains": word}) | Q(**{f"{person}__email__icontains": word}))
    return rows

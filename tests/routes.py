"""Every address of the site, found by walking the URL configuration."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Route:
    """An address: its name with namespaces, and the names of its parameters."""

    name: str
    parameters: frozenset[str]
    pattern: str


def all_routes() -> list[Route]:
    """All addresses there are, static files aside."""
    return list(_walk(get_resolver(), "", "", frozenset()))


def _walk(resolver: URLResolver, path: str, namespace: str, parameters: frozenset[str]) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        here = path + str(entry.pattern)
        names = parameters | entry.pattern.regex.groupindex.keys()
        if isinstance(entry, URLPattern):
            yield Route(namespace + (entry.name or f"<{here}>"), frozenset(names), here)
        else:
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry, here, inner, frozenset(names))

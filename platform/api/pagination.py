"""Lists come in pages by cursor: nothing is skipped or shown twice while rows are added."""

from typing import Any

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """Newest first, 50 a page; `page_size` asks for up to 200."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200


class InOrder(NewestFirst):
    """In the order in which things were made."""

    ordering: Any = "pk"


class ByPosition(NewestFirst):
    """Activities in the course's order."""

    ordering: Any = ("position", "pk")

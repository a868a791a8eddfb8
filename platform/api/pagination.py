"""Lists come in pages by cursor: nothing is skipped or shown twice while rows are added."""

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView


class NewestFirst(CursorPagination):
    """Newest first, 50 a page; `page_size` asks for up to 200."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any] | None:
        """Cut out the page; a cursor that we never gave out leads nowhere."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (TypeError, ValueError, ValidationError) as error:
            # The package checks that a cursor can be decoded, not that it names a place in this list.
            raise NotFound(self.invalid_cursor_message, code="invalid_cursor") from error


class InOrder(NewestFirst):
    """In the order in which things were made."""

    ordering: Any = "pk"


class ByPosition(NewestFirst):
    """Activities in the course's order."""

    ordering: Any = ("position", "pk")

"""Who calls, by the token in the Authorization header."""

from typing import Any

from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request


class TokenAuthentication(KnoxTokenAuthentication):  # type: ignore[misc]  # the package ships no types
    """`Authorization: Token …`."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Find the token's person; what is no text is no token either."""
        try:
            found: tuple[Any, Any] | None = super().authenticate(request)
        except UnicodeError as error:
            raise AuthenticationFailed from error
        return found

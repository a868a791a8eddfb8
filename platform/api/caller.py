"""Who calls: every view but the sign-in has a person behind the request."""

from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from accounts.models import User


def caller(request: Request) -> User:
    """The person of this request. Raises NotAuthenticated for strangers."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user

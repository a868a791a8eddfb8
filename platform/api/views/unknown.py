"""Addresses that the API does not have."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView


@extend_schema(exclude=True)
class UnknownView(APIView):
    """Whatever is asked here, by whomever and however, the answer is 404, as a problem."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Say so before methods are looked at."""
        super().initial(request, *args, **kwargs)
        raise NotFound("The API has nothing at this address. Its addresses end with a slash.", code="no_such_address")

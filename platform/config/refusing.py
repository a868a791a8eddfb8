"""Answers a request in place of its view, in the way of the address that it was sent to."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.errors import DrydockError
from api.errors import problem_response
from portal.views.errors import error_page


def refusal(request: HttpRequest, error: DrydockError) -> HttpResponseBase:
    """A problem under the API's addresses, a page elsewhere. For `process_view`, which knows where a request goes."""
    match = request.resolver_match
    return problem_response(error) if match and match.app_name == "api" else error_page(request, error)

"""The content security policy: one for the portal, another for the admin, whose theme evaluates expressions."""

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """Sends the strict policy everywhere but under the admin, which gets the one it can live with."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Choose the policy by path; a view's own choice stands."""
        if request.path.startswith(reverse("admin:index")) and not hasattr(response, "_csp_replace"):
            response._csp_replace = settings.ADMIN_CONTENT_SECURITY_POLICY  # type: ignore[attr-defined]  # noqa: SLF001 - django-csp's own hook
        return super().process_response(request, response)

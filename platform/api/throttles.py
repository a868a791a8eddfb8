"""How often a client may ask: each kind of call has a rate of its own, kept in the shared cache."""

import hashlib
from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle, SimpleRateThrottle, UserRateThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView  # it reads the settings that name this module


class Strangers(AnonRateThrottle):
    """Calls without a token, by address."""

    scope = "strangers"


class People(UserRateThrottle):
    """Calls with a token, by person."""

    scope = "people"


class SignIns(AnonRateThrottle):
    """Attempts to get a token, by address."""

    scope = "sign_ins"


class SignInsByAddress(SimpleRateThrottle):
    """Attempts to get a token for one account, from wherever they come: guessing a password stays slow."""

    scope = "sign_ins_by_account"

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        """Count by the e-mail address that is tried."""
        email = request.data.get("email") if isinstance(request.data, dict) else None
        if not isinstance(email, str):
            return None
        account = hashlib.sha256(email.strip().lower().encode("utf-8", "replace")).hexdigest()
        return self.cache_format % {"scope": self.scope, "ident": account}


class ConsoleLines(UserRateThrottle):
    """Lines typed in consoles, by person; reading them counts as any call does. Consoles have a limit beside this."""

    scope = "console_lines"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Count what is typed only."""
        return request.method != "POST" or super().allow_request(request, view)


class Submissions(UserRateThrottle):
    """Hand-ins, by person; the queue has limits of its own beside this."""

    scope = "submissions"

"""The type of a request behind `login_required`: its user is a person, never anonymous."""

from django.http import HttpRequest

from accounts.models import User


class SignedInRequest(HttpRequest):
    """A request from somebody who is signed in."""

    user: User

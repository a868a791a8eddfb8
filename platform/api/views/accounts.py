"""Getting and giving back a token, and who one is."""

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from drf_spectacular.utils import extend_schema
from knox.models import AuthToken
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import NotAllowed
from api.authentication import TokenAuthentication
from api.caller import caller
from api.serializers.accounts import PersonSerializer, SignInSerializer, TokenSerializer
from api.throttles import SignIns, SignInsByAddress


def require_confirmed(user: AbstractBaseUser) -> None:
    """Refuse an address that is not confirmed, where the site asks for that before people sign in."""
    needed = settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory"
    if needed and not EmailAddress.objects.filter(user_id=user.pk, verified=True).exists():
        raise NotAllowed(
            "email_not_confirmed", "Confirm your e-mail address first: sign in to the site, which sends you a link."
        )


class TokensView(APIView):
    """Tokens are got with e-mail address and password."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = [SignIns, SignInsByAddress]

    @extend_schema(operation_id="create_token", request=SignInSerializer, responses={201: TokenSerializer}, auth=[])
    def post(self, request: Request) -> Response:
        """Get a token for the calls that follow."""
        sign_in = SignInSerializer(data=request.data)
        sign_in.is_valid(raise_exception=True)
        user = authenticate(
            request, username=sign_in.validated_data["email"], password=sign_in.validated_data["password"]
        )
        if user is None:
            raise AuthenticationFailed("The e-mail address and the password do not fit.", code="wrong_credentials")
        require_confirmed(user)
        row, token = AuthToken.objects.create(user=user)
        shown = TokenSerializer({"token": token, "expires_at": row.expiry, "person": user})
        return Response(shown.data, status=status.HTTP_201_CREATED)

    def get_authenticate_header(self, request: Request) -> str:
        """Wrong credentials are 401, with the scheme that calls use afterwards."""
        return "Token"


class CurrentTokenView(APIView):
    """The token of this call."""

    authentication_classes = [TokenAuthentication]

    @extend_schema(operation_id="revoke_token", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Give the token back: it stops working at once."""
        if isinstance(request.auth, AuthToken):
            request.auth.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class MeView(APIView):
    """Who the caller is."""

    @extend_schema(operation_id="me", responses=PersonSerializer)
    def get(self, request: Request) -> Response:
        """The person whose token this is."""
        return Response(PersonSerializer(caller(request)).data)

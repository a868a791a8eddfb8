"""People and tokens as the API shows them."""

from typing import Any

from rest_framework import serializers

from accounts.models import User


class PersonSerializer(serializers.ModelSerializer[User]):
    """Somebody, by address and name."""

    class Meta:
        model = User
        fields = ["id", "email", "name"]
        read_only_fields = fields


class SignInSerializer(serializers.Serializer[Any]):
    """What is needed to get a token."""

    email = serializers.EmailField()
    password = serializers.CharField(trim_whitespace=False, write_only=True)


class TokenSerializer(serializers.Serializer[Any]):
    """A new token, shown this once."""

    token = serializers.CharField(help_text="Send it as `Authorization: Token …`. It is not shown again.")
    expires_at = serializers.DateTimeField(allow_null=True)
    person = PersonSerializer()

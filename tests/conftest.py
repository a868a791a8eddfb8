"""What every test may use."""

from typing import Any

import pytest

pytest_plugins = ["engines"]


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Hash passwords quickly: hundreds of accounts are made here, and none is worth a slow hash."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

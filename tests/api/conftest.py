"""What every test of the API may use."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _nobody_has_called_yet() -> None:
    """Count calls from nought: what other tests asked must not throttle this one."""
    cache.clear()

"""What tests of consoles may use."""

from typing import Any

import pytest

from tests.labs.consoles.building import FakeConsoles, a_fake_engine


@pytest.fixture(autouse=True)
def engine(settings: Any) -> FakeConsoles:
    """An engine of this test's own that is a dictionary."""
    return a_fake_engine(settings)

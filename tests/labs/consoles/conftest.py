"""What tests of consoles may use."""

import itertools
from typing import Any

import pytest

from tests.labs.consoles.building import FakeConsoles, the_engine

_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def engine(settings: Any) -> FakeConsoles:
    """An engine of this test's own that is a dictionary."""
    settings.CONSOLE_FACTORY = "tests.labs.consoles.building.open_fake"
    settings.CONSOLE_ENGINE = f"unix:///run/fake-{next(_numbers)}/docker.sock"
    settings.CONSOLE_NAME = "fake"
    return the_engine()

"""The dialect follows the engine's version."""

import pytest

from graders.dockerfile.dialect import Dialect


@pytest.mark.parametrize(
    ("version", "heredocs"),
    [
        ("20.10.24+dfsg1", False),
        ("23.0.0", True),
        ("v24.0.7", True),
        ("28.1", True),
        ("19.03.15", False),
        ("", False),
        ("dev", False),
        ("library-import", False),
    ],
)
def test_heredocs_came_with_engine_23(version: str, heredocs: bool) -> None:
    assert Dialect.of_engine(version).heredocs is heredocs


def test_the_engine_that_is_taught_knows_the_least() -> None:
    assert Dialect.of_engine("20.10.24+dfsg1") == Dialect()
    assert Dialect.of_engine("25.0.3") == Dialect(heredocs=True, link=True, start_interval=True)

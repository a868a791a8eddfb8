"""Moments as `docker logs --since` takes them."""

import pytest

from graders.commands.verbs.moments import NoMoment, timestamp

NOW = 1_795_569_902.4


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10m", "1795569302"),
        ("1h30m", "1795564502"),
        ("2030-01-01", "1893456000.000000000"),
        ("2030-01-01T00:00:00Z", "1893456000.000000000"),
        ("2030-01-01T01:00:00.5+01:00", "1893456000.500000000"),
        ("1893456000", "1893456000"),
        ("1893456000.25", "1893456000.25"),
    ],
)
def test_a_moment_is_sent_as_the_cli_sends_it(text: str, seconds: str) -> None:
    assert timestamp(text, now=NOW) == seconds


@pytest.mark.parametrize("text", ["xx", "", "2030-13-01", "10 m", "2030-01-01T25:00:00Z", "1m2"])
def test_what_is_no_moment_is_said_to_be_none(text: str) -> None:
    with pytest.raises(NoMoment, match="failed to parse value as time or duration"):
        timestamp(text, now=NOW)

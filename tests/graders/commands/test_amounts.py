"""Sizes and durations, in docker's words."""

import pytest

from graders.commands.amounts import (
    ago,
    duration,
    ellipsis,
    memory_size,
    moment,
    moment_of,
    printed_moment,
    short_id,
    size,
)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0B"), (999, "999B"), (1000, "1kB"), (1979528, "1.98MB"), (74_500_000, "74.5MB"), (999_900, "1e+03kB")],
)
def test_listings_give_sizes_three_digits(count: int, expected: str) -> None:
    assert size(count, digits=3) == expected


def test_totals_have_four_digits_and_memory_steps_of_1024() -> None:
    assert size(1_234_567) == "1.235MB"
    assert memory_size(67108864) == "64MiB"
    assert memory_size(1536) == "1.5KiB"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.4, "Less than a second"),
        (1.9, "1 second"),
        (59.9, "59 seconds"),
        (60, "About a minute"),
        (119, "About a minute"),
        (120, "2 minutes"),
        (3599, "59 minutes"),
        (3600, "About an hour"),
        (5400, "2 hours"),
        (47 * 3600, "47 hours"),
        (48 * 3600, "2 days"),
        (14 * 86400, "2 weeks"),
        (60 * 86400, "2 months"),
        (365 * 2 * 86400, "2 years"),
    ],
)
def test_a_duration_is_told_to_about_one_digit(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


def test_times_are_read_and_printed() -> None:
    assert ago(100, now=103.2) == "3 seconds ago"
    assert moment(1_795_569_650.9) == "2026-11-25 01:20:50 +0000 UTC"
    assert moment_of("2026-11-25T01:20:50.5Z") == 1_795_569_650.5
    assert moment_of("2026-11-25T01:20:50Z") == 1_795_569_650
    assert moment_of("soon") == 0
    assert printed_moment("2026-11-25T01:19:59.703238235Z") == "2026-11-25 01:19:59.703238235 +0000 UTC"


def test_ids_and_texts_are_cut_as_in_listings() -> None:
    assert short_id("sha256:812e055e45e0cc2990d1") == "812e055e45e0"
    assert short_id("9f36863e61da70112d19") == "9f36863e61da"
    assert ellipsis("sh -c 'echo hi; sleep 1'", 20) == "sh -c 'echo hi; sle…"
    assert ellipsis("short", 20) == "short"

"""What `--filter` keeps."""

import pytest

from graders.commands.daemon import DaemonRefused
from graders.commands.filtering import (
    ensure_known,
    filters_of,
    has_labels,
    is_matched,
    is_one_of,
    lacks_labels,
    query_of,
    switch_of,
)
from graders.commands.model import Command


def test_filters_are_told_to_the_daemon_as_the_cli_tells_them() -> None:
    command = Command(
        path=("container", "ls"),
        called="docker ps",
        flags={"filter": ("Status=running", "name=web", "status=exited", "name=web")},
    )
    assert query_of(filters_of(command)) == {"filters": '{"name":{"web":true},"status":{"exited":true,"running":true}}'}
    assert query_of(filters_of(Command(path=("container", "ls"), called="docker ps"))) == {}


def test_a_filter_that_a_listing_does_not_have_is_refused() -> None:
    with pytest.raises(DaemonRefused, match="Invalid filter 'foo'"):
        ensure_known({"foo": ["x"]}, {"name"})


@pytest.mark.parametrize(
    ("pattern", "is_kept"),
    [("web", True), ("we", True), ("^eb", False), ("^web$", True), ("w.b", True), ("[", False), ("b|x", True)],
)
def test_a_name_is_kept_where_a_pattern_has_its_place_in_it(pattern: str, is_kept: bool) -> None:
    assert is_matched({"name": [pattern]}, "name", "web") is is_kept


def test_a_pattern_takes_no_longer_the_more_it_tries() -> None:
    assert not is_matched({"name": ["(a+)+$"]}, "name", "a" * 120 + "!")
    assert not is_matched({"name": ["((a{1000}){1000}){1000}"]}, "name", "a")
    assert not is_matched({"name": ["a" * 501]}, "name", "a" * 600)


def test_labels_are_all_asked_for_by_name_or_with_their_value() -> None:
    labels = {"a": "b", "empty": ""}
    assert has_labels({"label": ["a", "empty"]}, labels)
    assert has_labels({"label": ["a=b", "empty="]}, labels)
    assert not has_labels({"label": ["a=c"]}, labels)
    assert not has_labels({"label": ["a", "c"]}, labels)
    assert lacks_labels({"label!": ["c"]}, labels)
    assert not lacks_labels({"label!": ["c", "a=b"]}, labels)


def test_switches_are_said_as_words_or_digits() -> None:
    assert switch_of({"dangling": ["1"]}, "dangling", "no") is True
    assert switch_of({"dangling": ["false"]}, "dangling", "no") is False
    assert switch_of({}, "dangling", "no") is None
    assert is_one_of({}, "driver", "local")
    with pytest.raises(DaemonRefused, match="no"):
        switch_of({"dangling": ["perhaps"]}, "dangling", "no")

"""What reading an image may cost, and the sentence that says which bound was met."""

import pytest

from graders.image.budget import Budget, TooMuch
from graders.image.contents import MIB, WalkLimits


def test_an_image_is_read_as_far_as_its_bounds_allow() -> None:
    budget = Budget(WalkLimits(entries=2, name_bytes=5, names_bytes=8, image_bytes=10))
    budget.spend_entry("abcde")
    budget.spend_entry("abc")
    budget.spend_bytes(10)
    with pytest.raises(TooMuch, match="more than 2 files and folders"):
        budget.spend_entry("")
    with pytest.raises(TooMuch, match="more than 0 MiB"):
        budget.spend_bytes(1)


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (WalkLimits(name_bytes=5), "A path of the image is longer than 5 characters."),
        (WalkLimits(names_bytes=5), "The paths of the image have more than 0 MiB together."),
    ],
)
def test_paths_that_are_too_long_are_told(limits: WalkLimits, told: str) -> None:
    with pytest.raises(TooMuch) as caught:
        Budget(limits).spend_entry("abcdef")
    assert str(caught.value) == told


def test_a_read_that_takes_too_long_ends_and_never_waits_for_nothing() -> None:
    budget = Budget(WalkLimits(seconds=0))
    assert budget.seconds_left() > 0
    with pytest.raises(TooMuch, match="could not be read within 0 seconds"):
        budget.spend_bytes(1)


def test_only_so_much_content_is_kept() -> None:
    budget = Budget(WalkLimits(content_bytes=MIB))
    budget.keep(MIB - 1)
    assert budget.keepable(5) == 1

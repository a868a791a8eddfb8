"""What a person reads while something takes long."""

import io

import pytest

from deploy.up import progress as module
from deploy.up.progress import Progress


def test_each_step_says_which_it_is_and_how_long_it_took() -> None:
    out = io.StringIO()
    progress = Progress(total=2, out=out)
    with progress.step("First"):
        pass
    with progress.step("Second"):
        progress.say("a thing")

    first, second, thing, done = out.getvalue().splitlines()
    assert first.startswith("[ 1/2] First … ")
    assert first.endswith(" s")
    assert second == "[ 2/2] Second …"
    assert thing.strip() == "a thing"
    assert done.strip().startswith("done in ")


def test_a_log_file_is_told_how_far_it_is_now_and_then_only(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    out = io.StringIO()
    progress = Progress(total=1, out=out)
    with progress.step("Long"):
        for percent in range(101):
            now[0] += 0.1
            progress.tell(f"{percent} %")

    told = [line.strip() for line in out.getvalue().splitlines() if line.strip().endswith("%")]
    assert 1 <= len(told) <= 3


def test_a_step_that_fails_ends_its_line() -> None:
    out = io.StringIO()
    with pytest.raises(ValueError, match="no"), Progress(total=1, out=out).step("First"):
        raise ValueError("no")

    assert out.getvalue().endswith("\n")

"""The registry of checks: duplicates, strangers, and kinds that other packages bring."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest

from graders.checks import registry
from graders.checks.base import Check, Verdict, passed
from graders.checks.exit_code import ExitCode
from graders.checks.registry import RegistryError, kinds, register
from graders.observations import Observations
from graders.plan import InvalidPlan, parse_plan


class Lucky(Check):
    """Passes."""

    number: int

    def heading(self) -> str:
        return "Luck"

    def judge(self, seen: Observations) -> Verdict:
        return passed(f"{self.number} is lucky.")


def installed(monkeypatch: pytest.MonkeyPatch, *points: EntryPoint) -> None:
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    registry._installed.cache_clear()


@pytest.fixture(autouse=True)
def _forget_what_was_installed() -> Iterator[None]:
    yield
    registry._installed.cache_clear()


def test_the_kinds_of_this_release_are_there() -> None:
    assert set(kinds()) >= {
        "builds", "instruction", "image_config", "image_size", "image_file", "stdout", "exit_code", "http", "runs_as"
    }  # fmt: skip


def test_a_kind_registered_twice_is_refused() -> None:
    with pytest.raises(RegistryError, match="`exit_code` is registered twice"):
        register("exit_code")(ExitCode)


def test_a_package_brings_a_kind_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, EntryPoint("lucky", f"{__name__}:Lucky", registry.GROUP))
    monkeypatch.setattr(EntryPoint, "load", lambda self: Lucky)
    text = "title: x\npoints: 1\nchecks: [{id: a, kind: lucky, number: 7, points: 1}]"
    assert isinstance(parse_plan(text, file="lab.yaml", bases={}).checks[0], Lucky)
    with pytest.raises(InvalidPlan, match=r"Did you mean `number`\?"):
        parse_plan(text.replace("number", "nummer"), file="lab.yaml", bases={})


@pytest.mark.parametrize(
    ("name", "loaded", "words"), [("exit_code", Lucky, "registered twice"), ("odd", int, "no Check class")]
)
def test_a_package_that_brings_trouble_is_named(
    name: str, loaded: type, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(monkeypatch, EntryPoint(name, "elsewhere:thing", registry.GROUP))
    monkeypatch.setattr(EntryPoint, "load", lambda self: loaded)
    with pytest.raises(RegistryError, match=words):
        kinds()


def test_a_check_that_was_read_already_stays_as_it_is() -> None:
    check = ExitCode.model_validate({"id": "a", "kind": "exit_code", "points": 1})
    assert registry.read_check(check) is check


def test_what_is_no_check_is_refused_with_what_one_looks_like() -> None:
    with pytest.raises(InvalidPlan, match=r"such as \{id: builds, kind: builds, points: 2\}"):
        parse_plan("title: x\npoints: 1\nchecks: [builds]", file="lab.yaml", bases={})

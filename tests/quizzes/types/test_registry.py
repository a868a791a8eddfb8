"""Kinds are found by name, once each."""

import importlib.metadata
from typing import Any

import pytest
from pydantic import ValidationError

from quizzes.types import REGISTRY
from quizzes.types.registry import ENTRY_POINTS, Registry, UnknownKind
from quizzes.types.true_or_false import TrueOrFalse


def test_a_name_belongs_to_one_type() -> None:
    registry = Registry()
    registry.register("true_or_false", TrueOrFalse)
    with pytest.raises(ValueError, match="already: TrueOrFalse"):
        registry.register("true_or_false", TrueOrFalse)


def test_an_unknown_kind_is_answered_with_the_nearest_known_one() -> None:
    with pytest.raises(UnknownKind, match="Did you mean `multiple_choice`"):
        REGISTRY.get("multi_choice")


def test_a_kind_like_no_other_is_answered_with_all_of_them() -> None:
    with pytest.raises(UnknownKind, match=r"Known: `blanks`, .*`multiple_choice`, .*`true_or_false`."):
        REGISTRY.get("essay")


@pytest.mark.parametrize("data", [{"id": "a"}, {"id": "a", "kind": 5}, {"id": "a", "kind": "nmeric"}])
def test_a_wrong_kind_is_reported_at_its_place(data: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as error:
        REGISTRY.question(data)
    assert [found["loc"] for found in error.value.errors()] == [("kind",)]


def test_an_installed_package_adds_its_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    offered = importlib.metadata.EntryPoint("agree", "quizzes.types.true_or_false:TrueOrFalse", ENTRY_POINTS)
    monkeypatch.setattr(
        "quizzes.types.registry.entry_points", lambda *, group: [offered] if group == ENTRY_POINTS else []
    )
    registry = Registry()
    registry.register_installed()
    assert registry.get("agree") is TrueOrFalse

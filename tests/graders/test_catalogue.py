"""docs/checks.md against the code and the engine: every kind is explained, and what it shows was really seen."""

from functools import cache
from pathlib import Path

import pytest
import yaml

from graders import catalogue
from graders.__main__ import main
from graders.catalogue import (
    NotRecorded,
    judge_sample,
    page,
    read_record,
    record_anew,
    shown_sample,
    steady,
    write_page,
    write_record,
)
from graders.checks.base import Check
from graders.checks.registry import kinds
from graders.field_docs import field_docs
from graders.sandbox.docker import DockerSandbox
from graders.sandbox.fake import FakeSandbox
from graders.schema import lab_schema


@cache
def today() -> str:
    return page(read_record())


HOW = "Run `python -m graders checks --record --engine URL`, which grades each kind's sample and writes the page anew."


def test_the_page_is_what_the_code_says_today() -> None:
    assert (catalogue.DOCS / catalogue.PAGE).read_text() == today(), HOW


def test_every_kind_was_seen_and_no_other() -> None:
    assert set(read_record()) == set(kinds()), HOW


@pytest.mark.engine
@pytest.mark.parametrize("kind", list(kinds()))
def test_a_student_sees_what_the_page_shows(kind: str, engine_url: str) -> None:
    assert steady(judge_sample(kind, shown_sample(kind), DockerSandbox(engine_url))) == steady(read_record()[kind]), HOW


@pytest.mark.parametrize("kind", list(kinds()))
def test_a_kind_says_what_it_does_and_why_it_matters(kind: str) -> None:
    check = kinds()[kind]
    assert check.__doc__
    assert check.__doc__ != Check.__doc__
    assert check.why.endswith(".")
    assert len(check.why) < 200


@pytest.mark.parametrize("kind", list(kinds()))
def test_a_kind_explains_each_of_its_fields(kind: str) -> None:
    check = kinds()[kind]
    explained = field_docs(check)
    assert {name for name in check.model_fields if name not in Check.model_fields and name not in explained} == set()


@pytest.mark.parametrize("kind", list(kinds()))
def test_the_example_of_a_kind_is_yaml_that_a_lab_can_hold(kind: str) -> None:
    section = today().partition(f"## `{kind}`")[2]
    example = yaml.safe_load(section.partition("```yaml\n")[2].partition("```")[0])
    assert example["checks"][0]["kind"] == kind


def test_a_kind_that_was_never_seen_is_named() -> None:
    with pytest.raises(NotRecorded, match=r"kind `build_fails`.*--record"):
        page({})


def test_measures_are_no_difference() -> None:
    result = read_record()["builds"]
    timed = result.model_copy(update={"message": "After 2.3 s, at 2 seconds: 60.9 of 40 MiB", "seen": "15 ms, 1.5 MiB"})
    left = steady(timed)
    assert (left.message, left.seen) == ("After … s, at … seconds: 60.9 of 40 MiB", "… ms, … MiB")


def test_what_was_seen_before_stays_unless_it_is_seen_otherwise(tmp_path: Path) -> None:
    sandbox = FakeSandbox()
    old = judge_sample("instruction", shown_sample("instruction"), sandbox)
    other = old.model_copy(update={"message": "Something else."})
    write_record({"instruction": old, "order": other, "gone": other}, tmp_path)
    record_anew(sandbox, ["instruction", "order", "stages"], tmp_path)
    after = read_record(tmp_path)
    assert set(after) == {"instruction", "order", "stages"}
    assert after["instruction"] == old
    assert after["order"].kind == "order"


def test_what_cannot_be_recorded_or_shown_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotRecorded, match="Did you mean `stages`"):
        record_anew(FakeSandbox(), ["stage"], tmp_path)
    with pytest.raises(NotRecorded, match="--record` first"):
        read_record(tmp_path)


def test_the_first_record_is_made_of_nothing(tmp_path: Path) -> None:
    record_anew(FakeSandbox(), ["stages"], tmp_path)
    assert set(read_record(tmp_path)) == {"stages"}


def test_what_is_recorded_is_read_back_and_makes_the_page(tmp_path: Path) -> None:
    write_record(read_record(), tmp_path)
    assert read_record(tmp_path) == read_record()
    write_page(tmp_path)
    assert (tmp_path / catalogue.PAGE).read_text() == today()


def test_a_sample_that_is_refused_is_no_record() -> None:
    refused = shown_sample("builds").__class__(about="Refused.", dockerfile="FROM elsewhere:1\n")
    with pytest.raises(NotRecorded, match="was refused"):
        judge_sample("builds", refused, FakeSandbox())


def test_the_command_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checks"]) == 0
    assert capsys.readouterr().out == today()


def test_the_command_says_whether_the_page_is_current(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["checks", "--check"]) == 0
    write_record(read_record(), tmp_path)
    (tmp_path / catalogue.PAGE).write_text("old")
    assert not catalogue.page_is_current(tmp_path)
    monkeypatch.setattr("graders.__main__.page_is_current", lambda: False)
    assert main(["checks", "--check"]) == 2
    assert "graders checks --write" in capsys.readouterr().err


def test_fields_without_a_text_are_left_out_of_what_is_known_of_them() -> None:
    class Plain(Check):
        """Nothing."""

        silent: int = 0
        told: int = 0
        """It is told."""

    docs = field_docs(Plain)
    assert docs["told"] == "It is told."
    assert "silent" not in docs
    assert docs["hint"] == "Shown when the check fails."


def test_editors_are_told_what_each_field_means() -> None:
    schema = lab_schema()
    definitions = schema["$defs"]
    assert definitions["Build"]["properties"]["rebuild_of"]["description"].startswith("Made again after this build")
    assert definitions["Lint"]["properties"]["rules"]["description"].startswith("hadolint's")
    assert definitions["Http"]["properties"]["json"]["description"].startswith("Path into the body")
    assert definitions["Http"]["properties"]["hint"]["description"] == "Shown when the check fails."

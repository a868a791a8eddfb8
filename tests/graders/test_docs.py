"""docs/lab-format.md and docs/report.md against the code: the example is a lab, and nothing is left out."""

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from graders.actions import Asking, Build, Limits, Run
from graders.checks.base import Check
from graders.checks.registry import kinds
from graders.commands.rules import ConsoleRules
from graders.console_plan import ConsolePlan
from graders.events import EventKind
from graders.plan import Base, LabPlan, parse_plan
from graders.report import (
    BuildReport,
    CheckResult,
    CommandReport,
    ContainerReport,
    ImageReport,
    LayerReport,
    Report,
    StepReport,
)

DOCS = Path(__file__).resolve().parents[2] / "docs"
FORMAT = (DOCS / "lab-format.md").read_text()
CHECKS = (DOCS / "checks.md").read_text()
REPORT = (DOCS / "report.md").read_text()


def names_of(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_the_documented_lab_is_one() -> None:
    files, commands = (
        parse_plan(text, file="lab.yaml", bases={"busybox": Base(name="busybox", image="busybox:1.35")})
        for text in re.findall(r"```yaml\n(title:.*?)```", FORMAT, re.DOTALL)
    )
    assert (files.max_points, files.console) == (14, None)
    assert (commands.max_points, len(commands.require_console().prepare)) == (6, 2)


@pytest.mark.parametrize("model", [LabPlan, Limits, Build, Run, Asking, Check, ConsolePlan, ConsoleRules])
def test_every_field_of_a_lab_is_documented(model: type[BaseModel]) -> None:
    assert {name for name in names_of(model) - {"attached"} if f"`{name}`" not in FORMAT} == set()


@pytest.mark.parametrize("kind", list(kinds()))
def test_every_kind_of_check_is_documented_with_its_fields(kind: str) -> None:
    section = CHECKS.partition(f"\n## `{kind}`")[2].partition("\n## ")[0]
    own = names_of(kinds()[kind]) - names_of(Check)
    assert {name for name in own if f"`{name}`" not in section and f"`{name}:" not in section} == set()


def test_every_kind_of_check_has_its_place_in_the_table_of_them() -> None:
    table = FORMAT.partition("| about | kinds |")[2].partition("\n\n")[0]
    assert set(kinds()) <= set(re.findall(r"`(\w+)`", table)), "add it to the table in docs/lab-format.md"


@pytest.mark.parametrize(
    "model", [Report, CheckResult, BuildReport, StepReport, ImageReport, LayerReport, ContainerReport, CommandReport]
)
def test_every_field_of_a_report_is_documented(model: type[BaseModel]) -> None:
    assert {name for name in names_of(model) if f"`{name}`" not in REPORT} == set()


def test_every_event_is_documented() -> None:
    assert {kind.value for kind in EventKind if f"| `{kind.value}` |" not in REPORT} == set()


def test_the_documented_report_is_one() -> None:
    (text,) = re.findall(r"```json\n(.*?)```", REPORT, re.DOTALL)
    assert Report.model_validate(json.loads(text)).checks[0].line == 2

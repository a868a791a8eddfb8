"""Writes docs/checks.md: every kind of check with its fields, an example, and what a student sees when it fails.

All of it comes from the code: the class and its fields say what they do, a right sample is the example, and what a
student sees was seen: `python -m graders checks --record --engine URL` grades each kind's first wrong sample on a real
engine, keeps the results in docs/checks.json and writes the page anew.
"""

import inspect
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from graders.archive import Submission
from graders.authored import did_you_mean
from graders.checks.base import Check, Sample
from graders.checks.registry import kinds
from graders.console_plan import COMMANDS_FILE
from graders.dockerfile.lint_rules import RULES
from graders.engine import grade
from graders.field_docs import field_docs, specs_in
from graders.plan import Base, LabPlan, parse_plan
from graders.render import render_check
from graders.report import CheckResult
from graders.sandbox.base import Sandbox
from graders.values import draw, fill
from graders.visible import listed

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE, RECORD = "checks.md", "checks.json"
SEED = 7
BASES = {
    "busybox": Base(name="busybox", image="busybox:1.35"),
    "python": Base(name="python", image="python:3.11-slim"),
}

_PLAIN_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
}
_MANY = {
    "text": "texts",
    "a whole number": "whole numbers",
    "a number": "numbers",
    "a mapping with the fields below": "mappings with the fields below",
}
_MEASURED = re.compile(r"\b[0-9]+(?:\.[0-9]+)? (?=(?:s|ms|seconds)\b)|\b[0-9]+\.[0-9]+ (?=MiB\b)")
_HEAD = """\
# Kinds of check

This page is written by `python -m graders checks --write`, and a test holds it against the code. The fields that every
check has (`id`, `points`, `title`, `hint`, `needs`, `topics`, `hidden`, `blame`) are in [lab-format.md](lab-format.md).
In texts, `{name}` stands for a value that is drawn anew for each grading. Images of builds are named by their build,
containers by their run; both are called `default` where nothing else is said.

Kinds that look at what docker commands left are for labs with a `console`, and no others are; their examples show the
commands that were handed in.
"""


class NotRecorded(Exception):
    """A sample could not be graded, or was never graded; the message says what to do."""


def page(record: Mapping[str, CheckResult]) -> str:
    """The whole page; `record` holds what was seen of each kind's first wrong sample. Raises NotRecorded."""
    return "\n".join(_lines(record)).rstrip("\n") + "\n"


def read_record(docs: Path = DOCS) -> dict[str, CheckResult]:
    """What was recorded, by kind. Raises NotRecorded."""
    try:
        raw = json.loads((docs / RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotRecorded(f"There is no {docs / RECORD}: run `python -m graders checks --record` first.") from None
    return {kind: CheckResult.model_validate(result) for kind, result in raw.items()}


def record_anew(sandbox: Sandbox, names: Sequence[str] = (), docs: Path = DOCS) -> None:
    """Grade the samples of these kinds, or of all, and keep what was seen. Raises NotRecorded."""
    for name in names:
        if name not in kinds():
            raise NotRecorded(f"There is no kind of check `{name}`. {did_you_mean(name, kinds())}")
    known = read_record(docs) if (docs / RECORD).exists() else {}
    seen = {kind: judge_sample(kind, shown_sample(kind), sandbox) for kind in names or kinds()}
    kept = {
        kind: known[kind] for kind, result in seen.items() if kind in known and steady(known[kind]) == steady(result)
    }
    others = {kind: result for kind, result in known.items() if kind in kinds()}
    write_record({**others, **seen, **kept}, docs)


def write_record(record: Mapping[str, CheckResult], docs: Path = DOCS) -> None:
    """Keep what was seen."""
    raw = {kind: result.model_dump(mode="json", exclude_defaults=True) for kind, result in sorted(record.items())}
    (docs / RECORD).write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_page(docs: Path = DOCS) -> None:
    """Write the page from what was recorded. Raises NotRecorded."""
    (docs / PAGE).write_text(page(read_record(docs)), encoding="utf-8")


def page_is_current(docs: Path = DOCS) -> bool:
    """Whether the page says what it would say if it were written now. Raises NotRecorded."""
    return (docs / PAGE).read_text(encoding="utf-8") == page(read_record(docs))


def shown_sample(kind: str) -> Sample:
    """The sample whose result the page shows: the kind's first wrong one."""
    return kinds()[kind].samples.wrong[0]


def judge_sample(kind: str, sample: Sample, sandbox: Sandbox) -> CheckResult:
    """Grade one sample of a kind. Raises NotRecorded when it is refused."""
    plan = _plan_of(kind, sample)
    report = grade(plan, handed_in(plan, sample), sandbox, seed=SEED, job_id="sample")
    if report.refusals:
        raise NotRecorded(f"The sample {sample.about!r} of {kind} was refused: {report.refusals[0].message}")
    return report.checks[0]


def handed_in(plan: LabPlan, sample: Sample) -> Submission:
    """What a sample hands in: its Dockerfile, or its commands with the drawn values in them."""
    if plan.console is None:
        files = {"Dockerfile": sample.dockerfile, **sample.files}
    else:
        commands = fill(list(sample.commands), draw(plan.values, seed=SEED))
        files = {COMMANDS_FILE: "\n".join(commands) + "\n", **sample.files}
    return Submission.from_files({path: text.encode() for path, text in files.items()})


def steady(result: CheckResult) -> CheckResult:
    """The result without measured times and sizes, which are never twice the same."""
    texts = {name: _MEASURED.sub("… ", getattr(result, name)) for name in ("message", "hint", "seen")}
    return result.model_copy(update=texts)


def _plan_of(kind: str, sample: Sample) -> LabPlan:
    folders = {name: {path: text.encode() for path, text in files.items()} for name, files in sample.folders.items()}
    frame = {"title": "Sample", "points": 1, "bases": ["busybox"]}
    text = yaml.safe_dump({**frame, **_lab_of(kind, sample)}, sort_keys=False)
    return parse_plan(text, file="lab.yaml", bases=BASES, folders=folders.get)


def _lab_of(kind: str, sample: Sample) -> dict[str, Any]:
    console: dict[str, Any] = {"console": {}} if kinds()[kind].of_console else {}
    return {**console, **sample.plan, "checks": [{"id": "sample", "kind": kind, "points": 1, **sample.check}]}


def _lines(record: Mapping[str, CheckResult]) -> Iterator[str]:
    yield _HEAD
    yield "| kind | what must hold |"
    yield "|---|---|"
    for kind, check in kinds().items():
        yield f"| [`{kind}`](#{kind}) | {_cell(_paragraphs(check)[0])} |"
    yield ""
    for kind, check in kinds().items():
        if kind not in record:
            raise NotRecorded(f"Nothing was recorded for the kind `{kind}`: run `python -m graders checks --record`.")
        yield from _section(kind, check, record[kind])


def _section(kind: str, check: type[Check], result: CheckResult) -> Iterator[str]:
    yield f"## `{kind}`"
    yield ""
    for paragraph in _paragraphs(check):
        yield paragraph
        yield ""
    yield f"Why it matters: {check.why}"
    yield ""
    yield from _fields(check)
    right, wrong = check.samples.right[0], shown_sample(kind)
    yield f"For example: {right.about}"
    yield ""
    yield from _block("yaml", _yaml(kind, right))
    yield from _sources(check, right)
    yield f"What a student sees, when it fails: {wrong.about}"
    yield ""
    if _lab_of(kind, wrong) != _lab_of(kind, right):
        yield from _block("yaml", _yaml(kind, wrong))
    yield from _sources(check, wrong)
    yield from _block("text", "\n".join(render_check(result)))
    if kind == "lint":
        yield from _rules()


def _sources(check: type[Check], sample: Sample) -> Iterator[str]:
    if not check.of_console:
        yield from _block("dockerfile", sample.dockerfile)
        return
    yield from _block("console", "\n".join(sample.commands))


def _fields(check: type[Check]) -> Iterator[str]:
    own = [name for name in check.model_fields if name not in Check.model_fields]
    if not own:
        return
    yield from _table(check, own)
    inside: dict[type[BaseModel], list[str]] = {}
    for name in own:
        for part in specs_in(check.model_fields[name].annotation):
            inside.setdefault(part, []).append(f"`{check.model_fields[name].alias or name}`")
    for part, names in inside.items():
        yield f"In {listed(names)}:"
        yield ""
        yield from _table(part, list(part.model_fields))


_NAMES = frozenset({"build", "run", "request", "restart", "stop", "start"})
"""Fields that name a part of the plan."""


def _table(model: type[BaseModel], names: list[str]) -> Iterator[str]:
    schema, docs = model.model_json_schema(by_alias=True), field_docs(model)
    yield "| field | takes | default | meaning |"
    yield "|---|---|---|---|"
    for name in names:
        field = model.model_fields[name]
        alias = field.alias or name
        takes = _words(schema["properties"][alias], schema)
        takes = "a name" if takes == "text" and name in _NAMES else takes
        default = "required" if field.is_required() else _default(field.get_default(call_default_factory=True))
        yield f"| `{alias}` | {_cell(takes)} | {_cell(default)} | {_cell(docs.get(name, ''))} |"
    yield ""


def _words(schema: dict[str, Any], whole: dict[str, Any]) -> str:
    """What a field takes, in plain words."""
    if "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    choices = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if choices:
        return _one_of([f"`{_plain(value)}`" for value in choices if value != ""])
    if "anyOf" in schema:
        return _any_of([each for each in schema["anyOf"] if each.get("type") != "null"], whole)
    inner = schema.get("additionalProperties") or schema.get("items") or {}
    if "properties" in schema:
        return "a mapping with the fields below"
    if schema.get("type") == "object":
        return f"a mapping of names to {_several(_words(inner, whole))}"
    if schema.get("type") == "array":
        return f"a list of {_several(_words(inner, whole))}"
    return _PLAIN_TYPES.get(schema.get("type", ""), "anything")


def _any_of(options: list[dict[str, Any]], whole: dict[str, Any]) -> str:
    words = list(dict.fromkeys(_words(each, whole) for each in options))
    if {"text", "a whole number"} <= set(words):
        words.remove("a whole number")  # a number is taken as its digits
    for word in list(words):
        many = f"a list of {_several(word)}"
        if many in words:
            words.remove(many)
            words[words.index(word)] = f"{word}, or {many}"
    return " or ".join(words)


def _several(word: str) -> str:
    return _MANY.get(word, word)


def _one_of(words: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _default(value: Any) -> str:
    if value is None or value in ((), [], {}):
        return "none"
    if value == "":
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str | int | float):
        return f"`{value}`"
    if isinstance(value, tuple | list):
        return ", ".join(_default(each) for each in value)
    return "none" if not getattr(value, "model_fields_set", True) else "see the meaning"


def _yaml(kind: str, sample: Sample) -> str:
    """The part of the sample's lab.yaml that matters, a check a line where it is short."""
    return yaml.dump(
        _lab_of(kind, sample), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None
    )


class _Dumper(yaml.SafeDumper):
    """Writes several lines of text as they are."""


def _text_node(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if "\n" in text else None)


_Dumper.add_representer(str, _text_node)
_Dumper.add_representer(tuple, lambda dumper, value: dumper.represent_list(list(value)))


def _rules() -> Iterator[str]:
    yield "The rules that can be chosen:"
    yield ""
    yield "| rule | what to do | why |"
    yield "|---|---|---|"
    for name, rule in RULES.items():
        yield f"| `{name}` | {_cell(rule.words)} | {_cell(rule.why)} |"
    yield ""


def _paragraphs(check: type[Check]) -> list[str]:
    return [" ".join(part.split()) for part in inspect.cleandoc(check.__doc__ or "").split("\n\n")]


def _block(language: str, text: str) -> Iterator[str]:
    yield f"```{language}"
    yield text.rstrip("\n")
    yield "```"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

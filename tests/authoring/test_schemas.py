"""The JSON Schemas of course files: they refuse nothing that the loader takes, and what they refuse they name."""

import copy
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError as Refused
from jsonschema.exceptions import best_match

from authoring import schemas
from authoring.packs import load
from authoring.specs import CourseSpec
from graders.authored import InvalidFile, Place, read_yaml
from graders.checks.registry import kinds, read_check
from graders.mutants.survivors import Survivors
from graders.plan import Base, parse_plan
from graders.solutions import Expectation
from quizzes.specs import Bank, QuizSpec
from quizzes.types import REGISTRY

REVIEW = Path(__file__).parents[2] / "packs" / "containerization-review"
NAMES = {"banks/*.yaml": "bank", "quizzes/*.yaml": "quiz", "course.yaml": "course", "labs/*/lab.yaml": "lab"} | {
    "labs/*/mutants.yaml": "mutants",
    "labs/*/solutions/*/expect.yaml": "expect",
}
BASES = {"busybox": Base(name="busybox", image="busybox:1.35")}


def questions_of(value: Any) -> object:
    """The questions of a bank, without trying out many variants of each, which is slow."""
    is_bank = bool(value) and isinstance(value, list)
    return [REGISTRY.question(each, tried=False) for each in value] if is_bank else Bank.model_validate(value)


TAKES: dict[str, Callable[[Any], object]] = {
    "course": CourseSpec.model_validate,
    "bank": questions_of,
    "quiz": QuizSpec.model_validate,
    "lab": lambda value: parse_plan(json.dumps(value), file="lab.yaml", bases=BASES, folders=lambda _: {"a": b"b"}),
    "expect": Expectation.model_validate,
    "mutants": Survivors.model_validate,
}


@cache
def schema(name: str) -> Draft202012Validator:
    """The validator of one kind of file."""
    made = schemas.SCHEMAS[name]()
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made)


def taken(name: str, value: Any) -> bool:
    """Whether the loader takes the value for a file of this kind; whatever it says, it says it as a refusal."""
    try:
        TAKES[name](value)
    except (ValueError, InvalidFile):  # pydantic's own is a ValueError
        return False
    return True


def refusal(name: str, value: Any) -> Refused | None:
    """What the schema says of it, if anything: the mistake that is told."""
    said: Refused | None = best_match(schema(name).iter_errors(value))
    return said


def pack_files(folder: Path) -> list[tuple[str, Path]]:
    return [(name, file) for pattern, name in NAMES.items() for file in sorted(folder.glob(pattern))]


@pytest.mark.parametrize("name", sorted(schemas.SCHEMAS))
def test_every_schema_is_one_of_the_dialect_that_it_names(name: str) -> None:
    made = schemas.SCHEMAS[name]()
    schema(name)
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert made["title"]


def test_every_file_of_the_review_is_as_its_schema_says() -> None:
    files = pack_files(REVIEW)
    assert {name for name, _ in files} == set(schemas.SCHEMAS)
    for name, file in files:
        assert refusal(name, read_yaml(file.read_bytes(), file=str(file)).value) is None, file


def test_a_new_course_has_schemas_and_every_file_of_it_names_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    call_command("course", "new", str(folder))
    files = pack_files(folder)
    assert {file for _, file in files} == set(folder.rglob("*.yaml"))
    for name, file in files:
        text = file.read_text()
        assert refusal(name, read_yaml(text, file=str(file)).value) is None, file
        said, _, path = text.partition("\n")[0].partition("$schema=")
        assert said == "# yaml-language-server: "
        assert (file.parent / path).resolve() == (folder / ".schemas" / f"{name}.schema.json").resolve()
        assert json.loads((file.parent / path).read_text()) == schema(name).schema
    assert load(folder).course.slug == "notes"


def test_schemas_of_another_version_are_told_when_a_course_is_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "notes"
    call_command("course", "new", str(folder))
    call_command("course", "check", str(folder), "--files-only")
    assert "another version" not in capsys.readouterr().out
    (folder / ".schemas" / "lab.schema.json").write_text("{}")
    call_command("course", "check", str(folder), "--files-only")
    assert f"manage.py course schema --to {folder}/.schemas" in capsys.readouterr().out
    call_command("course", "schema", "--to", str(folder / ".schemas"))
    call_command("course", "check", str(folder), "--files-only")
    assert "another version" not in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    with pytest.raises(CommandError, match=r"file/schemas cannot be written: Not a directory\."):
        call_command("course", "schema", "--to", str(tmp_path / "file" / "schemas"))


LAB: dict[str, Any] = {
    "title": "Say hello",
    "points": 2,
    "bases": ["busybox"],
    "checks": [{"id": "builds", "kind": "builds", "points": 2}],
}
COURSE: dict[str, Any] = {"title": "Small", "slug": "small", "topics": {"docker.what": "What it is"}}
QUIZ: dict[str, Any] = {"title": "Start", "items": ["one"]}
QUESTION: dict[str, Any] = {
    "id": "one", "kind": "short_text", "topics": ["docker.what"], "text": "Say {it}.", "answer": "it",
}  # fmt: skip
PRINTS = QUESTION | {"kind": "predict_output", "dockerfile": "FROM busybox\nCMD echo it\n"}


def a_check(**fields: Any) -> dict[str, Any]:
    return LAB | {"checks": [{"id": "one", "points": 2, **fields}]}


SHORTHANDS: list[tuple[str, Any]] = [
    ("course", COURSE | {"topics": {"a": "A title", "b": {"title": "B", "needs": ["lab"]}}}),
    ("course", COURSE | {"activities": [{"quiz": "a"}, {"lab": "b", "attempts": None, "scoring": "last"}]}),
    ("course", COURSE | {"activities": [{"quiz": None, "lab": "b"}]}),
    ("quiz", QUIZ | {"items": ["one", {"question": "two", "points": "0.5"}, {"draw": 2, "topics": ["docker.*"]}]}),
    ("quiz", QUIZ | {"attempts": "unlimited"}),
    ("quiz", QUIZ | {"attempts": None, "time_limit_minutes": None}),
    ("quiz", QUIZ | {"release": {"keys": "never", "feedback": None}}),
    ("quiz", QUIZ | {"release": {"scores": "2026-12-01 09:00", "keys": "2026-12-02"}}),
    ("lab", LAB | {"runs": None, "builds": None}),
    ("lab", LAB | {"runs": {"default": None}, "builds": {"default": None}}),
    (
        "lab",
        LAB
        | {"values": {"word": "word", "one": {"kind": "choice", "of": ["a", 2]}}, "runs": {"a": {"args": ["{word}"]}}},
    ),
    ("lab", LAB | {"runs": {"a": {"entrypoint": "sh", "tmpfs": "/tmp", "anonymous": ["/a"], "env": {"A": 1}}}}),
    ("lab", LAB | {"runs": {"a": {"serve": {"port": "8000", "ready": "health"}}}}),
    ("lab", LAB | {"runs": {"a": {"serve": {"port": 8000, "ready": {"log": "up"}}}}}),
    ("lab", LAB | {"submission": {"editable": "Dockerfile"}}),
    ("lab", LAB | {"points": 2.0, "minutes": 5, "console": None}),
    ("lab", LAB | {"title": 2020, "schema": "drydock.lab/1"}),
    ("lab", a_check(kind="stdout", contains="hello")),
    ("lab", a_check(kind="stdout", contains=["hello", 5])),
    ("lab", a_check(kind="stdout", contains=5)),
    ("lab", a_check(kind="image_config", exposed_ports=8000)),
    ("lab", a_check(kind="image_config", healthcheck=True)),
    ("lab", a_check(kind="image_config", absent="cmd")),
    (
        "lab",
        {
            "title": "Type",
            "points": 1,
            "bases": ["busybox"],
            "console": {},
            "submission": None,
            "checks": [{"id": "a", "kind": "container", "name": "box", "state": "running", "points": 1}],
        },
    ),
    ("expect", {"about": "Wrong.", "score": 0.5}),
    ("mutants", [{"mutant": "a", "why": "It changes nothing."}]),
    ("bank", [QUESTION | {"answer": ["it", "that"], "points": "0.5"}]),
    ("bank", [QUESTION | {"wrong": [{"text": "a", "feedback": "No."}, {"text": ["b", "c"], "feedback": "No."}]}]),
    ("bank", [QUESTION | {"kind": "long_text", "answer": None} | {"rubric": [{"id": "a", "title": "A", "points": 1}]}]),
    ("bank", [QUESTION | {"text": "x" * 7999 + " "}]),
    ("bank", [PRINTS | {"proof": {}}]),
    ("bank", [PRINTS | {"proof": {"run": None}}]),
    ("bank", [PRINTS | {"proof": {"run": {"args": ["a"]}, "build": {"target": "b"}}}]),
    ("bank", [PRINTS | {"proof": {"runs": {"default": None}, "builds": None}}]),
    ("bank", [PRINTS | {"proof": {"shows": "stdout"}}]),
    ("bank", [PRINTS | {"proof": {"shows": ["stdout", {"exit_code": 0}, {"stderr": None, "works": True}]}}]),
    ("bank", [PRINTS | {"proof": {"shows": {"stdout": {"contains": "a"}}}}]),
    ("bank", [PRINTS | {"proof": {"commands": "docker run busybox\ndocker ps"}}]),
    ("bank", [PRINTS | {"proof": {"commands": ["docker run busybox"], "shows": {"command": 1, "exit_code": 0}}}]),
    (
        "bank",
        [
            PRINTS
            | {
                "options": ["it", {"text": "that"}],
                "proof": {"options": {"it": {"stdout": "it"}, "that": {"stdout": "x"}}},
            }
        ],
    ),
    ("bank", [QUESTION | {"kind": "single_choice", "options": ["it", {"text": "that", "feedback": "No."}]}]),
    (
        "bank",
        [QUESTION | {"kind": "multiple_choice", "options": ["it", {"text": "b", "penalty": "0.5"}], "answer": ["it"]}],
    ),
    ("bank", [QUESTION | {"kind": "numeric", "answer": "3.10", "within": 1}]),
    ("bank", [QUESTION | {"kind": "docker_command", "answer": "docker ps"}]),
    ("bank", [QUESTION | {"kind": "dockerfile_line", "code": "a\nb", "answer": 1}]),
    ("bank", [QUESTION | {"kind": "dockerfile_line", "code": "a\nb\nc", "answer": ["a", 2]}]),
    ("bank", [QUESTION | {"kind": "dockerfile_text", "answer": ["CMD a", "CMD b"]}]),
    ("bank", [QUESTION | {"kind": "dockerfile_text", "answer": "CMD a"}]),
    ("bank", [QUESTION | {"values": {"it": "word"}, "answer": "{it}"}]),
    (
        "bank",
        [
            QUESTION
            | {
                "values": {"it": {"kind": "number"}, "n": {"compute": "it + 1"}},
                "kind": "numeric",
                "answer": "{n}",
                "within": "{it}",
            }
        ],
    ),
    (
        "bank",
        [
            QUESTION
            | {"values": {"it": {"kind": "choice", "of": [True, False]}}, "kind": "true_or_false", "answer": "{it}"}
        ],
    ),
    (
        "bank",
        [QUESTION | {"values": {"it": {"rows": [{"it": "a", "b": 1}]}}, "answer": ["{it}", "{b}"], "where": ["b < 2"]}],
    ),
    ("bank", [QUESTION | {"values": {"it": {"kind": "sample", "of": ["a", "b", "c"], "take": 2}}, "answer": "{it}"}]),
    (
        "bank",
        [QUESTION | {"values": {"it": {"kind": "decimal", "at_least": "1 + 1", "at_most": 3.5}}, "answer": "{it}"}],
    ),
    ("bank", [QUESTION | {"values": {"it": {"kind": "choice", "of": ["exact"]}}, "match": "{it}"}]),
]


def _without_none(value: Any) -> Any:
    return [{k: v for k, v in each.items() if not (k == "answer" and v is None)} for each in value]


@pytest.mark.parametrize(("name", "value"), SHORTHANDS, ids=[f"{name} {n}" for n, (name, _) in enumerate(SHORTHANDS)])
def test_what_may_be_written_shortly_is_taken_by_both(name: str, value: Any) -> None:
    value = _without_none(value) if name == "bank" else value
    TAKES[name](value)
    assert refusal(name, value) is None


JUNK: tuple[Any, ...] = (None, True, 5, -1.5, "", "x", "8000", "{x}", [], [5], ["x"], {}, {"x": "y"}, {"kind": "word"})


def nodes(value: Any, place: Place = ()) -> Iterator[Place]:
    """Every place in a value."""
    yield place
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from nodes(inner, (*place, key))


def changed(value: Any, place: Place, junk: Any) -> Any:
    """The value with something else at one place."""
    if not place:
        return junk
    whole = copy.deepcopy(value)
    inner: Any = whole
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = junk
    return whole


def wrongly_refused(name: str, value: Any, below: Place = ()) -> list[str]:
    """Changes of one place that the loader takes and the schema does not."""
    found = []
    for place in nodes(value):
        if place[: len(below)] != below:
            continue
        for junk in JUNK:
            other = changed(value, place, junk)
            if taken(name, other) and (said := refusal(name, other)) is not None:
                found.append(f"{place} {junk!r}: {said.message}")
    return found


@pytest.mark.parametrize(("name", "value"), SHORTHANDS, ids=[f"{name} {n}" for n, (name, _) in enumerate(SHORTHANDS)])
def test_whatever_stands_at_a_place_the_schema_refuses_nothing_that_the_loader_takes(name: str, value: Any) -> None:
    assert wrongly_refused(name, _without_none(value) if name == "bank" else value) == []


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_the_samples_of_every_check_and_whatever_is_changed_in_them_are_taken(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TAKES, "lab", lambda value: [read_check(each) for each in value["checks"]])
    samples = kinds()[kind].samples
    for sample in (*samples.right, *samples.wrong):
        value = a_check(kind=kind, **json.loads(json.dumps(dict(sample.check))))
        TAKES["lab"](value)
        assert refusal("lab", value) is None
    whole = {field: each for sample in samples.right for field, each in sample.check.items()}
    for value in (a_check(kind=kind, **samples.right[0].check), a_check(kind=kind, **whole)):
        assert wrongly_refused("lab", value, ("checks", 0)) == []


@pytest.mark.parametrize("kind", list(REGISTRY))
def test_the_samples_of_every_question_and_whatever_is_changed_in_them_are_taken(kind: str) -> None:
    specs = [sample.spec for sample in REGISTRY.get(kind).samples()]
    for spec in specs:
        assert refusal("bank", [spec]) is None
    assert wrongly_refused("bank", [specs[0]]) == []
    assert wrongly_refused("bank", [{field: each for spec in specs for field, each in spec.items()}]) == []


WRONG: list[tuple[str, Any, Place, str]] = [
    ("course", COURSE | {"titel": "x"}, (), "'titel' was unexpected"),
    ("course", COURSE | {"topics": {"a": {"title": "A", "nots": "x"}}}, ("topics", "a"), "'nots' was unexpected"),
    ("course", COURSE | {"coverage": {"questions": "2"}}, ("coverage", "questions"), "'2' is not of type 'integer'"),
    ("course", COURSE | {"activities": [{"attempts": 3}]}, ("activities", 0), "is not valid"),
    ("quiz", QUIZ | {"items": [{"draw": 2, "topic": ["a"]}]}, ("items", 0), "'topic' was unexpected"),
    (
        "quiz",
        QUIZ | {"items": [{"draw": 2, "kinds": ["numerik"]}]},
        ("items", 0, "kinds", 0),
        "'numerik' is not one of",
    ),
    ("quiz", QUIZ | {"release": {"keys": "never", "score": "never"}}, ("release",), "'score' was unexpected"),
    ("quiz", QUIZ | {"shuffle_options": "yes"}, ("shuffle_options",), "'yes' is not of type 'boolean'"),
    ("lab", LAB | {"minutes": "20"}, ("minutes",), "'20' is not of type 'integer'"),
    ("lab", LAB | {"runs": {"a": {"argss": []}}}, ("runs", "a"), "'argss' was unexpected"),
    ("lab", LAB | {"attached": {}}, (), "'attached' was unexpected"),
    ("lab", a_check(kind="stdot"), ("checks", 0, "kind"), "'stdot' is not one of"),
    ("lab", a_check(kind="stdout", contain="x"), ("checks", 0), "'contain' was unexpected"),
    ("lab", a_check(kind="stdout", contains={}), ("checks", 0, "contains"), "{} is not"),
    ("expect", {"about": "x", "scores": 2, "score": 1}, (), "'scores' was unexpected"),
    ("expect", {"about": "x", "score": 1, "fails": "builds"}, ("fails",), "'builds' is not of type 'array'"),
    ("mutants", [{"mutant": "a"}], (0,), "'why' is a required property"),
    ("bank", [QUESTION | {"anwser": "x"}], (0,), "'anwser' was unexpected"),
    ("bank", [QUESTION | {"kind": "shorttext"}], (0, "kind"), "'shorttext' is not one of"),
    ("bank", [QUESTION | {"difficulty": 6}], (0, "difficulty"), "6 is greater than the maximum of 5"),
    ("bank", [QUESTION | {"where": ["a"]}], (0,), "'where' was unexpected"),
    ("bank", [QUESTION | {"values": {"a": {"kind": "wurd"}}}], (0, "values", "a", "kind"), "'wurd' is not one of"),
    ("bank", [QUESTION | {"values": {"a": "sample"}}], (0, "values", "a"), "'sample' is not one of"),
    ("bank", [QUESTION | {"values": {"a": "word"}, "difficulty": "{a}"}], (0, "difficulty"), "'{a}' is not of type"),
    ("bank", [PRINTS | {"proof": {"runn": {}}}], (0, "proof"), "'runn' was unexpected"),
    ("bank", [PRINTS | {"proof": {"run": {"arg": []}}}], (0, "proof", "run"), "'arg' was unexpected"),
]


@pytest.mark.parametrize(("name", "value", "place", "says"), WRONG, ids=[f"{row[0]} {row[3]}" for row in WRONG])
def test_what_both_refuse_the_schema_names_at_its_place(name: str, value: Any, place: Place, says: str) -> None:
    assert not taken(name, value)
    said = refusal(name, value)
    assert said is not None
    assert tuple(said.absolute_path) == place
    assert says in said.message


def test_every_key_that_means_nothing_is_refused() -> None:
    for name, value in [("lab", LAB), ("course", COURSE), ("quiz", QUIZ), ("bank", [QUESTION])]:
        for place in nodes(value):
            inner: Any = value
            for part in place:
                inner = inner[part]
            if isinstance(inner, dict) and place != ("topics",):
                other = changed(value, place, inner | {"zzz": 1})
                assert refusal(name, other) is not None, place

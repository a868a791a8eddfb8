"""Writes the JSON Schema of every file of a course, for editors that complete and check while an author types."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from authoring.specs import CourseSpec
from graders.authored_schema import document, schemas_of
from graders.schema import expect_schema, lab_schema, mutants_schema
from quizzes.schema import bank_schema, quiz_schema

FOLDER = ".schemas"
"""Where a pack keeps them, beside its course.yaml."""
ENDING = ".schema.json"


def course_schema() -> dict[str, Any]:
    """A course.yaml."""
    (schema,), definitions = schemas_of([CourseSpec])
    definitions["ActivityEntry"]["anyOf"] = [{"required": ["quiz"]}, {"required": ["lab"]}]
    return document("A Drydock course (course.yaml)", schema, definitions)


SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "bank": bank_schema,
    "course": course_schema,
    "expect": expect_schema,
    "lab": lab_schema,
    "mutants": mutants_schema,
    "quiz": quiz_schema,
}
"""Each schema by its name; its file is `NAME.schema.json`."""


def files() -> dict[str, str]:
    """Every schema as the text of its file, by the file's name."""
    return {
        f"{name}{ENDING}": f"{json.dumps(make(), indent=1, ensure_ascii=False)}\n" for name, make in SCHEMAS.items()
    }


def write(folder: Path) -> list[Path]:
    """Write every schema into this folder, which is made where it is missing; returns the files. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in files().items():
        file = folder / name
        file.write_text(text, encoding="utf-8")
        written.append(file)
    return written


def are_current(folder: Path) -> bool:
    """Whether what a pack keeps in its folder is what `write` would write; a pack that keeps none is fine."""
    kept = {file.name: file for file in folder.glob(f"*{ENDING}")}
    if not kept:
        return True
    return all(name in kept and kept[name].read_bytes() == text.encode() for name, text in files().items())


def line_for(path: str) -> str:
    """The comment by which a YAML file of a pack, at this path in it, names its schema to editors."""
    parts = path.split("/")
    name = {"banks": "bank", "quizzes": "quiz"}.get(parts[0], parts[-1].removesuffix(".yaml"))
    return f"# yaml-language-server: $schema={'../' * (len(parts) - 1)}{FOLDER}/{name}{ENDING}\n"

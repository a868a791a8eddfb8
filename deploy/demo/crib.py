"""What the demo's student knows: the right answers and solutions, read from the course pack beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PACK = Path(__file__).resolve().parents[2] / "packs" / "containerization-review"


@dataclass(frozen=True)
class Solution:
    """Files to hand in, and what must come of it."""

    name: str
    files: Mapping[str, str]
    score: float
    fails: tuple[str, ...]


def solution(lab: str, name: str) -> Solution:
    """A solution of a lab, the reference or a wrong one, as its expect.yaml declares it."""
    folder = PACK / "labs" / lab / "solutions" / name
    files = {
        file.relative_to(folder).as_posix(): file.read_text()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != "expect.yaml"
    }
    expect = folder / "expect.yaml"
    if expect.exists():
        declared = yaml.safe_load(expect.read_text())
        return Solution(name, files, float(declared["score"]), tuple(declared["fails"]))
    plan = yaml.safe_load((PACK / "labs" / lab / "lab.yaml").read_text())
    return Solution(name, files, float(plan["points"]), ())


def commands(lab: str, known: Solution, *, story: str) -> list[str]:
    """The lines of a solution of docker commands, with the values that a student's own story has.

    Raises ValueError when the story is of another lab.
    """
    values = _values_in((PACK / "labs" / lab / "README.md").read_text(), story)
    if values is None:
        raise ValueError(f"The story is not the one of {lab}.")
    lines = _filled(known.files["commands.txt"], values).splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def _values_in(template: str, shown: str) -> dict[str, str] | None:
    """The values that stand in what is shown where the template names them; None where it is of another template."""
    seen: set[str] = set()
    pattern = ""
    for part in re.split(r"(\{[a-z_]+\})", template.strip()):
        if not (name := re.fullmatch(r"\{([a-z_]+)\}", part)):
            pattern += re.escape(part)
            continue
        pattern += f"(?P={name[1]})" if name[1] in seen else f"(?P<{name[1]}>.+?)"
        seen.add(name[1])
    found = re.fullmatch(pattern, shown.strip(), re.DOTALL)
    return None if found is None else found.groupdict()


def _filled(template: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{([a-z_]+)\}", lambda found: values.get(found[1], found[0]), template)


class Answers:
    """Finds the right answer to a question by its text and its code, as somebody who has studied would."""

    def __init__(self) -> None:
        banks = [yaml.safe_load(file.read_text()) for file in sorted((PACK / "banks").glob("*.yaml"))]
        self._questions = [question for bank in banks for question in bank]

    def _key(self, question: Mapping[str, Any]) -> Any:
        """The answer as its bank has it, with the values that this student was given."""
        shown = _shown(question["text"], question["code"])
        for known in self._questions:
            values = _values_in(_shown(known["text"], known.get("dockerfile", "")), shown)
            if values is not None:
                key = known["answer"]
                return _filled(key, values) if isinstance(key, str) else key
        raise KeyError(question["text"])

    def right(self, question: Mapping[str, Any]) -> object:
        """The right answer in the API's shape. Raises KeyError for a question that no bank has."""
        key = self._key(question)
        ids = {option["text"].strip(): option["id"] for option in question["options"]}
        match question["kind"]:
            case "single_choice":
                return ids[key.strip()]
            case "multiple_choice":
                return [ids[text.strip()] for text in key]
            case "true_or_false":
                return key
            case _:
                return str(key[0] if isinstance(key, list) else key)

    def wrong(self, question: Mapping[str, Any]) -> object:
        """An answer that earns nothing."""
        right = self.right(question)
        match question["kind"]:
            case "single_choice":
                return next(option["id"] for option in question["options"] if option["id"] != right)
            case "true_or_false":
                return not right
            case _:
                return None


def _shown(text: str, code: str) -> str:
    return f"{text.strip()}\n\n{code.strip()}"

"""Class lists as CSV: read whole, checked whole, and only then enrolled."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from courses.errors import DrydockError
from courses.models import Role

MAX_ROWS = 5_000
MAX_BYTES = 2_000_000
PROBLEMS_SHOWN = 10
COLUMNS = ("email", "name", "role", "section")


class RosterInvalid(DrydockError):
    """A class list with lines that are wrong; `problems` names each of them, the message the first few."""

    def __init__(self, problems: Sequence[str]) -> None:
        more = len(problems) - PROBLEMS_SHOWN
        shown = "; ".join(problems[:PROBLEMS_SHOWN]) + (f"; and {more} more" if more > 0 else "")
        super().__init__("roster_invalid", f"Nobody was enrolled: {shown}.")
        self.problems = tuple(problems)


@dataclass(frozen=True, kw_only=True)
class RosterRow:
    """One person of a class list."""

    line: int
    email: str
    name: str
    role: Role
    section: str


def parse_roster(content: bytes, *, allow_staff: bool = False) -> list[RosterRow]:
    """Read a CSV with the columns email, name, role and section, of which only email is needed.

    Raises DrydockError `roster_invalid` naming every line that is wrong; nothing is enrolled then.
    """
    if len(content) > MAX_BYTES:
        raise DrydockError("roster_invalid", f"The file is larger than {MAX_BYTES // 1_000_000} MB. Split it in parts.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DrydockError(
            "roster_invalid", "The file is not UTF-8 text. Save it as “CSV UTF-8” and try again."
        ) from error
    if "\0" in text:
        raise DrydockError("roster_invalid", "The file is not a CSV text file.")
    sample = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if sample.count(";") > sample.count(",") else ",")
    try:
        header = [(name or "").strip().lower() for name in reader.fieldnames or []]
        reader.fieldnames = header
        rows = list(reader)
    except csv.Error as error:
        raise DrydockError("roster_invalid", f"The file cannot be read as CSV: {error}.") from error
    if "email" not in header:
        raise DrydockError("roster_invalid", "The first line must name the columns, with at least one called email.")
    unknown = [name for name in header if name not in COLUMNS]
    if unknown:
        raise DrydockError("roster_invalid", f"Unknown column “{unknown[0]}”. Known are {', '.join(COLUMNS)}.")
    if len(rows) > MAX_ROWS:
        raise DrydockError("roster_invalid", f"The file has more than {MAX_ROWS} people. Split it in parts.")
    return _check_rows(rows, allow_staff=allow_staff)


def _check_rows(rows: list[dict[str, str]], *, allow_staff: bool) -> list[RosterRow]:
    people: list[RosterRow] = []
    problems: list[str] = []
    seen: dict[str, int] = {}
    for line, row in enumerate(rows, start=2):
        if None in row:
            problems.append(f"line {line}: more values than columns")
            continue
        cells = {key: (value or "").strip() for key, value in row.items()}
        if not any(cells.values()):
            continue
        email = cells["email"].lower()
        role = cells.get("role", "").lower() or Role.STUDENT.value
        try:
            validate_email(email)
        except ValidationError:
            problems.append(f"line {line}: “{email}” is no e-mail address")
            continue
        if role not in Role.values or (role != Role.STUDENT and not allow_staff):
            problems.append(f"line {line}: role “{role}” cannot be given by a roster; use student")
            continue
        if email in seen:
            problems.append(f"line {line}: {email} is on line {seen[email]} already")
            continue
        seen[email] = line
        people.append(
            RosterRow(
                line=line,
                email=email,
                name=cells.get("name", "")[:200],
                role=Role(role),
                section=cells.get("section", "")[:100],
            )
        )
    if problems:
        raise RosterInvalid(problems)
    if not people:
        raise DrydockError("roster_invalid", "The file names nobody below its first line.")
    return people

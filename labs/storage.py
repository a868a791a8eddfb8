"""Where a submission's files, report and log lie in Django's storage, and how they are read.

Names hold a random key and are never served: pages read through `labs.reading`, which asks who is looking.
"""

import json
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from graders.report import Report

LOG_BYTES_SHOWN = 4 * 1024 * 1024


def files_name(key: str) -> str:
    """The name under which the canonical tar is to be stored."""
    return f"labs/{key}/submission.tar"


def observed_name(key: str) -> str:
    """The name under which what a console's engine held is to be stored, as JSON."""
    return f"labs/{key}/observed.json"


def attempt_name(key: str, attempt: int, file: str) -> str:
    """The name of a file made by one attempt at grading, so that a worker that lost its lease overwrites nothing."""
    return f"labs/{key}/attempt-{attempt}/{file}"


def save(name: str, content: bytes) -> str:
    """Store under `name`, in place of what an earlier, killed process may have left there."""
    if default_storage.exists(name):
        default_storage.delete(name)
    return default_storage.save(name, ContentFile(content))


def delete(name: str) -> None:
    """Remove a stored file; one that is not there is as good as removed."""
    default_storage.delete(name)


def read(name: str) -> bytes:
    """Everything stored under `name`."""
    with default_storage.open(name, "rb") as file:
        return bytes(file.read())


def save_report(key: str, attempt: int, report: Report) -> str:
    """Store a report as its documented JSON."""
    return save(attempt_name(key, attempt, "report.json"), report.model_dump_json().encode())


def save_log(key: str, attempt: int, text: str) -> str:
    """Store the full log."""
    return save(attempt_name(key, attempt, "log.txt"), text.encode("utf-8", "replace"))


def read_report(name: str) -> Report:
    """A stored report."""
    return Report.model_validate(json.loads(read(name)))


def read_log(name: str) -> str:
    """A stored log as text."""
    return read(name)[:LOG_BYTES_SHOWN].decode("utf-8", "replace")


def as_json(report: Report) -> dict[str, Any]:
    """A report as plain JSON data."""
    return report.model_dump(mode="json")

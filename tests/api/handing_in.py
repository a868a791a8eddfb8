"""A lab with something to hide, and archives as people hand them in."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from builders import a_lab, a_plan
from django.core.files.uploadedfile import SimpleUploadedFile

from courses.models import Course
from graders.sandbox.fake import FakeProgram, FakeSandbox
from labs.grading import grade_claim
from labs.models import Lab, Submission
from labs.queue import claim_next

DOCKERFILE = 'FROM busybox:1.35\nCMD ["true"]\n'
# What only course staff may read of the hidden check and of what was drawn.
HIDDEN = ("zz-hidden-hint", "zz-hidden-expected", "zz-drawn-value", "zz-hidden-run")


def a_secretive_lab(course: Course | None = None) -> Lab:
    """A lab whose hidden check has a hint, expects a text, and draws a value; every submission fails it."""
    return a_lab(
        course,
        plan=a_plan(
            values={"secret": {"kind": "choice", "of": ["zz-drawn-value"]}},
            runs={"zz-hidden-run": {"env": {"GIVEN": "{secret}"}}},
            checks=[
                {"id": "builds", "kind": "builds", "points": 4, "hint": "hint-for-everybody"},
                {"id": "ends-well", "kind": "exit_code", "points": 5, "needs": ["builds"]},
                {
                    "id": "secretly",
                    "kind": "stdout",
                    "title": "It says what it was given",
                    "run": "zz-hidden-run",
                    "equals": "zz-hidden-expected {secret}",
                    "hint": "zz-hidden-hint",
                    "points": 1,
                    "needs": ["builds"],
                    "hidden": True,
                },
            ],
        ),
    )


def grade_next(submission: Submission) -> Submission:
    """Take the waiting submission through the whole of grading, on a scripted engine."""
    claim = claim_next(worker="test")
    assert claim is not None
    assert claim.submission_id == submission.pk
    grade_claim(claim, FakeSandbox(on_run=lambda _: FakeProgram(stdout=b"printed\n")))
    submission.refresh_from_db()
    return submission


def a_zip(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return packed.getvalue()


def upload(client: Any, lab: Lab, content: bytes, name: str = "mine.zip") -> Any:
    """Hand in an archive."""
    address = f"/api/v1/labs/{lab.activity_id}/submissions/"
    return client.post(address, {"archive": SimpleUploadedFile(name, content)}, format="multipart")


def hand_in(client: Any, lab: Lab, text: str = DOCKERFILE) -> Any:
    """Hand in a Dockerfile."""
    return client.post(f"/api/v1/labs/{lab.activity_id}/submissions/", {"files": {"Dockerfile": text}})

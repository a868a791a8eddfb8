"""What is graded: the learner's files beside the lab's own."""

import pytest

from graders.archive import Submission, SubmissionRefused
from graders.handin import assemble
from graders.plan import LabPlan

PLAN = LabPlan.model_validate(
    {
        "title": "x",
        "points": 1,
        "submission": {"editable": ["Dockerfile", "app/*.py"]},
        "checks": [{"id": "builds", "kind": "builds", "points": 1}],
    }
)
STARTER = {"Dockerfile": b"# begin here", "app/given.txt": b"given", "app/yours.py": b"pass"}


def assembled(**files: bytes) -> dict[str, bytes]:
    named = {name.replace("__", "/").replace("_", "."): content for name, content in files.items()}
    return dict(assemble(Submission.from_files(named), plan=PLAN, starter=STARTER).files)


def test_the_labs_own_files_are_put_beside_the_learners() -> None:
    assert assembled(Dockerfile=b"FROM scratch") == {"Dockerfile": b"FROM scratch", "app/given.txt": b"given"}


def test_the_labs_own_files_may_be_sent_along_unchanged() -> None:
    files = assembled(Dockerfile=b"FROM scratch", app__given_txt=b"given", app__yours_py=b"mine")
    assert files["app/yours.py"] == b"mine"


@pytest.mark.parametrize(
    ("name", "code"), [("app__given_txt", "file-not-editable"), ("other_txt", "file-not-expected")]
)
def test_other_files_are_refused_and_the_learners_own_are_named(name: str, code: str) -> None:
    with pytest.raises(SubmissionRefused, match=r"Yours to write: Dockerfile, app/\*\.py\.") as caught:
        assembled(Dockerfile=b"FROM scratch", **{name: b"changed"})
    assert caught.value.code == code


def test_many_foreign_files_are_counted() -> None:
    with pytest.raises(SubmissionRefused, match="and 3 more: this lab takes no such file"):
        assembled(Dockerfile=b"x", **{f"f{number}_txt": b"" for number in range(8)})

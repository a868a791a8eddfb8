"""A lab's mutants on a scripted sandbox: who notices them, and what is said of those that nobody notices."""

from pathlib import Path

import pytest

from graders.mutants.making import mutants_of
from graders.mutants.trying import Mutated, try_mutants
from graders.plan import InvalidPlan, load_plan
from graders.sandbox.fake import FakeSandbox
from graders.solutions import read_solutions

LAB = """
title: x
points: 3
bases: [busybox]
checks:
  - {id: form, kind: instruction, instruction: CMD, form: exec, points: 1}
  - {id: user, kind: instruction, instruction: USER, points: 2}
"""
LABEL = "another team: LABEL team=blue"


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Path:
    lab = tmp_path / "labs/first"
    (lab / "solutions/reference").mkdir(parents=True)
    (lab / "starter").mkdir()
    (tmp_path / "course.yaml").write_text("bases: {busybox: {image: 'busybox:1.35'}}")
    (lab / "lab.yaml").write_text(LAB)
    (lab / "starter/notes.txt").write_text("The lab's own.\n")
    (lab / "solutions/reference/Dockerfile").write_text('FROM busybox:1.35\nLABEL team=blue\nUSER 5\nCMD ["x", "y"]\n')
    return lab


def attempted(lab: Path) -> Mutated:
    return try_mutants(lab, FakeSandbox())


def test_what_fails_a_check_or_is_refused_is_noticed_and_what_gets_every_point_survives(lab: Path) -> None:
    mutated = attempted(lab)
    noticed = {each.mutant.change: each.noticed_by for each in mutated.tried}
    assert noticed["leave out: USER 5"] == ("user",)
    assert noticed["unpin: busybox:1.35"] == ("policy",)
    assert noticed['shell form: CMD ["x", "y"]'] == ("form",)
    assert noticed[LABEL] == ()
    assert mutated.noticed + len(mutated.survivors) == len(mutated.tried)
    assert LABEL in [each.mutant.change for each in mutated.unexplained]


def test_an_explained_survivor_stays_one(lab: Path) -> None:
    before = attempted(lab)
    (lab / "mutants.yaml").write_text(f"- mutant: '{LABEL}'\n  why: Labels are not what this lab is about.\n")
    after = attempted(lab)
    assert after.noticed == before.noticed
    assert len(after.survivors) == len(before.survivors)
    assert len(after.unexplained) == len(before.unexplained) - 1
    assert after.problems == ()


def test_explanations_of_what_is_noticed_or_not_made_are_named_with_their_place(lab: Path) -> None:
    (lab / "mutants.yaml").write_text(
        "- {mutant: 'leave out: USER 5', why: Nobody needs a user.}\n"
        "- {mutant: 'leave out: USER 6', why: Not so at all.}\n"
    )
    first, second = attempted(lab).problems
    assert (first.line, second.line) == (1, 2)
    assert "does not survive" in first.message
    assert "Did you mean `leave out: USER 5`?" in second.message


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- mutant: x\n", "why"),
        ("- {mutant: x, why: because it is so, how: long}\n", "how"),
        ("- {mutant: x, why: because it is so}\n- {mutant: x, why: because it is so}\n", "explained twice"),
    ],
)
def test_explanations_that_cannot_be_read_are_named_with_their_place(lab: Path, text: str, complaint: str) -> None:
    (lab / "mutants.yaml").write_text(text)
    with pytest.raises(InvalidPlan, match=complaint) as refused:
        attempted(lab)
    assert refused.value.problems[0].file.endswith("mutants.yaml")


def test_ignore_files_lose_each_pattern_and_the_labs_own_files_stay(lab: Path) -> None:
    (lab / "lab.yaml").write_text(LAB + "submission: {required: [Dockerfile], editable: [Dockerfile, .dockerignore]}\n")
    (lab / "solutions/reference/.dockerignore").write_text("# not needed\n.git\n\n*.log\n")
    plan = load_plan(lab)
    made = mutants_of(read_solutions(lab, plan)[0].files, plan)
    ignoring = [mutant for mutant in made if mutant.file == ".dockerignore"]
    assert [(mutant.line, mutant.change) for mutant in ignoring] == [(2, "ignore no .git"), (4, "ignore no *.log")]
    assert ignoring[0].files.files[".dockerignore"] == b"# not needed\n\n*.log\n"
    assert {mutant.file for mutant in made} == {".dockerignore", "Dockerfile"}
    assert all(mutant.files.files["notes.txt"] == b"The lab's own.\n" for mutant in made)


def test_two_changes_that_read_alike_are_told_apart(lab: Path) -> None:
    dockerfile = lab / "solutions/reference/Dockerfile"
    dockerfile.write_text("FROM busybox:1.35\nRUN id\nCOPY notes.txt /a\nRUN id\nUSER 5\n" + 'CMD ["x"]\n')
    plan = load_plan(lab)
    changes = [mutant.change for mutant in mutants_of(read_solutions(lab, plan)[0].files, plan)]
    assert "leave out: RUN id" in changes
    assert "leave out: RUN id (2)" in changes
    assert len(changes) == len(set(changes))


def test_a_reference_that_is_no_dockerfile_has_no_mutants(lab: Path) -> None:
    (lab / "solutions/reference/Dockerfile").write_text("NONSENSE\n")
    plan = load_plan(lab)
    assert mutants_of(read_solutions(lab, plan)[0].files, plan) == []

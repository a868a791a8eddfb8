"""Reading course packs: all of it at once, every problem with its place."""

from pathlib import Path

import pytest
from small_pack import BANK, COURSE, LAB, QUIZ, a_pack

from authoring.packs import InvalidPack, load

REVIEW = Path(__file__).parents[2] / "packs" / "containerization-review"


def problems(folder: Path) -> list[str]:
    with pytest.raises(InvalidPack) as caught:
        load(folder)
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_a_pack_is_read_whole(tmp_path: Path) -> None:
    pack = load(a_pack(tmp_path))
    assert pack.course.title == "Small course"
    assert [question.id for question in pack.questions] == ["what-is-docker", "cmd-wins"]
    assert pack.quizzes["start"].title == "Start here"
    assert pack.labs["hello"].plan.max_points == 4
    assert pack.labs["hello"].starter == {"Dockerfile": "FROM busybox:1.35\n"}


@pytest.mark.parametrize(
    ("changes", "place", "says"),
    [
        ({"course_yaml": COURSE.replace("slug:", "slugg:")}, "course.yaml:2:1", "Did you mean `slug`"),
        ({"course_yaml": COURSE.replace("lab: hello", "lab: helo")}, "course.yaml:10:", "Did you mean `hello`"),
        ({"course_yaml": COURSE + "  - quiz: start\n"}, "course.yaml:12:5", "already"),
        ({"course_yaml": COURSE + "time_zone: Mars/Olympus\n"}, "course.yaml:12:1", "time zone"),
        ({"course_yaml": COURSE.replace("quiz: start", "quiz: start\n    attempts: 2")}, "course.yaml:9:", "own file"),
        ({"banks__all_yaml": BANK.replace("docker.what", "docker.whut")}, "banks/all.yaml:2:", "`docker.what`"),
        ({"banks__more_yaml": BANK}, "banks/more.yaml:1:", "already"),
        ({"quizzes__start_yaml": QUIZ.replace("cmd-wins]", "cmd-winz]")}, "quizzes/start.yaml:2:", "`cmd-wins`"),
        ({"quizzes__start_yaml": "title: X\nitems: [{draw: 9}]\n"}, "quizzes/start.yaml:2:", "hold 2"),
        ({"quizzes__extra_yaml": QUIZ}, "quizzes/extra.yaml:1:1", "No student sees this quiz"),
        ({"quizzes__notes.txt": "hi"}, "quizzes/notes.txt:1:1", "Nothing reads this file"),
        ({"labs__hello__README_md": None}, "labs/hello/README.md:1:1", "needs a README"),
        ({"labs__hello__lab_yaml": LAB.replace("kind: stdout", "kind: stdot")}, "labs/hello/lab.yaml:7:", "`stdout`"),
        ({"labs__hello__lab_yaml": LAB.replace("points: 4", "points: 5")}, "labs/hello/lab.yaml:3:1", "4"),
        ({"labs__hello__lab_yaml": LAB.replace("[busybox]", "[busybocks]")}, "labs/hello/lab.yaml:4:", "`busybox`"),
        ({"labs__hello__lab_yaml": "title: [broken\n"}, "labs/hello/lab.yaml:", "YAML"),
        ({"labs__other__lab_yaml": LAB, "labs__other__README_md": "x"}, "labs/other:1:1", "No student sees this lab"),
    ],
)
def test_each_mistake_is_named_with_its_place(
    tmp_path: Path, changes: dict[str, str | None], place: str, says: str
) -> None:
    found = problems(a_pack(tmp_path, **changes))
    assert any(problem.startswith(place) and says in problem for problem in found), found


def test_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    a_pack(tmp_path, course_yaml=COURSE + "colour: blue\n", banks__all_yaml="- {id: x}\n", quizzes__start_yaml="[]\n")
    assert {problem.split(":")[0] for problem in problems(tmp_path)} >= {
        "course.yaml",
        "banks/all.yaml",
        "quizzes/start.yaml",
    }


def test_a_folder_without_a_course_says_what_a_pack_is(tmp_path: Path) -> None:
    with pytest.raises(InvalidPack, match="A pack is a folder with one"):
        load(tmp_path)


@pytest.mark.parametrize("attack", ["!!python/object/apply:os.system [id]", "&a [*a]", "a: &x 1\nb: *x"])
def test_yaml_that_wants_to_do_something_is_refused(tmp_path: Path, attack: str) -> None:
    assert any("course.yaml" in problem for problem in problems(a_pack(tmp_path, course_yaml=attack)))


def test_a_starter_file_cannot_be_a_link(tmp_path: Path) -> None:
    folder = a_pack(tmp_path)
    (folder / "labs/hello/starter/passwd").symlink_to("/etc/passwd")
    assert any("This is a link" in problem for problem in problems(folder))


def test_the_review_s_pack_covers_what_it_must() -> None:
    pack = load(REVIEW)
    assert len(pack.course.topics) == 43
    assert len(pack.questions) >= 24
    assert len({topic for question in pack.questions for topic in question.topics}) >= 20
    assert {question.kind for question in pack.questions} >= {
        "single_choice",
        "multiple_choice",
        "true_or_false",
        "short_text",
        "numeric",
    }
    assert set(pack.labs) >= {"first-dockerfile", "copy-workdir", "expose-http", "containerize-api"}


COMMANDS_LAB = """
title: Boxes
points: 2
bases: [busybox]
values: {box: word, lost: word}
console: {prepare: ["docker create --name {lost} busybox:1.35"]}
checks:
  - {id: made, kind: container, name: "{box}", points: 1}
  - {id: lost, kind: container, name: "{lost}", exists: false, points: 1}
"""


def test_what_a_lab_of_commands_asks_for_must_be_told_or_be_there_to_be_found(tmp_path: Path) -> None:
    told = {"labs__hello__lab_yaml": COMMANDS_LAB, "labs__hello__solutions__reference__Dockerfile": None}
    (problem,) = problems(a_pack(tmp_path, **told, labs__hello__README_md="Make a box."))
    assert problem.startswith("labs/hello/README.md:1:1")
    assert "`{box}`" in problem
    pack = load(a_pack(tmp_path, **told, labs__hello__README_md="Make `{box}`."))
    assert pack.labs["hello"].plan.console is not None

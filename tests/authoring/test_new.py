"""`course new`, and docs/authoring.md followed to the letter in the pack that it begins."""

import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from authoring.packs import load

pytestmark = pytest.mark.django_db

DOCUMENT = (Path(__file__).parents[2] / "docs" / "authoring.md").read_text()
PIECE = re.compile(
    r"`(?P<path>[\w./-]+)`(?:, (?:add|the activities become)| ends with)?:\n\n```\w+\n(?P<text>.*?)```"
    r"|^\$ \.venv/bin/python manage\.py course (?P<typed>[^\n]*)$",
    re.DOTALL | re.MULTILINE,
)


def write(folder: Path, path: str, text: str) -> None:
    """Write what the document gives: a file of its own, or what becomes of one that is there."""
    file = folder / path
    there = file.read_text() if file.exists() else ""
    if text.startswith("activities:"):
        there, text = "", re.sub(r"activities:\n(?:  .*\n)+", text, there)
    elif path == "quizzes/first-questions.yaml":
        there = there.partition("items:\n")[0]
    elif path == "banks/questions.yaml":
        there += "\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(there + text)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack that has just been begun."""
    folder = tmp_path / "container-notes"
    call_command("course", "new", str(folder))
    return folder


def test_a_course_is_begun_that_can_be_read(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begun = load(pack)
    assert (begun.course.slug, begun.course.title) == ("container-notes", "Container notes")
    assert [each.id for each in begun.questions] == ["what-is-printed"]
    call_command("course", "check", str(pack), "--files-only")
    assert "Everything is as it should be." in capsys.readouterr().out


def test_what_is_there_already_is_left_alone(pack: Path) -> None:
    before = {file: file.read_bytes() for file in pack.rglob("*") if file.is_file()}
    with pytest.raises(CommandError, match="is there already"):
        call_command("course", "new", str(pack))
    assert {file: file.read_bytes() for file in pack.rglob("*") if file.is_file()} == before


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    call_command("course", "new", str(tmp_path / "notes"))
    assert load(tmp_path / "notes").course.slug == "notes"


@pytest.mark.parametrize(
    ("name", "why"),
    [("join", "an address of that name"), ("9-lives", "lower-case letters"), ("_", "lower-case letters")],
)
def test_a_folder_whose_name_makes_no_course_is_refused(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(CommandError, match=why):
        call_command("course", "new", str(tmp_path / name))
    assert not (tmp_path / name).exists()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("course", "new", str(tmp_path / "file" / "notes"))


def test_a_topic_that_is_named_and_neither_asked_nor_practised_is_told(pack: Path) -> None:
    topic = next(piece for piece in PIECE.finditer(DOCUMENT) if piece["path"] == "course.yaml")
    write(pack, "course.yaml", topic["text"])
    with pytest.raises(CommandError, match="own-files lacks 1 more question and a question with a proof and a lab"):
        call_command("course", "check", str(pack), "--files-only")


def test_every_block_of_the_document_is_written_or_typed(pack: Path) -> None:
    pieces = list(PIECE.finditer(DOCUMENT))
    fences = re.findall(r"^```(\w+)$", DOCUMENT, re.MULTILINE)
    assert len([piece for piece in pieces if piece["path"]]) == len([each for each in fences if each != "console"])
    assert len([piece for piece in pieces if piece["typed"]]) == DOCUMENT.count("\n$ ")


@pytest.mark.engine
def test_whoever_follows_the_document_ends_with_a_course_that_is_as_it_should_be(
    tmp_path: Path, engine_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = tmp_path / "container-notes"
    told = []
    for piece in PIECE.finditer(DOCUMENT):
        if piece["path"]:
            write(pack, piece["path"], piece["text"])
            continue
        verb, _, *options = piece["typed"].split()
        if verb in {"check", "prove"}:
            options += ["--engine", engine_url]
        elif verb == "sync":
            options += ["--yes"]
        call_command("course", verb, str(pack), *options)
        told.append(capsys.readouterr().out)
    assert len(told) == 6
    begun, checked, proven, lab, whole, synced = told
    assert begun.endswith(f"manage.py course check {pack}\n")
    assert "Everything is as it should be." in checked
    assert "proven       written-then-gone" in proven
    assert "carry-a-note: 3 solutions as declared" in lab
    assert "NOT EXPLAINED" in lab
    assert "NOT EXPLAINED" not in whole
    assert "Everything is as it should be." in whole
    assert "container-notes: " in synced
    wrong_on_purpose(pack / "banks" / "questions.yaml")
    with pytest.raises(CommandError, match="contradicted"):
        call_command("course", "prove", str(pack), "--question", "written-then-gone", "--engine", engine_url)


def wrong_on_purpose(bank: Path) -> None:
    bank.write_text(bank.read_text().replace("answer: Nothing", "answer: The file"))

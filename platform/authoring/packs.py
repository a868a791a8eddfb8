"""Loads a course pack from its folder: everything is read, checked together, and every problem named with its place."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from authoring.pack_tree import stray, stray_in_lab, unsafe
from authoring.specs import CourseSpec
from graders.authored import Document, InvalidFile, Place, Problem, did_you_mean, read_yaml
from graders.plan import COURSE_FILE, LAB_FILE, LabPlan, load_plan
from graders.spec import problems_of, templates_in
from quizzes.drawing import Candidate, CannotDraw, draw_questions
from quizzes.proof_faults import faults_of
from quizzes.proving import seeds_of, variant_of
from quizzes.specs import Bank, QuizSpec
from quizzes.types.base import QuestionType

MAX_STARTER_BYTES = 1024 * 1024
Model = TypeVar("Model", bound=BaseModel)


class InvalidPack(InvalidFile):
    """A pack has problems; `problems` holds all of them, by file, line and column."""


@dataclass(frozen=True, kw_only=True)
class LabFiles:
    """A lab of the pack: its plan, its story (Markdown) and what students start from."""

    folder: Path
    plan: LabPlan
    readme: str
    starter: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Pack:
    """A whole course as its files describe it."""

    folder: Path
    course: CourseSpec
    questions: tuple[QuestionType, ...]
    quizzes: Mapping[str, QuizSpec]
    labs: Mapping[str, LabFiles]


def load(folder: Path) -> Pack:
    """Read the pack in this folder. Raises InvalidPack with every problem found, not just the first."""
    problems: list[Problem] = []
    course_file = folder / COURSE_FILE
    if not course_file.is_file():
        message = f"There is no {COURSE_FILE} here. A pack is a folder with one; give the path of that folder."
        raise InvalidPack([Problem(str(folder), 1, 1, message)])
    problems += unsafe(folder)
    if problems:  # nothing of it is opened
        raise InvalidPack(problems)
    problems += stray(folder)
    read = _Reader(problems)
    course_document, course = read.model(course_file, CourseSpec)
    every_bank = list(read.folder(folder / "banks", Bank))
    banks = [(document, bank) for document, bank in every_bank if bank is not None]
    quizzes = {
        Path(document.file).stem: (document, quiz) for document, quiz in read.folder(folder / "quizzes", QuizSpec)
    }
    labs = {lab.name: read.lab(lab) for lab in _folders(folder / "labs")}
    if course is not None:
        problems += _dangling_activities(course_document, course, quizzes=quizzes, labs=labs)
        problems += _unused(folder, course, quizzes=quizzes, labs=labs)
        problems += _unknown_topics(course, banks, labs)
        problems += _unknown_draws(course, quizzes)
    problems += _unprovable(banks)
    problems += _questions_named_twice(banks)
    questions = tuple(question for _, bank in banks for question in bank.questions)
    if all(isinstance(document.value, list) for document, _ in every_bank):
        known = {question.id for question in questions} | _ids_in_unreadable(every_bank)
        problems += _dangling_questions(quizzes, known)
    if len(banks) == len(every_bank):
        problems += _impossible_draws(quizzes, questions)
        if None not in (quiz for _, quiz in quizzes.values()):
            problems += _unasked(banks, quizzes)
    if problems or course is None:
        raise InvalidPack(problems)
    return Pack(
        folder=folder,
        course=course,
        questions=questions,
        quizzes={name: quiz for name, (_, quiz) in quizzes.items() if quiz is not None},
        labs={name: lab for name, lab in labs.items() if lab is not None},
    )


def _folders(parent: Path) -> list[Path]:
    return sorted(path for path in parent.iterdir() if path.is_dir()) if parent.is_dir() else []


class _Reader:
    """Reads files and collects what is wrong with them."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def model(self, file: Path, model: type[Model]) -> tuple[Document, Model | None]:
        """The file as a document and, where it is valid, as a model."""
        try:
            document = read_yaml(file.read_bytes(), file=str(file))
        except InvalidFile as error:
            self.problems += error.problems
            return Document(str(file), None, {}), None
        except OSError as error:
            self.problems.append(Problem(str(file), 1, 1, f"The file cannot be read: {error.strerror}."))
            return Document(str(file), None, {}), None
        try:
            return document, model.model_validate(document.value)
        except ValidationError as error:
            self.problems += problems_of(error, document, model)
            return document, None

    def folder(self, folder: Path, model: type[Model]) -> Iterator[tuple[Document, Model | None]]:
        """Each YAML file of a folder; other files are problems, since nothing would ever read them."""
        for file in sorted(folder.iterdir()) if folder.is_dir() else []:
            if file.name.startswith("."):
                continue
            if file.suffix != ".yaml" or not file.is_file():
                what = "folder" if file.is_dir() else "file"
                meant = f" Did you mean `{file.stem}.yaml`?" if file.suffix == ".yml" else ""
                message = f"Nothing reads this {what}: files here end in .yaml, and are in no folder.{meant}"
                self.problems.append(Problem(str(file), 1, 1, message))
                continue
            yield self.model(file, model)

    def lab(self, folder: Path) -> LabFiles | None:
        """A lab with its story and starter files."""
        readme = self._text(folder / "README.md", missing="A lab needs a README.md: the story that students read.")
        starter = dict(self._starter(folder / "starter"))
        try:
            plan = load_plan(folder)
        except InvalidFile as error:
            self.problems += error.problems
            self.problems += stray_in_lab(folder, (each.name for each in folder.iterdir() if each.is_dir()))
            return None
        used = (name for check in plan.checks for name in check.folders())
        self.problems += stray_in_lab(folder, used)
        self.problems += _untold(folder / "README.md", plan, readme)
        return LabFiles(folder=folder, plan=plan, readme=readme, starter=starter)

    def _text(self, file: Path, *, missing: str = "") -> str:
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            self.problems.append(Problem(str(file), 1, 1, missing))
            return ""
        except UnicodeDecodeError as error:
            line = file.read_bytes().count(b"\n", 0, error.start) + 1
            self.problems.append(Problem(str(file), line, 1, "The file is not UTF-8 text."))
            return ""
        except OSError as error:
            self.problems.append(Problem(str(file), 1, 1, f"The file cannot be read: {error.strerror}."))
            return ""
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            message = "There is a NUL character in this line, so this is no text that students could read. Take it out."
            self.problems.append(Problem(str(file), line, 1, message))
            return ""
        return text

    def _starter(self, folder: Path) -> Iterator[tuple[str, str]]:
        total = sum(file.lstat().st_size for file in folder.rglob("*")) if folder.is_dir() else 0
        if total > MAX_STARTER_BYTES:
            self.problems.append(Problem(str(folder), 1, 1, "The starter files are larger than 1 MiB together."))
            return
        for file in sorted(folder.rglob("*")) if folder.is_dir() else []:
            if file.is_file():
                yield file.relative_to(folder).as_posix(), self._text(file)


def _untold(file: Path, plan: LabPlan, readme: str) -> Iterator[Problem]:
    """Values of a lab of commands that are asked for and that nothing tells students: no story, no thing to look at."""
    if plan.console is None:
        return
    told = {name for _, name in templates_in([readme, *plan.console.prepare])}
    asked = {
        name
        for check in plan.checks
        for _, name in templates_in(check.model_dump(mode="json"))
        if name in plan.values and not check.hidden
    }
    for name in sorted(asked - told):
        message = f"Checks ask for `{{{name}}}`, which nobody tells students: put it into the story."
        yield Problem(str(file), 1, 1, message)


Quizzes = Mapping[str, tuple[Document, QuizSpec | None]]
Labs = Mapping[str, LabFiles | None]
Banks = Iterable[tuple[Document, Bank]]


def _dangling_activities(document: Document, course: CourseSpec, *, quizzes: Quizzes, labs: Labs) -> Iterator[Problem]:
    for position, entry in enumerate(course.activities):
        known: Iterable[str] = quizzes if entry.quiz else labs
        if entry.name not in known:
            message = f"There is no {entry.kind} `{entry.name}` in this pack. {did_you_mean(entry.name, known)}"
            yield document.problem(("activities", position, entry.kind), message)


def _unused(folder: Path, course: CourseSpec, *, quizzes: Quizzes, labs: Labs) -> Iterator[Problem]:
    used = {(entry.kind, entry.name) for entry in course.activities}
    for name, (document, _) in quizzes.items():
        if ("quiz", name) not in used:
            message = f"No student sees this quiz: add `- quiz: {name}` to the activities."
            yield Problem(document.file, 1, 1, message)
    for name in labs:
        if ("lab", name) not in used:
            message = f"No student sees this lab: add `- lab: {name}` to the activities."
            yield Problem(str(folder / "labs" / name), 1, 1, message)


def _unknown_topics(course: CourseSpec, banks: Banks, labs: Labs) -> Iterator[Problem]:
    for document, bank in banks:
        for position, question in enumerate(bank.questions):
            yield from _not_of_the_course(document, (position, "topics"), dict(enumerate(question.topics)), course)
    for lab in labs.values():
        if lab is None or {*lab.plan.topics, *(each for check in lab.plan.checks for each in check.topics)} <= set(
            course.topics
        ):
            continue
        file = lab.folder / LAB_FILE
        document = read_yaml(file.read_bytes(), file=str(file))
        yield from _not_of_the_course(document, ("topics",), dict(enumerate(lab.plan.topics)), course)
        for position, check in enumerate(lab.plan.checks):
            yield from _not_of_the_course(
                document, ("checks", position, "topics"), dict(enumerate(check.topics)), course
            )


def _unknown_draws(course: CourseSpec, quizzes: Quizzes) -> Iterator[Problem]:
    """Topics that quizzes draw from; a group such as `docker.*` has one topic at least."""
    for document, quiz in quizzes.values():
        for position, item in enumerate(quiz.items if quiz is not None else ()):
            for number, topic in enumerate(getattr(item, "topics", ())):
                group = topic.removesuffix("*")
                if group != topic and not any(each.startswith(group) for each in course.topics):
                    groups = {f"{each.rpartition('.')[0]}.*" for each in course.topics if "." in each}
                    message = f"The course has no topic of the group `{topic}`. {did_you_mean(topic, groups)}"
                    yield document.problem(("items", position, "topics", number), message)
                elif group == topic:
                    yield from _not_of_the_course(document, ("items", position, "topics"), {number: topic}, course)


def _not_of_the_course(
    document: Document, place: Place, topics: Mapping[int, str], course: CourseSpec
) -> Iterator[Problem]:
    for position, topic in topics.items():
        if topic not in course.topics:
            message = f"The course has no topic `{topic}`. {did_you_mean(topic, course.topics)}"
            yield document.problem((*place, position), message)


def _unprovable(banks: Banks) -> Iterator[Problem]:
    """Proofs from which the key does not follow, whatever is seen."""
    for document, bank in banks:
        for position, question in enumerate(bank.questions):
            if question.proof is None:
                continue
            found = (list(faults_of(variant_of(question, seed))) for seed in seeds_of(question))
            for fault in next(filter(None, found), []):
                yield document.problem((position, "proof"), fault)


def _questions_named_twice(banks: Banks) -> Iterator[Problem]:
    seen: dict[str, Problem] = {}
    for document, bank in banks:
        for position, question in enumerate(bank.questions):
            here = document.problem((position, "id"), "")
            first = seen.setdefault(question.id, here)
            if first.file != document.file:
                where = f"{Path(first.file).parent.name}/{Path(first.file).name}, line {first.line}"
                message = f"There is a question `{question.id}` already, in {where}: give this one an id of its own."
                yield document.problem((position, "id"), message)


def _ids_in_unreadable(banks: Iterable[tuple[Document, Bank | None]]) -> set[str]:
    """Ids of questions that are there, though something else is wrong in their bank: quizzes may name them."""
    raw = (document.value for document, bank in banks if bank is None and isinstance(document.value, list))
    return {str(question["id"]) for each in raw for question in each if isinstance(question, dict) and "id" in question}


def _unasked(banks: Banks, quizzes: Quizzes) -> Iterator[Problem]:
    """Banks that no quiz takes any question of."""
    specs = [quiz for _, quiz in quizzes.values() if quiz is not None]
    listed = {item.question for quiz in specs for item in quiz.listed}
    draws = [draw for quiz in specs for draw in quiz.draws]
    for document, bank in banks:
        if not any(
            question.id in listed
            or any(
                draw.takes(
                    topics=question.topics, kind=question.kind, difficulty=question.difficulty, tags=question.tags
                )
                for draw in draws
            )
            for question in bank.questions
        ):
            message = (
                "No quiz asks any question of this bank: list one among a quiz's `items`, or draw from its topics."
            )
            yield Problem(document.file, 1, 1, message)


def _dangling_questions(quizzes: Quizzes, known: set[str]) -> Iterator[Problem]:
    for document, quiz in quizzes.values():
        if quiz is None:
            continue
        for position, item in enumerate(quiz.items):
            name = getattr(item, "question", None)
            if name is not None and name not in known:
                message = f"No bank has the question `{name}`. {did_you_mean(name, known)}"
                yield document.problem(("items", position, "question"), message)


def _impossible_draws(quizzes: Quizzes, questions: Iterable[QuestionType]) -> Iterator[Problem]:
    candidates = [
        Candidate(
            version=number,
            slug=question.id,
            kind=question.kind,
            topics=question.topics,
            difficulty=question.difficulty,
            points=question.points,
            tags=question.tags,
        )
        for number, question in enumerate(questions)
    ]
    by_slug = {candidate.slug: candidate for candidate in candidates}
    for document, quiz in quizzes.values():
        if quiz is None or any(item.question not in by_slug for item in quiz.listed):
            continue
        listed = {item.question: by_slug[item.question] for item in quiz.listed}
        try:
            draw_questions(quiz, listed=listed, pool=candidates, rng=random.Random(0))  # noqa: S311 - only whether it works
        except CannotDraw as problem:
            yield document.problem(("items", problem.item), f"{problem.message[:1].upper()}{problem.message[1:]}.")

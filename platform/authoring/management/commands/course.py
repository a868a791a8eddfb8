"""Works with course packs: `course new`, `check`, `prove` and `sync`, each with a PACK, and `course export`."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from authoring import schemas
from authoring.check import check_labs, mutation_score, unreadable, unreadable_beside
from authoring.check import summary as labs_summary
from authoring.coverage import coverage, coverage_table
from authoring.export import kept_of, unpack
from authoring.new import CannotBegin, begin
from authoring.packs import InvalidPack, Pack, load
from authoring.prove import Proved, prove_pack, summary, with_proof
from authoring.sync import preview, sync
from courses.errors import DrydockError
from courses.models import Course
from graders.authored import Problem, did_you_mean
from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.docker import DockerSandbox
from quizzes.proof_services import keep_results, left_out
from quizzes.proving import SEEDS

LEAST_MUTATION_SCORE = 0.9
_SEEDS_HELP = f"variants of a question that varies; default {SEEDS}, and with fewer only a contradiction is kept"
_STRICT = f"fail where a survivor is not explained, or less than {LEAST_MUTATION_SCORE:.0%}% of the mutants are noticed"


def _not_kept(seeds: Sequence[int | None]) -> str:
    """Why what came of a proof is not kept, to follow the question's name, and what to do."""
    most = max(seed for seed in seeds if seed is not None)
    needed = max(most + 1, SEEDS)
    return (
        f"is not kept: nothing contradicts it, but seed {most} was left out, and only a run of all of them settles it. "
        f"{'Leave --seeds out.' if needed == SEEDS else f'Give --seeds {needed}.'}"
    )


def _add_engines(parser: CommandParser) -> None:
    parser.add_argument(
        "--engine", action="append", help="its address; may be given several times; default SANDBOX_ENGINES"
    )
    parser.add_argument("--jobs", type=int, default=1, help="how many at once on each engine; default 1")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=_SEEDS_HELP)


class Command(BaseCommand):
    help = "Begin a course pack, check it, prove its questions' keys, load it into the database, or write it out again."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        beginner = commands.add_parser("new", help="begin a pack: a small course to write over, in a new folder")
        beginner.add_argument("pack", type=Path, metavar="FOLDER")
        check = commands.add_parser("check", help="check everything: files, topics, labs' solutions, mutants, proofs")
        check.add_argument("pack", type=Path)
        _add_engines(check)
        check.add_argument("--files-only", action="store_true", help="read and compare the files, grade nothing")
        check.add_argument("--lab", metavar="NAME", help="this lab alone, and no proofs")
        check.add_argument("--no-mutants", action="store_true", help="leave the mutants of the references out")
        check.add_argument("--no-proofs", action="store_true", help="leave the questions' proofs out")
        check.add_argument("--strict", action="store_true", help=_STRICT)
        prover = commands.add_parser("prove", help="carry out the proofs of the pack's questions on sandbox engines")
        prover.add_argument("pack", type=Path)
        _add_engines(prover)
        prover.add_argument("--question", metavar="ID", help="this question alone")
        loader = commands.add_parser("sync", help="bring the course in line with the pack; shows the difference first")
        loader.add_argument("pack", type=Path)
        loader.add_argument("--course", help="short name of the course; default the pack's own")
        loader.add_argument("--yes", action="store_true", help="do it without asking")
        loader.add_argument("--publish-new", action="store_true", help="let students see activities that are new")
        schema = commands.add_parser("schema", help="write the JSON Schema of each file of a pack, for editors")
        schema.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="such as PACK/.schemas")
        giver = commands.add_parser("export", help="write the files that a course was last brought in line with")
        giver.add_argument("course", metavar="COURSE", help="the course's short name")
        giver.add_argument("--to", type=Path, help="a new folder, or a zip; default a folder named like it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["command"] == "new":
            self._begin(options["pack"])
            return
        if options["command"] == "schema":
            self._write_schemas(options["to"])
            return
        if options["command"] == "export":
            self._export(options["course"], options["to"] or Path(options["course"]))
            return
        pack = self._load(options["pack"], with_solutions=options["command"] == "check")
        if options["command"] == "check":
            self._check(pack, options)
        elif options["command"] == "prove":
            self._prove(pack, options)
        else:
            self._sync(pack, options)

    def _begin(self, folder: Path) -> None:
        try:
            files = begin(folder)
        except CannotBegin as error:
            raise CommandError(str(error), returncode=2) from error
        for file in files:
            self.stdout.write(f"  {folder / file}")
        self.stdout.write(self.style.SUCCESS(f"A small course is in {folder}. Try it: manage.py course check {folder}"))

    def _write_schemas(self, folder: Path) -> None:
        try:
            written = schemas.write(folder)
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error.strerror}.", returncode=2) from error
        for file in written:
            self.stdout.write(f"  {file}")

    def _load(self, folder: Path, *, with_solutions: bool) -> Pack:
        try:
            return load(folder)
        except InvalidPack as error:
            beside = unreadable_beside(folder) if with_solutions and folder.is_dir() else []
            raise self._named(sorted({*error.problems, *beside}), folder) from error

    def _named(self, problems: Sequence[Problem], folder: Path) -> CommandError:
        for problem in problems:
            self.stderr.write(str(problem))
        return CommandError(f"{len(problems)} problem{'s' if len(problems) != 1 else ''} in {folder}.", returncode=2)

    def _check(self, pack: Pack, options: dict[str, Any]) -> None:
        began = time.monotonic()
        self._refuse_below_one(options)
        problems = unreadable(pack)
        if problems:
            raise self._named(problems, pack.folder)
        if options["lab"] not in (None, *pack.labs):
            meant = did_you_mean(options["lab"], pack.labs)
            raise CommandError(f"The pack has no lab `{options['lab']}`. {meant}".strip(), returncode=2)
        faults = self._check_files(pack)
        if not options["files_only"]:
            faults += self._check_labs(pack, options)
            if not (options["no_proofs"] or options["lab"]) and with_proof(pack.questions):
                faults += self._carry_out_proofs(pack, options)
        if faults:
            raise CommandError(f"{len(faults)} faults: {'; '.join(faults)}.")
        took = "" if options["files_only"] else f" It took {time.monotonic() - began:.0f} s."
        self.stdout.write(self.style.SUCCESS(f"Everything is as it should be.{took}"))

    def _check_files(self, pack: Pack) -> list[str]:
        self.stdout.write(
            f"{len(pack.questions)} questions ({sum(each.varies for each in pack.questions)} with values, "
            f"{len(with_proof(pack.questions))} with a proof), "
            f"{len(pack.quizzes)} quizzes, {len(pack.labs)} labs: the files are right.\n"
        )
        kept = pack.folder / schemas.FOLDER
        if not schemas.are_current(kept):
            again = f"manage.py course schema --to {kept}"
            self.stdout.write(self.style.WARNING(f"The schemas for editors are of another version: {again}"))
        covered = coverage(pack)
        for line in coverage_table(covered):
            self.stdout.write(line)
        return [f"{each.topic} lacks {' and '.join(each.gaps)}" for each in covered if each.gaps]

    def _check_labs(self, pack: Pack, options: dict[str, Any]) -> list[str]:
        self.stdout.write("")
        with self._engines(options) as sandboxes:
            checked = check_labs(
                pack,
                sandboxes=sandboxes,
                tell=self._tell,
                jobs=options["jobs"],
                mutants=not options["no_mutants"],
                only=options["lab"],
            )
        for line in labs_summary(checked):
            self.stdout.write(line)
        faults = [f"the lab {each.name} is not as declared" for each in checked if each.faults]
        if options["no_mutants"]:
            return faults
        score = mutation_score(checked)
        self.stdout.write(f"\nMutation score: {score:.3f}")
        if options["strict"]:
            loose = [each.name for each in checked if each.mutated and each.mutated.unexplained]
            faults += [f"a survivor of {name} is not explained" for name in loose]
            if score < LEAST_MUTATION_SCORE:
                faults.append(f"the mutation score is below {LEAST_MUTATION_SCORE}")
        return faults

    def _prove(self, pack: Pack, options: dict[str, Any]) -> None:
        self._refuse_below_one(options)
        only = options["question"]
        if not with_proof(pack.questions, only=only):
            raise CommandError(f"No question `{only}` with a proof is in this pack." if only else "It has no proofs.")
        wrong = self._carry_out_proofs(pack, options)
        if wrong:
            raise CommandError(f"{len(wrong)} key{'s are' if len(wrong) > 1 else ' is'} contradicted.", returncode=1)
        self.stdout.write(self.style.SUCCESS("No key is contradicted."))

    def _carry_out_proofs(self, pack: Pack, options: dict[str, Any]) -> list[str]:
        with self._engines(options) as sandboxes:
            proved = prove_pack(
                pack,
                sandboxes=sandboxes,
                tell=self._tell,
                jobs=options["jobs"],
                seeds=options["seeds"],
                only=options.get("question"),
            )
        for line in summary(proved, questions=len(pack.questions)):
            self.stdout.write(line)
        self._keep(pack, proved)
        return [f"the key of {each.question.id} is contradicted" for each in proved if each.contradicted]

    def _refuse_below_one(self, options: dict[str, Any]) -> None:
        for name in ("jobs", "seeds"):
            if options[name] < 1:
                raise CommandError(f"--{name} takes a number from 1.")

    @contextmanager
    def _engines(self, options: dict[str, Any]) -> Iterator[list[DockerSandbox]]:
        """The engines to work on; what is wrong with them ends the command with 3."""
        engines = options["engine"] or settings.SANDBOX_ENGINES or [settings.SANDBOX_ENGINE]
        if not any(engines):
            raise CommandError("No sandbox engine is known: give --engine, or set SANDBOX_ENGINES.", returncode=3)
        try:
            yield [DockerSandbox(engine) for engine in engines]
        except SandboxUnavailable as error:
            raise CommandError(f"A sandbox engine cannot be used: {error}", returncode=3) from error

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _keep(self, pack: Pack, proved: list[Proved]) -> None:
        """Keep the results where the course is in the database, and say which settle nothing and are not kept."""
        try:
            course = Course.objects.filter(slug=pack.course.slug).first()
        except DatabaseError:
            return
        if course is None:
            return
        kept = 0
        for each in proved:
            seeds = left_out(course=course, question=each.question, results=each.results)
            if seeds:
                self.stdout.write(self.style.WARNING(f"{each.question.id} {_not_kept(seeds)}"))
            elif keep_results(course=course, question=each.question, results=each.results):
                kept += 1
        results = f"{kept} result{' is' if kept == 1 else 's are'}" if kept < len(proved) else "The results are"
        self.stdout.write(f"{results} kept with the course {course.slug}.")

    def _sync(self, pack: Pack, options: dict[str, Any]) -> None:
        slug = options["course"] or pack.course.slug
        publish_new = options["publish_new"]
        try:
            changes = preview(pack=pack, slug=slug, publish_new=publish_new)
            for change in changes:
                self.stdout.write(f"  {change}")
            if not changes:
                self.stdout.write(f"{slug} is as the pack has it.")
            elif not options["yes"] and not self._confirmed():
                self.stdout.write("Nothing was changed.")
                return
            else:
                sync(pack=pack, slug=slug, publish_new=publish_new)
                self.stdout.write(self.style.SUCCESS(f"{slug}: {len(changes)} changes made."))
        except DrydockError as error:
            raise CommandError(error.message) from error

    def _export(self, slug: str, to: Path) -> None:
        try:
            kept = kept_of(self._course(slug))
            if to.suffix == ".zip":
                with to.open("xb") as zipped:
                    zipped.write(kept.archive)
            else:
                unpack(kept, to=to)
        except FileExistsError:
            raise CommandError(f"{to} is there already, and was not changed: name a new file.", returncode=2) from None
        except OSError as error:
            raise CommandError(f"{to} cannot be written: {error.strerror}.", returncode=2) from error
        except DrydockError as error:
            raise CommandError(error.message, returncode=2) from error
        files = f"{kept.file_count} file{'s' if kept.file_count > 1 else ''}"
        self.stdout.write(self.style.SUCCESS(f"{files} of {slug}, as brought in on {kept.kept_at:%Y-%m-%d}: {to}"))

    def _course(self, slug: str) -> Course:
        course = Course.objects.filter(slug=slug).first()
        if course is None:
            meant = did_you_mean(slug, Course.objects.values_list("slug", flat=True))
            raise CommandError(f"There is no course `{slug}`. {meant}".strip(), returncode=2)
        return course

    def _confirmed(self) -> bool:
        try:
            return input("Make these changes? [y/N] ").strip().lower() in {"y", "yes"}
        except EOFError:
            raise CommandError("Nobody is there to ask: run it again with --yes.") from None

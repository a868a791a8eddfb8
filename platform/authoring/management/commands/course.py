"""Works with course packs: `course check PACK`, `course prove PACK` and `course sync PACK`."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from authoring.check import check_labs
from authoring.packs import InvalidPack, Pack, load
from authoring.prove import Proved, prove_pack, summary, with_proof
from authoring.sync import preview, sync
from courses.errors import DrydockError
from courses.models import Course
from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.docker import DockerSandbox
from quizzes.proof_services import keep_results
from quizzes.proving import SEEDS, Outcome


class Command(BaseCommand):
    help = "Check a course pack, prove its questions' keys, or load it into the database."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        check = commands.add_parser("check", help="read the pack and grade its labs' solutions on a sandbox engine")
        check.add_argument("pack", type=Path)
        check.add_argument("--engine", default=settings.SANDBOX_ENGINE, help="its address; default SANDBOX_ENGINE")
        check.add_argument("--files-only", action="store_true", help="read and compare the files, grade nothing")
        prover = commands.add_parser("prove", help="carry out the proofs of the pack's questions on sandbox engines")
        prover.add_argument("pack", type=Path)
        prover.add_argument(
            "--engine", action="append", help="its address; may be given several times; default SANDBOX_ENGINES"
        )
        prover.add_argument("--question", metavar="ID", help="this question alone")
        prover.add_argument("--jobs", type=int, default=1, help="how many at once on each engine; default 1")
        prover.add_argument(
            "--seeds", type=int, default=SEEDS, help=f"variants of a question that varies; default {SEEDS}"
        )
        loader = commands.add_parser("sync", help="bring the course in line with the pack; shows the difference first")
        loader.add_argument("pack", type=Path)
        loader.add_argument("--course", help="short name of the course; default the pack's own")
        loader.add_argument("--yes", action="store_true", help="do it without asking")
        loader.add_argument("--publish-new", action="store_true", help="let students see activities that are new")

    def handle(self, *args: Any, **options: Any) -> None:
        pack = self._load(options["pack"])
        if options["command"] == "check":
            self._check(pack, options)
        elif options["command"] == "prove":
            self._prove(pack, options)
        else:
            self._sync(pack, options)

    def _load(self, folder: Path) -> Pack:
        try:
            return load(folder)
        except InvalidPack as error:
            for problem in error.problems:
                self.stderr.write(str(problem))
            count = len(error.problems)
            raise CommandError(f"{count} problem{'s' if count != 1 else ''} in {folder}.", returncode=2) from error

    def _check(self, pack: Pack, options: dict[str, Any]) -> None:
        topics = {topic for question in pack.questions for topic in question.topics}
        self.stdout.write(
            f"{len(pack.questions)} questions over {len(topics)} of {len(pack.course.topics)} topics, "
            f"{len(pack.quizzes)} quizzes, {len(pack.labs)} labs: the files are right. "
            f"{len(with_proof(pack.questions))} questions have a proof; `course prove` carries them out."
        )
        if options["files_only"]:
            return
        if not options["engine"]:
            raise CommandError(
                "No sandbox engine is known: give --engine, set SANDBOX_ENGINE, or use --files-only.", returncode=3
            )
        try:
            wrong = check_labs(pack, sandbox=DockerSandbox(options["engine"]), tell=self.stdout.write)
        except SandboxUnavailable as error:
            raise CommandError(f"The sandbox engine at {options['engine']}: {error}", returncode=3) from error
        if wrong:
            raise CommandError(f"{wrong} things are not as the labs declare them.")
        self.stdout.write(self.style.SUCCESS("Every solution did as declared."))

    def _prove(self, pack: Pack, options: dict[str, Any]) -> None:
        for name in ("jobs", "seeds"):
            if options[name] < 1:
                raise CommandError(f"--{name} takes a number from 1.")
        only = options["question"]
        if not with_proof(pack.questions, only=only):
            raise CommandError(f"No question `{only}` with a proof is in this pack." if only else "It has no proofs.")
        engines = (
            options["engine"] or settings.SANDBOX_ENGINES or ([settings.SANDBOX_ENGINE] * bool(settings.SANDBOX_ENGINE))
        )
        if not engines:
            raise CommandError("No sandbox engine is known: give --engine, or set SANDBOX_ENGINES.", returncode=3)
        try:
            proved = prove_pack(
                pack,
                sandboxes=[DockerSandbox(engine) for engine in engines],
                tell=self._tell,
                jobs=options["jobs"],
                seeds=options["seeds"],
                only=only,
            )
        except SandboxUnavailable as error:
            raise CommandError(f"A sandbox engine cannot be used: {error}", returncode=3) from error
        for line in summary(proved, questions=len(pack.questions)):
            self.stdout.write(line)
        self._keep(pack, proved)
        wrong = sum(each.outcome is Outcome.CONTRADICTED for each in proved)
        if wrong:
            raise CommandError(f"{wrong} key{'s are' if wrong > 1 else ' is'} contradicted.", returncode=1)
        self.stdout.write(self.style.SUCCESS("No key is contradicted."))

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _keep(self, pack: Pack, proved: list[Proved]) -> None:
        """Keep the results where the course is in the database; without one, they have been told."""
        try:
            course = Course.objects.filter(slug=pack.course.slug).first()
        except DatabaseError:
            return
        if course is None:
            return
        for each in proved:
            keep_results(course=course, question=each.question, results=each.results)
        self.stdout.write(f"The results are kept with the course {course.slug}.")

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

    def _confirmed(self) -> bool:
        try:
            return input("Make these changes? [y/N] ").strip().lower() in {"y", "yes"}
        except EOFError:
            raise CommandError("Nobody is there to ask: run it again with --yes.") from None

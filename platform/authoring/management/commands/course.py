"""Works with course packs: `course check PACK` and `course sync PACK`."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from authoring.check import check_labs
from authoring.packs import InvalidPack, Pack, load
from authoring.sync import preview, sync
from courses.errors import DrydockError
from graders.sandbox.base import SandboxUnavailable
from graders.sandbox.docker import DockerSandbox


class Command(BaseCommand):
    help = "Check a course pack, or load it into the database."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        check = commands.add_parser("check", help="read the pack and grade its labs' solutions on a sandbox engine")
        check.add_argument("pack", type=Path)
        check.add_argument("--engine", default=settings.SANDBOX_ENGINE, help="its address; default SANDBOX_ENGINE")
        check.add_argument("--files-only", action="store_true", help="read and compare the files, grade nothing")
        loader = commands.add_parser("sync", help="bring the course in line with the pack; shows the difference first")
        loader.add_argument("pack", type=Path)
        loader.add_argument("--course", help="short name of the course; default the pack's own")
        loader.add_argument("--yes", action="store_true", help="do it without asking")
        loader.add_argument("--publish-new", action="store_true", help="let students see activities that are new")

    def handle(self, *args: Any, **options: Any) -> None:
        pack = self._load(options["pack"])
        if options["command"] == "check":
            self._check(pack, options)
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
            f"{len(pack.quizzes)} quizzes, {len(pack.labs)} labs: the files are right."
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

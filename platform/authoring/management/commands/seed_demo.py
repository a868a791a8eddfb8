"""Makes the demo people; refused in production."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from authoring.demo import PEOPLE, retire, seed
from courses.models import Course


class Command(BaseCommand):
    help = "Make demo people and enrol them in a course. Safe to run again; refused in production."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--remove", action="store_true", help="close the demo people's accounts instead")
        parser.add_argument("--course", default="containerization-review", help="short name of the course")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["remove"]:
            count = retire()
            self.stdout.write(f"{count} demo {'account is' if count == 1 else 'accounts are'} closed.")
            return
        if settings.PRODUCTION:
            raise CommandError("Demo people have known passwords: they are not made where DRYDOCK_ENV is production.")
        course = Course.objects.filter(slug=options["course"]).first()
        if course is None:
            slug = options["course"]
            raise CommandError(f"There is no course “{slug}”. Load one first: manage.py course sync packs/{slug}")
        seed(course=course)
        for person in PEOPLE:
            self.stdout.write(f"{person.role or 'admin':<11} {person.email}  {person.password}")

"""Demo people and a demo class, so that a newcomer can look around as a student and as an instructor."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from knox.models import AuthToken

from accounts.models import User
from courses.models import Activity, Course, Membership, Role
from courses.publishing import objection_to_publishing


@dataclass(frozen=True, kw_only=True)
class DemoPerson:
    """Somebody to sign in as."""

    email: str
    name: str
    password: str
    role: Role | None
    """None is the operator, who is in no course and may do everything."""


PEOPLE = (
    DemoPerson(email="student1@demo.drydock.test", name="Ada Moreau", password="demo-student", role=Role.STUDENT),
    DemoPerson(email="student2@demo.drydock.test", name="Ben Osei", password="demo-student", role=Role.STUDENT),
    DemoPerson(email="student3@demo.drydock.test", name="Chiara Rossi", password="demo-student", role=Role.STUDENT),
    DemoPerson(
        email="instructor@demo.drydock.test", name="Ines Duarte", password="demo-instructor", role=Role.INSTRUCTOR
    ),
    DemoPerson(email="admin@demo.drydock.test", name="Noor Haddad", password="demo-admin", role=None),
)


@transaction.atomic
def seed(*, course: Course) -> None:
    """Make the demo people, enrol them, and give unscheduled activities times; what is there already stays as it is."""
    for person in PEOPLE:
        user = User.objects.filter(email=person.email).first()
        operator = person.role is None
        if user is None:
            user = User.objects.create_user(
                person.email, person.password, name=person.name, is_demo=True, is_staff=operator, is_superuser=operator
            )
        elif not user.is_demo:  # closed by `retire`
            user.is_active = user.is_demo = True
            user.is_staff = user.is_superuser = operator
            user.set_password(person.password)
            user.save()
        if person.role is not None:
            Membership.objects.get_or_create(course=course, user=user, defaults={"role": person.role})
    _schedule(course)


@transaction.atomic
def retire() -> int:
    """Close every demo person's account, so that production starts; what they handed in stays. Returns how many."""
    people = list(User.objects.filter(is_demo=True))
    for person in people:
        person.set_unusable_password()
        person.is_active = person.is_staff = person.is_superuser = person.is_demo = False
        person.save()
    AuthToken.objects.filter(user__in=people).delete()
    return len(people)


def _schedule(course: Course) -> None:
    """Publish what was never published nor given a time: due one after the other from three days on, at 17:00."""
    start = timezone.now().astimezone(course.zone).replace(hour=17, minute=0, second=0, microsecond=0)
    fresh = Activity.objects.filter(course=course, published=False, opens_at=None, due_at=None, closes_at=None)
    for place, activity in enumerate(fresh.order_by("position", "pk")):
        if objection_to_publishing(activity):
            continue
        activity.published = True
        activity.due_at = start + timedelta(days=3 + 2 * place)
        activity.late_percent_per_day = 10
        activity.save(update_fields=["published", "due_at", "late_percent_per_day"])

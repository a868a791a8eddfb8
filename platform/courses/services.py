"""What can be done with a course: joining and enrolling; times are told in `courses.times`. One transaction each."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Lower

from accounts.models import User
from courses.access import require_instructor
from courses.errors import Conflict, DrydockError, NotFound
from courses.models import Course, Membership, Role, Section, new_join_code
from courses.rosters import parse_roster
from courses.signals import sections_changed
from courses.times import (
    clear_section_override,
    grant_extension,
    grant_section_override,
    revoke_extension,
    set_window,
)

__all__ = [
    "RosterOutcome",
    "change_place",
    "clear_section_override",
    "create_course",
    "enrol",
    "grant_extension",
    "grant_section_override",
    "import_roster",
    "join_by_code",
    "place_by_email",
    "remove_member",
    "revoke_extension",
    "rotate_join_code",
    "set_joining",
    "set_window",
]


@transaction.atomic
def create_course(*, by: User, slug: str, title: str, description: str = "", time_zone: str = "UTC") -> Course:
    """Make a course with its maker as instructor."""
    if Course.objects.filter(slug=slug).exists():
        raise Conflict(
            "course_exists",
            f"There is a course “{slug}” already. Choose another short name.",
            fields={"slug": "Taken."},
        )
    course = Course(slug=slug, title=title, description=description, time_zone=time_zone)
    course.full_clean(exclude=["join_code"])
    course.save()
    Membership.objects.create(course=course, user=by, role=Role.INSTRUCTOR)
    return course


@transaction.atomic
def join_by_code(*, user: User, code: str) -> Membership:
    """Join a course as a student, or return to one left before. Joining twice is harmless."""
    course = Course.objects.filter(join_code=code.strip().upper().replace(" ", "").replace("-", "")).first()
    if course is None:
        raise NotFound(
            "no_such_code",
            "No course has this code. Check it with your instructor: it has eight letters and digits.",
        )
    membership = Membership.objects.filter(course=course, user=user).first()
    if membership is not None and membership.active:
        return membership
    if not course.is_open:
        raise Conflict(
            "course_not_open",
            "This course cannot be joined by code any more. Ask your instructor to enrol you.",
        )
    if membership is None:
        return Membership.objects.create(course=course, user=user, role=Role.STUDENT)
    membership.active = True
    membership.save(update_fields=["active"])
    return membership


@transaction.atomic
def enrol(
    *, by: User, course: Course, user: User, role: Role = Role.STUDENT, section: Section | None = None
) -> Membership:
    """Give somebody a place in the course, or change it."""
    require_instructor(by, course)
    if section is not None and section.course_id != course.pk:
        raise DrydockError("section_of_other_course", "This section belongs to another course.")
    _keep_an_instructor(course, user, role=role, active=True)
    membership, _ = Membership.objects.update_or_create(
        course=course, user=user, defaults={"role": role, "section": section, "active": True}
    )
    return membership


@transaction.atomic
def place_by_email(
    *, by: User, course: Course, email: str, name: str = "", role: Role = Role.STUDENT, section: str = ""
) -> Membership:
    """Give whoever has this address a place in the course, or change it; `section` is made where it is new.

    Somebody without an account gets one without a password, as `import_roster` makes them.
    """
    require_instructor(by, course)
    address = email.strip().lower()
    user = User.objects.filter(email__iexact=address).first()
    if user is None:
        user = User(email=address, name=name.strip())
        user.set_unusable_password()
        user.full_clean(exclude=["password"])
        user.save()
    return enrol(by=by, course=course, user=user, role=role, section=_section_named(course, section))


@transaction.atomic
def change_place(*, by: User, course: Course, user: User, role: Role, section: str = "") -> Membership:
    """Change what somebody is in the course and their section, which is made where it is new; bring back who left."""
    require_instructor(by, course)
    return enrol(by=by, course=course, user=user, role=role, section=_section_named(course, section))


def _section_named(course: Course, name: str) -> Section | None:
    return Section.objects.get_or_create(course=course, name=name.strip())[0] if name.strip() else None


@transaction.atomic
def remove_member(*, by: User, course: Course, user: User) -> None:
    """Take somebody out of the course; their work and grades stay."""
    require_instructor(by, course)
    _keep_an_instructor(course, user, role=None, active=False)
    Membership.objects.filter(course=course, user=user).update(active=False)


def _keep_an_instructor(course: Course, user: User, *, role: Role | None, active: bool) -> None:
    if active and role == Role.INSTRUCTOR:
        return
    others = Membership.objects.active().filter(course=course, role=Role.INSTRUCTOR).exclude(user=user)
    is_one = Membership.objects.active().filter(course=course, role=Role.INSTRUCTOR, user=user).exists()
    if is_one and not others.exists():
        raise Conflict("last_instructor", "This is the course's only instructor. Make somebody else instructor first.")


@dataclass(frozen=True, kw_only=True)
class RosterOutcome:
    """What importing a class list did."""

    enrolled: int
    returned: int
    unchanged: int
    accounts_made: int


@transaction.atomic
def import_roster(*, by: User, course: Course, content: bytes) -> RosterOutcome:
    """Enrol a class from CSV (see `courses.rosters`): all of it, or nothing when a line is wrong.

    People without an account get one without a password: they set it by “Forgot your password?”.
    Members who are there already keep their role; their section is updated.
    """
    require_instructor(by, course)
    rows = parse_roster(content)
    emails = [row.email for row in rows]
    users: dict[str, User] = {
        user.email.lower(): user for user in User.objects.alias(lower=Lower("email")).filter(lower__in=emails)
    }
    new_users = []
    for row in rows:
        if row.email not in users:
            user = User(email=row.email, name=row.name)
            user.set_unusable_password()
            new_users.append(user)
    User.objects.bulk_create(new_users)
    users |= {u.email: u for u in new_users}
    sections = {s.name: s for s in course.sections.all()}
    for name in {row.section for row in rows if row.section} - sections.keys():
        sections[name] = Section.objects.create(course=course, name=name)
    members = {m.user_id: m for m in Membership.objects.filter(course=course, user__in=users.values())}
    enrolled, changed, returned, unchanged = [], [], 0, 0
    for row in rows:
        section = sections.get(row.section)
        member = members.get(users[row.email].pk)
        if member is None:
            enrolled.append(Membership(course=course, user=users[row.email], role=row.role, section=section))
            continue
        was_active = member.active
        if was_active and (section is None or member.section_id == section.pk):
            unchanged += 1
            continue
        member.active = True
        member.section = section or member.section
        changed.append(member)
        returned += not was_active
        unchanged += was_active
    Membership.objects.bulk_create(enrolled)
    Membership.objects.bulk_update(changed, ["active", "section"])
    if changed:
        sections_changed.send(sender=Membership, course=course, user_ids=[member.user_id for member in changed])
    return RosterOutcome(enrolled=len(enrolled), returned=returned, unchanged=unchanged, accounts_made=len(new_users))


@transaction.atomic
def rotate_join_code(*, by: User, course: Course) -> str:
    """Give the course a new join code; the old one stops working."""
    require_instructor(by, course)
    course.join_code = new_join_code()
    course.save(update_fields=["join_code"])
    return course.join_code


@transaction.atomic
def set_joining(*, by: User, course: Course, is_open: bool) -> None:
    """Let people join by code, or no longer; who is in the course stays."""
    require_instructor(by, course)
    course.is_open = is_open
    course.save(update_fields=["is_open"])

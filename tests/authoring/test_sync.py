"""Bringing a course in line with its pack."""

from pathlib import Path
from typing import Any

import pytest
from builders import a_course, a_member, a_submission, an_activity, graded
from django.core.management import CommandError, call_command
from small_pack import BANK, COURSE, LAB, QUIZ, a_pack

from accounts.errors import DrydockError
from accounts.models import User
from authoring.demo import PEOPLE, seed
from authoring.packs import load
from authoring.sync import preview, sync
from courses.models import Activity, ActivityKind, Course, Membership
from gradebook.models import Score
from labs.models import Lab
from quizzes.models import Quiz
from quizzes.services import close_attempt, save_answer
from quizzes.starting import start_attempt

pytestmark = pytest.mark.django_db


def test_a_pack_becomes_a_course_with_its_activities_in_order(tmp_path: Path) -> None:
    sync(pack=load(a_pack(tmp_path)))
    course = Course.objects.get(slug="small-course")
    activities = list(Activity.objects.filter(course=course))
    assert [(a.kind, a.slug, a.max_points, a.published) for a in activities] == [
        ("quiz", "start", 2, False),
        ("lab", "hello", 4, False),
    ]
    assert Lab.objects.get().attempts_allowed == 3
    assert course.topics == {"docker.what": "What Docker is", "dockerfile.cmd": "CMD"}


def test_syncing_again_changes_nothing(tmp_path: Path) -> None:
    pack = load(a_pack(tmp_path))
    assert sync(pack=pack)
    assert sync(pack=pack) == []


def test_a_preview_tells_the_changes_and_makes_none(tmp_path: Path) -> None:
    changes = preview(pack=load(a_pack(tmp_path)))
    assert [str(change) for change in changes] == [
        "course small-course: new",
        "2 questions: added: cmd-wins, what-is-docker",
        "quiz start: new, not published yet",
        "lab hello: new, not published yet",
    ]
    assert not Course.objects.exists()


def test_changed_content_gets_a_new_version_and_keeps_the_old(tmp_path: Path) -> None:
    sync(pack=load(a_pack(tmp_path)))
    changed = a_pack(
        tmp_path,
        banks__all_yaml=BANK.replace("The last CMD wins", "Only the last CMD counts"),
        quizzes__start_yaml=QUIZ + "attempts: 2\n",
        labs__hello__lab_yaml=LAB.replace("contains: hello", "contains: hello there"),
    )
    assert [str(change) for change in sync(pack=load(changed))] == [
        "1 question: changed: cmd-wins",
        "quiz start: new version",
        "lab hello: new version",
    ]
    assert [version.number for version in Lab.objects.get().versions.all()] == [2, 1]
    assert Quiz.objects.get().versions.count() == 2


def test_what_the_instructor_set_is_never_touched(tmp_path: Path) -> None:
    pack = load(a_pack(tmp_path))
    sync(pack=pack)
    Activity.objects.update(published=True, late_percent_per_day=15)
    Course.objects.update(time_zone="Europe/Madrid")
    sync(pack=load(a_pack(tmp_path, course_yaml=COURSE.replace("Small course", "Renamed"))))
    assert Course.objects.get().title == "Renamed"
    assert Course.objects.get().time_zone == "Europe/Madrid"
    assert set(Activity.objects.values_list("published", "late_percent_per_day")) == {(True, 15)}


def test_another_rule_for_several_tries_counts_for_those_handed_in_before(
    tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    sync(pack=load(a_pack(tmp_path, quizzes__start_yaml=QUIZ + "attempts: 2\n")), publish_new=True)
    quiz = Quiz.objects.get()
    student = a_member(quiz.activity.course)
    for answer in (True, False):
        attempt = start_attempt(quiz=quiz, student=student)
        save_answer(attempt=attempt, position=2, value=answer, revision=0)
        close_attempt(attempt=attempt)
    assert Score.objects.get().points == 1
    changed = load(a_pack(tmp_path, quizzes__start_yaml=QUIZ + "attempts: 2\nscoring: last\n"))
    with django_capture_on_commit_callbacks(execute=True):
        preview(pack=changed)
    assert Score.objects.get().points == 1
    with django_capture_on_commit_callbacks(execute=True):
        sync(pack=changed)
    assert Score.objects.get().points == 0


def test_a_lab_that_is_worth_more_leaves_everybody_the_share_that_they_earned(
    tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    sync(pack=load(a_pack(tmp_path / "pack")), publish_new=True)
    graded(a_submission(Lab.objects.get()), score=2, max_score=4)
    assert Score.objects.get().points == 2
    doubled = LAB.replace("points: 4", "points: 8").replace("points: 3", "points: 7")
    with django_capture_on_commit_callbacks(execute=True):
        sync(pack=load(a_pack(tmp_path / "pack", labs__hello__lab_yaml=doubled)))
    score = Score.objects.get()
    assert (score.points, score.max_points) == (4, 8)


def test_a_part_goes_on_until_the_next_begins(tmp_path: Path) -> None:
    in_parts = COURSE.replace("  - quiz: start\n", "  - quiz: start\n    part: First steps\n")
    sync(pack=load(a_pack(tmp_path, course_yaml=in_parts)))
    assert set(Activity.objects.values_list("slug", "part")) == {("start", "First steps"), ("hello", "First steps")}
    two = in_parts.replace("  - lab: hello\n", "  - lab: hello\n    part: And a lab\n")
    assert [str(change) for change in sync(pack=load(a_pack(tmp_path, course_yaml=two)))] == ["lab hello: part changed"]
    assert Activity.objects.get(slug="hello").part == "And a lab"


def test_an_activity_that_left_the_pack_stays_and_is_named(tmp_path: Path) -> None:
    pack = load(a_pack(tmp_path))
    sync(pack=pack)
    an_activity(Course.objects.get(), slug="old-lab", title="Old")
    assert [str(change) for change in sync(pack=pack)] == ["lab old-lab: not in the pack any more; it stays as it is"]


def test_a_name_cannot_turn_from_quiz_to_lab(tmp_path: Path) -> None:
    course = a_course(slug="small-course")
    an_activity(course, slug="hello", kind=ActivityKind.QUIZ)
    with pytest.raises(DrydockError) as caught:
        sync(pack=load(a_pack(tmp_path)))
    assert caught.value.code == "activity_kind_changed"
    assert not Lab.objects.exists(), "nothing is left half done"


def test_the_command_names_problems_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = a_pack(tmp_path, labs__hello__lab_yaml=LAB.replace("kind: builds", "kind: bilds"))
    with pytest.raises(CommandError, match="problem") as caught:
        call_command("course", "sync", str(folder), "--yes")
    assert caught.value.returncode == 2
    assert "lab.yaml:6:" in capsys.readouterr().err
    assert not Course.objects.exists()


def test_the_command_publishes_what_is_new_when_asked(tmp_path: Path) -> None:
    call_command("course", "sync", str(a_pack(tmp_path)), "--yes", "--publish-new", verbosity=0)
    assert all(activity.published for activity in Activity.objects.all())


def test_demo_people_are_made_once_and_the_course_gets_times(tmp_path: Path) -> None:
    sync(pack=load(a_pack(tmp_path)))
    course = Course.objects.get()
    for _ in range(2):
        seed(course=course)
    assert User.objects.filter(is_demo=True).count() == len(PEOPLE)
    assert Membership.objects.filter(course=course).count() == 4
    assert all(activity.published and activity.due_at for activity in Activity.objects.all())
    Activity.objects.update(published=False)
    seed(course=course)
    assert not Activity.objects.filter(published=True).exists(), "what the instructor hid stays hidden"


def test_production_makes_no_demo_people(tmp_path: Path, settings: object) -> None:
    sync(pack=load(a_pack(tmp_path)))
    settings.PRODUCTION = True  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="production"):
        call_command("seed_demo", "--course", "small-course")
    assert not User.objects.filter(is_demo=True).exists()


def test_a_course_gets_no_name_that_an_address_has(tmp_path: Path) -> None:
    with pytest.raises(DrydockError, match="reserved: `join`") as refused:
        sync(pack=load(a_pack(tmp_path)), slug="join")
    assert refused.value.code == "course_name_reserved"
    assert not Course.objects.exists()

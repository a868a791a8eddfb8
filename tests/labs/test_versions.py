"""A lab's content as versions."""

import pytest
from builders import a_lab, a_plan, an_activity

from accounts.errors import DrydockError
from courses.models import ActivityKind
from labs.models import Lab, LabVersion, Scoring
from labs.versions import sync_lab

pytestmark = pytest.mark.django_db


def test_the_same_content_again_changes_nothing() -> None:
    activity = an_activity(kind=ActivityKind.LAB)
    lab, made = sync_lab(activity=activity, plan=a_plan(), readme="Do it.", starter={"a": "1", "b": "2"})
    again, made_again = sync_lab(activity=activity, plan=a_plan(), readme="Do it.", starter={"b": "2", "a": "1"})

    assert (made, made_again) == (True, False)
    assert again == lab
    assert LabVersion.objects.count() == 1


def test_each_change_makes_the_next_version_and_old_ones_stay() -> None:
    lab = a_lab()
    first = lab.current_version

    for change in ({"readme": "New words."}, {"starter": {"Dockerfile": "# yours\n"}}, {"plan": a_plan(minutes=5)}):
        content = {"plan": a_plan(), "readme": "", "starter": {}} | change
        lab, made = sync_lab(activity=lab.activity, **content)
        assert made

    assert lab.current_version is not None
    assert lab.current_version.number == 4
    assert first in LabVersion.objects.filter(lab=lab)


def test_content_that_was_there_before_becomes_current_again() -> None:
    lab = a_lab()
    first = lab.current_version
    assert first is not None
    sync_lab(activity=lab.activity, plan=a_plan(minutes=5), readme="", starter={})

    lab, made = sync_lab(activity=lab.activity, plan=a_plan(), readme=first.readme, starter=first.starter)

    assert (lab.current_version, made) == (first, False)


def test_a_stored_plan_reads_back_as_it_was() -> None:
    plan = a_plan(values={"word": "word"}, limits={"build_seconds": 12})
    lab = a_lab(plan=plan)

    assert LabVersion.objects.get(lab=lab).lab_plan == plan


def test_tries_and_scoring_follow_without_a_new_version() -> None:
    lab = a_lab()
    version = lab.current_version
    assert version is not None

    sync_lab(
        activity=lab.activity,
        plan=a_plan(),
        readme=version.readme,
        starter=version.starter,
        attempts_allowed=3,
        scoring=Scoring.LAST,
    )

    lab = Lab.objects.get(pk=lab.pk)
    assert (lab.attempts_allowed, lab.scoring, lab.current_version) == (3, Scoring.LAST, version)


def test_a_quiz_cannot_hold_a_lab() -> None:
    with pytest.raises(DrydockError) as refused:
        sync_lab(activity=an_activity(kind=ActivityKind.QUIZ), plan=a_plan(), readme="", starter={})

    assert refused.value.code == "not_a_lab"

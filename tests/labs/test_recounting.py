"""When a lab's rule for several tries or its points change, what counts follows for what is graded already, once."""

from decimal import Decimal

import pytest
from builders import a_lab, a_submission, graded

from courses.models import Activity
from gradebook.models import GradeEvent, Score
from labs.models import Lab, Scoring, Submission
from labs.recounting import count_anew

pytestmark = pytest.mark.django_db


def a_lab_with_two_tries() -> tuple[Lab, Submission]:
    """A lab worth ten points, and the second of a student's tries: eight points, then four."""
    lab = a_lab()
    first = graded(a_submission(lab), score=8)
    return lab, graded(a_submission(lab, author=first.author), score=4)


def test_the_rule_that_holds_now_counts_for_tries_graded_before() -> None:
    lab, last = a_lab_with_two_tries()
    assert Score.objects.get(user=last.author).points == 8
    Lab.objects.filter(pk=lab.pk).update(scoring=Scoring.LAST)
    assert [count_anew(activity=lab.activity), count_anew(activity=lab.activity)] == [1, 0]
    assert Score.objects.get(user=last.author).points == 4
    told = GradeEvent.objects.filter(user=last.author).order_by("pk").values_list("points", flat=True)
    assert list(told) == [8, 4]


def test_what_was_earned_keeps_its_share_when_the_lab_is_worth_more() -> None:
    lab, last = a_lab_with_two_tries()
    Activity.objects.filter(pk=lab.activity_id).update(max_points=20)
    count_anew(activity=lab.activity)
    score = Score.objects.get(user=last.author)
    assert (score.points, score.max_points) == (Decimal(16), Decimal(20))


def test_what_is_being_graded_counts_when_it_is() -> None:
    lab, last = a_lab_with_two_tries()
    waiting = a_submission(lab, author=last.author)
    Lab.objects.filter(pk=lab.pk).update(scoring=Scoring.LAST)
    count_anew(activity=lab.activity)
    assert Score.objects.get(user=last.author).source_id == last.pk
    waiting.refresh_from_db()
    assert waiting.score is None

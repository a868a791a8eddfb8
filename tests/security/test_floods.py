"""Row 23 of docs/security.md: five hundred tries in a minute are turned away, and keep nobody else waiting."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from builders import a_course, a_lab, a_member
from django.utils import timezone

from accounts.errors import DrydockError
from labs import grading, services
from labs.models import Submission
from labs.states import State
from tests.security.attempts import HONEST, word_plan

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def test_five_hundred_tries_in_a_minute_are_turned_away_and_delay_nobody(warm_engine: str, settings: Any) -> None:
    settings.SANDBOX_ENGINE = warm_engine
    course = a_course()
    labs = [a_lab(course, plan=word_plan()) for _ in range(12)]
    flooder = a_member(course)
    began = timezone.now()
    answers: Counter[str] = Counter()
    refusals = set[tuple[int, str]]()
    for number in range(500):
        try:
            text = f"{HONEST}# {number}\n".encode()
            services.submit(author=flooder, lab=labs[number % len(labs)], files={"Dockerfile": text})
            answers["taken"] += 1
        except DrydockError as refused:
            answers[refused.code] += 1
            refusals.add((refused.status, refused.message[-1]))
    assert timezone.now() - began < timedelta(minutes=1), "they came within a minute"
    assert sum(answers.values()) == 500
    assert answers["taken"] <= 30
    assert refusals == {(429, ".")}, "too many, said in a sentence"
    others = [
        services.submit(author=a_member(course), lab=labs[0], files={"Dockerfile": HONEST.encode()}) for _ in range(2)
    ]
    for _ in range(3):
        assert grading.work(seconds=0.01).taken == 1
    for row in others:
        row.refresh_from_db()
        assert (row.state, row.score) == (State.GRADED, 4), "one of the flood was before it, and no more"
    assert Submission.objects.filter(author=flooder, state=State.GRADED).count() == 1

"""The course's own console labs, played in a browser on a real engine: one to full marks, one to a part of them."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from browser import Opened
from builders import a_member
from django.conf import settings
from playwright.sync_api import expect

from authoring.packs import load
from authoring.sync import sync
from courses.models import Course
from graders.values import draw, fill
from labs.consoles import seed_of
from labs.models import Lab
from tests.e2e import test_console
from tests.e2e.test_console import PASTE, open_console

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.django_db(transaction=True)]

PACK = Path(settings.REPOSITORY) / "packs/containerization-review"
workers = test_console.workers


@dataclass(frozen=True)
class Played:
    """A lab, what is typed in it, and what comes of it."""

    slug: str
    solution: str
    score: str
    failed: tuple[str, ...] = ()


FULL = Played("create-and-start", "reference", "12 of 12")
PARTIAL = Played("freeze-and-kill", "never-woken", "8.5 of 11", ("worker-way",))


@pytest.mark.parametrize("played", [FULL, PARTIAL], ids=["full marks", "a part of them"])
def test_a_student_plays_a_lab_of_the_course(signed_in: Opened, workers: None, played: Played) -> None:
    sync(pack=load(PACK), publish_new=True)
    course = Course.objects.get()
    student = a_member(course)
    lab = Lab.objects.get(activity__slug=played.slug)
    assert lab.current_version is not None
    values = draw(lab.current_version.lab_plan.values, seed=seed_of(lab, student))
    commands = fill((PACK / "labs" / played.slug / "solutions" / played.solution / "commands.txt").read_text(), values)

    page = signed_in(student)
    open_console(page, lab)
    page.locator("#line").focus()
    page.evaluate(PASTE, commands)
    lines = [line for line in commands.splitlines() if line.strip() and not line.startswith("#")]
    expect(page.locator(".con-line.is-done")).to_have_count(len(lines))
    page.get_by_role("button", name="Hand in", exact=True).click()
    page.wait_for_url("**/submissions/*/")
    expect(page.locator(".verdict")).to_contain_text(played.score)
    expect(page.locator(".checks .tone-bad")).to_have_count(len(played.failed))
    for check in played.failed:
        expect(page.locator(f"#check-{check}")).to_contain_text("commands.txt, line")
        expect(page.locator(".source-line.has-finding .finding")).to_contain_text("frozen and woken")

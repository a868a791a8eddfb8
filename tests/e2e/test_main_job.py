"""The main job, whole: in a real browser, a student hands in the capstone's Dockerfile and a real engine grades it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser import Opened
from builders import a_member
from django.conf import settings
from django.db import connection
from playwright.sync_api import expect

from authoring.packs import load
from authoring.sync import sync
from courses.models import Course
from graders.sandbox.docker import DockerSandbox
from labs.grading import grade_claim
from labs.queue import claim_next

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.django_db(transaction=True)]

PACK = Path(settings.REPOSITORY) / "packs/containerization-review"
SOLUTION = PACK / "labs/containerize-api/solutions/loopback/Dockerfile"


@contextmanager
def a_worker(engine_url: str) -> Iterator[None]:
    """A worker in a thread of this process, that takes whatever waits while the block runs."""
    done = threading.Event()

    def work() -> None:
        try:
            while not done.wait(0.1):
                claim = claim_next(worker="browser-test")
                if claim is not None:
                    grade_claim(claim, DockerSandbox(engine_url, name="browser-test"))
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_a_student_hands_in_the_capstone_and_sees_line_by_line_what_a_real_engine_found(
    signed_in: Opened, engine_url: str
) -> None:
    sync(pack=load(PACK), publish_new=True)
    course = Course.objects.get()
    student = a_member(course)
    page = signed_in(student)

    page.goto(f"/courses/{course.slug}/")
    page.get_by_role("link", name="Containerizing an API").last.click()
    page.locator("[role=tabpanel]:visible .cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.type(SOLUTION.read_text())
    with a_worker(engine_url):
        page.get_by_role("button", name="Hand in", exact=True).click()
        page.wait_for_url("**/submissions/*/")
        expect(page.locator(".verdict")).to_be_visible(timeout=120_000)

    expect(page.locator("#check-is-up, .check.tone-bad").first).to_contain_text("127.0.0.1 only")
    finding = page.locator(".source-line.has-finding")
    expect(finding).to_contain_text("CMD")
    expect(finding.locator(".finding")).to_contain_text("127.0.0.1 only")
    expect(page.locator(".layer").first).to_be_visible()
    picture = Path(settings.REPOSITORY) / "var" / "screenshots" / "result.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=picture, full_page=True, clip={"x": 0, "y": 0, "width": 1280, "height": 1100})
    assert picture.stat().st_size > 10_000

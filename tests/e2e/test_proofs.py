"""Proofs in a browser: each way one can end, one under way that is followed, and a quiz that it keeps from students."""

from pathlib import Path
from typing import Any

import pytest
from browser import DESKTOP, PHONE, Opened, scrolls_sideways, serious_faults
from builders import an_instructor_of
from django.conf import settings
from playwright.sync_api import Page, expect

from courses.models import Activity, Course
from quizzes import tasks
from quizzes.proof_models import Proof
from quizzes.proof_services import ask_proof, claim_next
from tests.portal.test_proofs import HOSTILE, PRINTS, VARIED, a_result, kept
from tests.quizzes.building import a_quiz

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SLUGS = ("none", "not-yet", "proven", "varied", "contradicted", "not-run", "waiting", "running")
LONG_LINE = "sha256:" + "0123456789abcdef" * 12
SEEN = f"{HOSTILE} مرحبا {LONG_LINE}"


@pytest.fixture(autouse=True)
def _nobody_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "call_provers", lambda _times=1: None)


def a_question(slug: str) -> dict[str, Any]:
    """A question of its own for each state; one without a proof, one that varies."""
    if slug == "varied":
        return {**VARIED, "id": slug}
    made = {**PRINTS, "id": slug, "text": f"What does it print? ({slug})"}
    if slug == "none":
        del made["proof"]
    return made


def every_proof() -> Course:
    """A course whose questions have a proof in every state, with output that is long, foreign and hostile."""
    quiz = a_quiz(questions=[a_question(slug) for slug in SLUGS])
    course = quiz.activity.course
    kept(course, a_question("proven"), a_result(text=SEEN))
    kept(course, a_question("varied"), *(a_result(seed=seed) for seed in range(20)))
    why = f"The key says hi, and the engine showed {SEEN}."
    kept(course, a_question("contradicted"), a_result("contradicted", text=SEEN, why=why))
    kept(course, a_question("not-run"), a_result("not_run", text="", terminal=[], why=f"No image {LONG_LINE} here."))
    return course


def have_under_way(course: Course) -> None:
    """One proof on an engine, and one that waits for it."""
    by = an_instructor_of(course)
    ask_proof(by=by, question=course.questions.get(slug="running"))
    assert claim_next(worker="one") is not None
    ask_proof(by=by, question=course.questions.get(slug="waiting"))


def address(course: Course, slug: str, page: str = "proof/") -> str:
    return f"/teach/{course.slug}/questions/{slug}/{page}"


def looked_at(page: Page, course: Course) -> dict[str, list[str]]:
    """What is wrong with each page, with every fold open."""
    faults: dict[str, list[str]] = {}
    for slug in SLUGS:
        for kind in ("proof/", ""):
            answer = page.goto(address(course, slug, kind))
            assert answer is not None
            assert answer.status == 200, slug
            page.evaluate("document.querySelectorAll('main details').forEach(fold => { fold.open = true })")
            wrong = serious_faults(page) + (["scrolls sideways"] if scrolls_sideways(page) else [])
            if wrong:
                faults[f"{slug} {kind}"] = wrong
            if kind:
                size = page.viewport_size
                assert size is not None
                page.screenshot(path=_folder() / f"proof-{slug}-{size['width']}.png", full_page=True)
    return faults


def _folder() -> Path:
    folder = Path(settings.REPOSITORY) / "var" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (PHONE, True)], ids=["wide light", "phone dark"])
def test_axe_finds_nothing_serious_and_nothing_scrolls_sideways(
    signed_in: Opened, size: tuple[int, int], dark: bool
) -> None:
    course = every_proof()
    have_under_way(course)
    assert looked_at(signed_in(an_instructor_of(course), size=size, dark=dark), course) == {}


def test_a_contradiction_shows_both_values_the_engine_and_what_the_terminal_showed(signed_in: Opened) -> None:
    course = every_proof()
    page = signed_in(an_instructor_of(course))
    page.goto(address(course, "contradicted"))
    panel = page.locator("#proof")
    expect(panel.get_by_text("Contradicted").first).to_be_visible()
    expect(panel.locator("div", has=page.get_by_text("The key says", exact=True)).last).to_contain_text("hi")
    expect(panel.locator("div", has=page.get_by_text("The engine showed", exact=True)).last).to_contain_text(SEEN)
    expect(panel.get_by_text("Docker 20.10.24")).to_be_visible()
    expect(panel.get_by_text("docker run --rm image")).to_be_visible()
    expect(panel.locator("time").first).to_be_visible()


def test_a_proof_is_started_by_keyboard_and_followed_to_its_end_without_loading_the_page(signed_in: Opened) -> None:
    course = every_proof()
    page = signed_in(an_instructor_of(course))
    page.goto(address(course, "not-yet"))
    page.get_by_role("button", name="Prove it").focus()
    page.keyboard.press("Enter")
    panel = page.locator("#proof")
    expect(panel.get_by_text("Waiting for an engine")).to_be_visible()
    page.evaluate("window.stayed = true")
    assert claim_next(worker="one") is not None
    expect(panel.get_by_text("On an engine: 0 of 1 variant")).to_be_visible()
    Proof.objects.filter(worker="one").delete()
    kept(course, a_question("not-yet"), a_result())
    expect(panel.get_by_text("An engine showed what the key says")).to_be_visible()
    expect(panel.get_by_role("button", name="Prove it again")).to_be_visible()
    assert page.evaluate("window.stayed") is True


def test_a_quiz_that_lists_a_contradicted_question_is_not_published_and_the_page_says_why(signed_in: Opened) -> None:
    course = every_proof()
    Activity.objects.filter(course=course).update(published=False)
    activity = Activity.objects.get(course=course)
    page = signed_in(an_instructor_of(course), size=PHONE)
    page.goto(f"/teach/{course.slug}/activities/{activity.slug}/")
    page.locator("#id_published").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("An engine contradicts the key of 1 question.")
    assert serious_faults(page) == []
    assert not scrolls_sideways(page)
    page.screenshot(path=_folder() / "proof-publishing-refused-390.png", full_page=True)
    activity.refresh_from_db()
    assert not activity.published
    page.get_by_role("link", name="See the questions that an engine contradicts").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="contradicted", exact=True).click()
    expect(page.locator("#proof").get_by_text("Contradicted").first).to_be_visible()

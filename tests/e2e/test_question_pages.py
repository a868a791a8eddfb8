"""The banks in a browser: every kind of question beside its key, accessible, and narrow enough for a telephone."""

from pathlib import Path
from typing import Any

import pytest
from browser import DESKTOP, PHONE, Opened, scrolls_sideways, serious_faults
from builders import a_course, an_instructor_of
from django.conf import settings
from playwright.sync_api import expect

from courses.models import Course
from quizzes.services import sync_questions
from quizzes.types import REGISTRY
from tests.portal.test_question_pages import DOUBLE, HOSTILE
from tests.quizzes.building import questions_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RTL: dict[str, Any] = {
    "id": "rtl",
    "kind": "single_choice",
    "topics": ["cmd.run"],
    "tags": ["one", "two"],
    "text": "ما الذي يطبعه هذا الأمر؟ `docker run {image} echo {word}`",
    "options": ["{word}", {"text": "لا شيء", "feedback": "يطبع الأمر كلمة."}],
    "answer": "{word}",
    "values": {"word": "sentence", "image": {"kind": "choice", "of": ["busybox", "x" * 150]}},
}


def a_bank_of_every_kind() -> Course:
    """A course with a question of each kind, hostile and varying ones among them."""
    course = a_course(title="Containers " + "and more " * 12, topics={"cmd.run": "docker run"})
    kinds = [REGISTRY.get(kind).samples()[0].spec | {"id": kind.replace("_", "-")} for kind in REGISTRY]
    sync_questions(course=course, questions=questions_of(*kinds, DOUBLE, HOSTILE, RTL))
    return course


def addresses(course: Course) -> dict[str, str]:
    """Every page by its name."""
    bank = f"/teach/{course.slug}/questions/"
    slugs = [kind.replace("_", "-") for kind in REGISTRY]
    return {
        "bank": bank,
        "bank-none": f"{bank}?q=nothing",
        "hostile": f"{bank}{HOSTILE['id']}/",
        "rtl": f"{bank}rtl/?seed=4",
        "variants": f"{bank}rtl/variants/?seed=3",
        "repeated": f"{bank}double/variants/",
        **{slug: f"{bank}{slug}/" for slug in slugs},
    }


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (PHONE, True)], ids=["wide light", "phone dark"])
def test_axe_finds_nothing_serious_and_nothing_scrolls_sideways(
    signed_in: Opened, size: tuple[int, int], dark: bool
) -> None:
    folder = Path(settings.REPOSITORY) / "var" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    course = a_bank_of_every_kind()
    page = signed_in(an_instructor_of(course), size=size, dark=dark)
    faults, wide = {}, []
    for name, address in addresses(course).items():
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, name
        if scrolls_sideways(page):
            wide.append(name)
        if found := serious_faults(page):
            faults[name] = found
        page.screenshot(path=folder / f"bank-{name}-{'phone' if size == PHONE else 'wide'}.png", full_page=True)
    assert faults == {}
    assert wide == []


def test_a_variant_is_found_by_seed_and_an_answer_tried_by_keyboard(signed_in: Opened) -> None:
    course = a_bank_of_every_kind()
    page = signed_in(an_instructor_of(course))
    page.goto(f"/teach/{course.slug}/questions/")
    page.get_by_label("Words").fill("twice")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="double", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Seed").fill("12")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Variant with seed 12")).to_be_visible()
    question = REGISTRY.question(DOUBLE).variant(12)
    expect(page.get_by_text(question.text).first).to_be_visible()
    page.get_by_label("Type a number").first.fill(question.key().literals[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What this answer earns")).to_be_visible()
    expect(page.get_by_text("Correct", exact=True)).to_be_visible()

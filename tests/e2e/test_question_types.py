"""Every kind of question in a browser: with scripts and without, by keyboard alone, narrow, and with hostile texts."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from browser import PHONE, Opened, scrolls_sideways, serious_faults
from builders import a_course, a_member
from playwright.sync_api import Locator, Page, expect

from quizzes.closing import close_attempt
from quizzes.models import Attempt, Quiz
from quizzes.saving import save_answer
from quizzes.showing import ask
from quizzes.starting import start_attempt
from quizzes.types import REGISTRY
from quizzes.types.base import QuestionType, Sample, Value
from quizzes.types.parts import id_of
from tests.quizzes.building import a_quiz
from tests.quizzes.hostile import HOSTILE, hostile, something_given

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KINDS = list(REGISTRY)
DRAWN_BY_SCRIPTS = {"ordering", "categorise"}


def best_sample(kind: str) -> Sample:
    """The kind's sample that earns most."""
    accepted = [sample for sample in REGISTRY.get(kind).samples() if not sample.refused]
    return max(accepted, key=lambda sample: sample.fraction or Fraction(0))


def spec_of(kind: str) -> dict[str, Any]:
    return best_sample(kind).spec | {"id": kind.replace("_", "-"), "explanation": f"explanation-of-{kind}"}


def a_try(*specs: dict[str, Any], **settings: Any) -> Attempt:
    """A try at a quiz of these questions, in this order, on one page."""
    settings = {"shuffle_questions": False, "questions_per_page": 20, "attempts": 1} | settings
    settings.setdefault("release", {"keys": "after_attempt"})
    quiz: Quiz = a_quiz(a_course(), questions=list(specs), **settings)
    return start_attempt(quiz=quiz, student=a_member(quiz.activity.course))


def a_try_at_every_kind(**settings: Any) -> Attempt:
    return a_try(*map(spec_of, KINDS), **settings)


def card_of(page: Page, position: int) -> Locator:
    return page.locator(f"#question-{position}")


def value_at(attempt: Attempt, position: int) -> Any:
    return attempt.questions.get(position=position).value


def fill(card: Locator, question: QuestionType, value: Value) -> None:
    """Answer by the form's own controls, as somebody with a pointer and without scripts does."""
    shown = ask(question, position=1, option_order=(), max_points=Decimal(1), value=value)
    if shown.options:
        for option in shown.options:
            if option.chosen:
                card.locator(f"input[name^='answer@'][value='{option.id}']").check()
    elif shown.parts:
        for part in shown.parts:
            control = card.locator(f"[name^='answer-{part.id}@']")
            if part.value and part.choices:
                control.select_option(part.value)
            elif part.value:
                control.fill(part.value)
    else:
        card.locator("[name^='answer@']").fill(str(value))


def order_by_buttons(card: Locator, value: list[str]) -> None:
    """Move items up until the list stands as it should."""
    for place, item in enumerate(value):
        ids = card.locator("select").evaluate_all("all => all.map(one => one.name.replace(/^answer-|@.*$/g, ''))")
        for _ in range(ids.index(item) - place):
            card.locator(f"li:has(select[name^='answer-{item}@']) .order-move.is-up").click()


def place_by_clicks(card: Locator, question: QuestionType, value: dict[str, str]) -> None:
    """Pick each item and put it into its group."""
    for part in question.public().parts:
        group = next((choice.text for choice in part.choices if choice.id == value.get(part.id)), None)
        if group is not None:
            label = card.locator(f"[for$='-{part.id}']").evaluate("one => one.textContent.trim()")
            card.locator(".chip-item").get_by_text(label, exact=True).or_(
                card.locator(".chip-item", has_text=label)
            ).first.click()
            card.get_by_role("group", name=group, exact=True).get_by_role("button", name="Put here").click()


def upload(card: Locator) -> None:
    card.locator("input[type=file]").set_input_files(
        {"name": "compose.yaml", "mimeType": "text/yaml", "buffer": b"services:\n"}
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_answered_with_scripts_and_survives_a_reload(signed_in: Opened, kind: str) -> None:
    attempt = a_try(spec_of(kind))
    question = REGISTRY.question(spec_of(kind))
    value = question.parse(best_sample(kind).raw)
    assert value is not None
    page = signed_in(attempt.student)
    page.goto(f"/attempts/{attempt.pk}/")
    card = card_of(page, 1)
    if kind == "file_upload":
        upload(card)
    elif kind == "ordering":
        order_by_buttons(card, value)  # type: ignore[arg-type]
    elif kind == "categorise":
        place_by_clicks(card, question, value)  # type: ignore[arg-type]
    else:
        fill(card, question, value)
    expect(page.locator("[data-progress]")).to_have_text("1 of 1 answered")
    expect(page.locator("#save-state")).to_have_text("Saved")
    saved = value_at(attempt, 1)
    assert list(saved) == ["compose.yaml"] if kind == "file_upload" else saved == value

    page.reload()
    again = ask(question, position=1, option_order=(), max_points=Decimal(1), value=saved)
    for part in again.parts:
        if part.value:
            expect(card.locator(f"[name^='answer-{part.id}@']")).to_have_value(part.value)
    for option in again.options:
        expect(card.locator(f"input[name^='answer@'][value='{option.id}']")).to_be_checked(checked=option.chosen)
    close_attempt(attempt=attempt)
    page.goto(f"/attempts/{attempt.pk}/review/")
    expect(card).to_contain_text(f"explanation-of-{kind}")


def test_every_kind_is_answered_without_scripts_and_saved_by_one_button(signed_in: Opened) -> None:
    attempt = a_try_at_every_kind()
    page = signed_in(attempt.student, scripts=False)
    page.goto(f"/attempts/{attempt.pk}/")
    wanted = {}
    for position, kind in enumerate(KINDS, 1):
        question = REGISTRY.question(spec_of(kind))
        value = question.parse(best_sample(kind).raw)
        if kind != "file_upload" and value is not None:
            fill(card_of(page, position), question, value)
            wanted[kind] = value
    page.get_by_role("button", name="Save this page").first.click()
    expect(page.locator("[data-progress]")).to_have_text(f"{len(wanted)} of {len(KINDS)} answered")
    upload(card_of(page, KINDS.index("file_upload") + 1))
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("[data-progress]")).to_have_text(f"{len(KINDS)} of {len(KINDS)} answered")
    saved = {kind: value_at(attempt, position) for position, kind in enumerate(KINDS, 1)}
    assert list(saved.pop("file_upload")) == ["compose.yaml"]
    assert saved == wanted


def tab_to(page: Page, target: str) -> None:
    """Press Tab until the element that matches has the focus."""
    for _ in range(60):
        if page.evaluate("(target) => !!document.activeElement?.matches(target)", target):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab never came to {target}")


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_answered_by_keyboard_alone(signed_in: Opened, kind: str) -> None:
    attempt = a_try(spec_of(kind))
    page = signed_in(attempt.student)
    page.goto(f"/attempts/{attempt.pk}/")
    answer = "#question-1 .answer"
    if kind == "ordering":
        tab_to(page, f"{answer} .order-move.is-down")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.matches('.order-move.is-down')")
    elif kind == "categorise":
        tab_to(page, f"{answer} .chip-item")
        page.keyboard.press("Enter")
        tab_to(page, f"{answer} .zone-put")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.matches('.zone-pool .chip-item')")
    elif kind == "file_upload":
        tab_to(page, f"{answer} input[type=file]")
        # The dialog that the browser opens then is its own, and takes keys.
        page.locator(":focus").set_input_files({"name": "c.yaml", "mimeType": "text/yaml", "buffer": b"a"})
    else:
        tab_to(page, f"{answer} :is(input:not([type=hidden]), select, textarea)")
        focused = page.evaluate("[document.activeElement.tagName, document.activeElement.type]")
        if focused[0] == "SELECT":
            page.keyboard.press("ArrowDown")
        elif focused[1] in {"radio", "checkbox"}:
            page.keyboard.press("Space")
        else:
            page.keyboard.type("8")
    expect(page.locator("[data-progress]")).to_have_text("1 of 1 answered")
    expect(page.locator("#save-state")).to_have_text("Saved")
    assert value_at(attempt, 1) is not None


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_kind_has_serious_faults_or_scrolls_sideways_on_a_telephone(signed_in: Opened, dark: bool) -> None:
    attempt = a_try_at_every_kind()
    page = signed_in(attempt.student, size=PHONE, dark=dark)
    page.goto(f"/attempts/{attempt.pk}/")
    expect(page.locator(".board")).to_be_visible()
    assert serious_faults(page) == []
    assert not scrolls_sideways(page)
    for position, kind in enumerate(KINDS, 1):
        if kind != "file_upload":
            save_answer(attempt=attempt, position=position, value=best_sample(kind).raw, revision=0)
    page.reload()
    page.locator(".chip-item").first.click()
    assert serious_faults(page) == []
    assert not scrolls_sideways(page)
    close_attempt(attempt=attempt)
    page.goto(f"/attempts/{attempt.pk}/review/")
    expect(page.locator("[data-outcome]").first).to_be_visible()
    assert serious_faults(page) == []
    assert not scrolls_sideways(page)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_hostile_texts_and_answers_of_every_kind_lie_still(signed_in: Opened, scripts: bool) -> None:
    questions = {kind: hostile(spec_of(kind) | {"id": kind.replace("_", "-")}) for kind in KINDS}
    attempt = a_try(*(question.model_dump(mode="json") for question in questions.values()))
    page = signed_in(attempt.student, scripts=scripts)
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
    for position, (kind, question) in enumerate(questions.items(), 1):
        if kind != "file_upload":
            save_answer(attempt=attempt, position=position, value=something_given(question), revision=0)
    for address in (f"/attempts/{attempt.pk}/", f"/attempts/{attempt.pk}/review/"):
        page.goto(address)
        assert page.locator(".question").count() == len(KINDS)
        assert HOSTILE[:20] in page.locator(".questions").inner_text()
        assert page.locator(":is(.question :is(img, script, b), [onerror], [href^=javascript])").count() == 0
        close_attempt(attempt=attempt)


def order_of(card: Locator) -> list[str]:
    return card.locator(".part-item").all_inner_texts()


ORDER = {
    "id": "order",
    "kind": "ordering",
    "topics": ["docker.cli"],
    "text": "Which?",
    "items": ["one", "two", "three", "four"],
}
GROUPS = {
    "id": "groups",
    "kind": "categorise",
    "topics": ["docker.cli"],
    "text": "Which?",
    "groups": ["odd", "even"],
    "items": [{"text": "one", "group": "odd"}, {"text": "two", "group": "even"}, {"text": "three", "group": "odd"}],
}


def middle(locator: Locator) -> tuple[float, float]:
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_items_are_dragged_into_order_and_a_drag_is_taken_back(signed_in: Opened) -> None:
    attempt = a_try(ORDER)
    page = signed_in(attempt.student)
    page.goto(f"/attempts/{attempt.pk}/")
    card = card_of(page, 1)
    before = order_of(card)
    x, y = middle(card.locator(".order-grip").first)
    _, last = middle(card.locator(".order-grip").last)
    for ending in ("Escape", "drop"):
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x, y + 30, steps=3)
        page.mouse.move(x, last + 10, steps=10)
        assert order_of(card) == [*before[1:], before[0]]
        if ending == "Escape":
            page.keyboard.press("Escape")
            page.mouse.up()
            assert order_of(card) == before
            assert value_at(attempt, 1) is None
        else:
            page.mouse.up()
    expect(page.locator("#save-state")).to_have_text("Saved")
    assert value_at(attempt, 1) == [id_of(text) for text in [*before[1:], before[0]]]
    expect(card.locator("fieldset > [role=status]")).to_have_text(f"{before[0]}: place 4 of 4.")


def test_items_are_dragged_into_groups_and_out_again(signed_in: Opened) -> None:
    attempt = a_try(GROUPS)
    page = signed_in(attempt.student)
    page.goto(f"/attempts/{attempt.pk}/")
    card = card_of(page, 1)
    pool = card.locator(".zone-pool")
    for zone, saved in ((card.get_by_role("group", name="odd"), {id_of("one"): id_of("odd")}), (pool, None)):
        page.mouse.move(*middle(card.locator(".chip-item", has_text="one")))
        page.mouse.down()
        page.mouse.move(*middle(zone), steps=8)
        page.mouse.up()
        expect(zone.get_by_role("button", name="one")).to_be_visible()
        expect(page.locator("[data-progress]")).to_have_text(f"{1 if saved else 0} of 1 answered")
        assert value_at(attempt, 1) == saved


def test_an_answer_that_comes_from_elsewhere_is_shown_at_once(signed_in: Opened) -> None:
    attempt = a_try(ORDER, GROUPS)
    first = signed_in(attempt.student)
    first.goto(f"/attempts/{attempt.pk}/")
    order = [id_of(text) for text in ("four", "two", "one", "three")]
    save_answer(attempt=attempt, position=1, value=order, revision=0)
    save_answer(attempt=attempt, position=2, value={id_of("two"): id_of("even")}, revision=0)
    card_of(first, 1).locator(".order-move.is-down").first.click()
    card_of(first, 1).get_by_role("button", name="Take the other answer").click()
    expect(card_of(first, 1).locator(".part-item")).to_have_text(["four", "two", "one", "three"])
    card_of(first, 2).locator(".chip-item", has_text="three").click()
    card_of(first, 2).get_by_role("button", name="Put here: three, odd").click()
    card_of(first, 2).get_by_role("button", name="Take the other answer").click()
    expect(card_of(first, 2).get_by_role("group", name="even").locator(".chip-item")).to_have_text(["two"])
    expect(card_of(first, 2).locator(".zone-pool .chip-item")).to_have_count(2)
    assert value_at(attempt, 1) == order


def test_places_that_are_no_order_are_refused_without_scripts_and_stay(signed_in: Opened) -> None:
    attempt = a_try(ORDER)
    page = signed_in(attempt.student, scripts=False)
    page.goto(f"/attempts/{attempt.pk}/")
    card = card_of(page, 1)
    card.get_by_label("one").select_option("1")
    card.get_by_label("two").select_option("1")
    page.get_by_role("button", name="Save this page").first.click()
    expect(card).to_contain_text("Place 1 is given twice")
    expect(card.get_by_label("one")).to_have_value("1")
    expect(card.get_by_label("two")).to_have_value("1")
    expect(card.get_by_label("three")).to_have_value("")

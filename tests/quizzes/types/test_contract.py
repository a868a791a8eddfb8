"""Every question type keeps the same promises; its own samples are the cases."""

import json
import random
from dataclasses import asdict
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.template.loader import render_to_string

from quizzes.rendering import inline, literal
from quizzes.showing import ask, review_of
from quizzes.types import REGISTRY
from quizzes.types.base import FormValues, MalformedAnswer, QuestionType, Sample
from tests.quizzes.forms import SubmittedForm, Tags
from tests.quizzes.hostile import HOSTILE, hostile, something_given

ANYTHING: list[Any] = [
    None, "", [], {}, {"a": 1}, [[]], [None], 3.5, True, "\x00", "x" * 10_000, ["x"] * 1000, 10**40, "\ud800"
]  # fmt: skip

CASES = [
    pytest.param(kind, sample, id=f"{kind}: {sample.name}")
    for kind in REGISTRY
    for sample in REGISTRY.get(kind).samples()
]
ACCEPTED = [case for case in CASES if not case.values[1].refused]
REFUSED = [case for case in CASES if case.values[1].refused]


def the_question(kind: str, sample: Sample) -> QuestionType:
    return REGISTRY.get(kind).model_validate(sample.spec)


@pytest.mark.parametrize(("kind", "sample"), ACCEPTED)
def test_an_answer_earns_the_share_its_sample_names(kind: str, sample: Sample) -> None:
    question = the_question(kind, sample)
    value = question.parse(sample.raw)
    assert value is not None
    assert question.score(value).fraction == sample.fraction


@pytest.mark.parametrize(("kind", "sample"), REFUSED)
def test_a_malformed_answer_is_refused_with_its_code(kind: str, sample: Sample) -> None:
    with pytest.raises(MalformedAnswer) as refused:
        the_question(kind, sample).parse(sample.raw)
    assert refused.value.code == sample.refused
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize(
    "raw", [None, "", [], {}, {"a": 1}, [[]], [None], 3.5, True, "\x00", "x" * 10_000, ["x"] * 1000, 10**40, "\ud800"]
)
@pytest.mark.parametrize("kind", list(REGISTRY))
def test_whatever_is_sent_is_read_or_refused_and_fits_the_database(kind: str, raw: Any) -> None:
    for sample in REGISTRY.get(kind).samples():
        question = the_question(kind, sample)
        try:
            value = question.parse(raw)
        except MalformedAnswer:
            continue
        text = json.dumps(value, ensure_ascii=False)
        text.encode("utf-8")
        assert "\\u0000" not in text
        assert 0 <= question.score_or_nothing(value).fraction <= 1


@pytest.mark.parametrize("kind", list(REGISTRY))
@pytest.mark.parametrize("nothing", [None, "", []])
def test_no_answer_is_no_answer_and_earns_nothing(kind: str, nothing: Any) -> None:
    question = the_question(kind, REGISTRY.get(kind).samples()[0])
    assert question.parse(nothing) is None
    assert question.parse_form([]) is None
    assert question.score_or_nothing(None).fraction == 0


@pytest.mark.parametrize(("kind", "sample"), ACCEPTED)
def test_a_stored_answer_reads_as_itself(kind: str, sample: Sample) -> None:
    question = the_question(kind, sample)
    value = question.parse(sample.raw)
    stored = json.loads(json.dumps(value))
    assert stored == value
    assert question.parse(stored) == value


@pytest.mark.parametrize(("kind", "sample"), CASES)
def test_a_stored_question_reads_as_itself(kind: str, sample: Sample) -> None:
    question = the_question(kind, sample)
    stored = json.loads(json.dumps(question.model_dump(mode="json")))
    assert REGISTRY.question(stored) == question


@pytest.mark.parametrize("kind", list(REGISTRY))
def test_each_type_shows_right_wrong_and_malformed_samples(kind: str) -> None:
    samples = REGISTRY.get(kind).samples()
    # What a person marks earns nothing before.
    shares = {Fraction(0)} if REGISTRY.get(kind).needs_person else {Fraction(0), Fraction(1)}
    assert shares <= {sample.fraction for sample in samples}
    assert any(sample.refused for sample in samples)
    assert len({sample.name for sample in samples}) == len(samples)


def as_form(question: QuestionType, raw: Any) -> FormValues:
    """What a form would send for it."""
    if question.takes_parts:
        return FormValues(parts=dict(question.part_values(question.parse(raw))))
    if isinstance(raw, list):
        return FormValues(raw)
    return FormValues([str(raw).lower() if isinstance(raw, bool) else str(raw)])


@pytest.mark.parametrize(("kind", "sample"), ACCEPTED)
def test_the_order_of_options_and_parts_changes_no_score(kind: str, sample: Sample) -> None:
    question = the_question(kind, sample)
    orders = [question.draw_order(random.Random(seed), shuffle=True) for seed in range(20)]
    shown = [question.public(order) for order in orders]
    assert {frozenset(option.id for option in one.options) for one in shown} == {
        frozenset(option.id for option in shown[0].options)
    }
    assert {frozenset(part.id for part in one.parts) for one in shown} == {
        frozenset(part.id for part in shown[0].parts)
    }
    assert question.score_or_nothing(question.parse_form(as_form(question, sample.raw))).fraction == sample.fraction


@pytest.mark.parametrize(("kind", "sample"), CASES)
def test_a_drawn_order_is_shown_the_same_each_time(kind: str, sample: Sample) -> None:
    question = the_question(kind, sample)
    for shuffle in (True, False):
        order = question.draw_order(random.Random(7), shuffle=shuffle)
        stored = json.loads(json.dumps(order))
        assert REGISTRY.question(json.loads(question.model_dump_json())).public(stored) == question.public(order)


@pytest.mark.parametrize(("kind", "sample"), CASES)
def test_what_a_student_sees_holds_neither_key_nor_name_nor_topics(kind: str, sample: Sample) -> None:
    secret = {
        "id": "name-tells-the-answer",
        "topics": ["secret.topic"],
        "explanation": "secret-explanation",
    }
    public = REGISTRY.get(kind).model_validate(sample.spec | secret).public()
    text = json.dumps(asdict(public), default=str)
    assert not set(asdict(public)) & {"answer", "feedback", "explanation", "id", "topics", "wrong", "within"}
    for hidden in ("name-tells", "secret", *_feedback_in(sample.spec)):
        assert hidden not in text


def _feedback_in(spec: Any) -> list[str]:
    if isinstance(spec, dict):
        own = [spec["feedback"]] if spec.get("feedback") else []
        return own + [found for value in spec.values() for found in _feedback_in(value)]
    if isinstance(spec, list):
        return [found for value in spec for found in _feedback_in(value)]
    return []


def the_parts(kind: str, sample: Sample, mode: str, **fields: Any) -> str:
    """The answering part of a page, as HTML."""
    question = the_question(kind, sample)
    value = None if sample.refused else question.parse(sample.raw)
    given = {"position": 3, "option_order": [], "max_points": Decimal(4), "value": value}
    shown = (
        ask(question, **given)
        if mode == "answer"
        else review_of(question, **given, points=question.score_or_nothing(value).points_of(Decimal(4)), **fields)
    )
    return render_to_string(shown.template, {"question": shown, "value": shown.value, "mode": mode})


@pytest.mark.parametrize(("kind", "sample"), ACCEPTED)
def test_the_form_sends_the_answer_that_it_shows(kind: str, sample: Sample) -> None:
    question = the_question(kind, sample)
    sent = SubmittedForm(the_parts(kind, sample, "answer")).answer()
    assert question.parse_form(sent) == question.parse(sample.raw)


@pytest.mark.parametrize("kind", list(REGISTRY))
def test_an_untouched_form_sends_no_answer(kind: str) -> None:
    empty = Sample(name="", spec=REGISTRY.get(kind).samples()[0].spec, raw=None)
    assert the_question(kind, empty).parse_form(SubmittedForm(the_parts(kind, empty, "answer")).answer()) is None


@pytest.mark.parametrize(("kind", "sample"), CASES)
@pytest.mark.parametrize("mode", ["answer", "review"])
def test_markup_in_texts_and_answers_shows_as_text(kind: str, sample: Sample, mode: str) -> None:
    question = hostile(sample.spec)
    assert HOSTILE in question.text
    value = something_given(question)
    given = {"position": 1, "option_order": [], "max_points": Decimal(1), "value": value}
    shown = (
        ask(question, **given)
        if mode == "answer"
        else review_of(question, **given, points=Decimal(0), with_scores=True, with_keys=True)
    )
    html = render_to_string(shown.template, {"question": shown, "value": shown.value, "mode": mode})
    passage = "".join([*(part.html for part in shown.parts), shown.tail])
    for text in (html, shown.html, *(option.html for option in shown.options), passage):
        tags = Tags(text).seen
        assert not {tag for tag, _ in tags} & {"script", "img", "b", "i", "svg", "iframe", "style", "object", "form"}
        assert not [name for _, attributes in tags for name in attributes if name.startswith("on") or name == "style"]
        assert not [a for _, a in tags for name in ("href", "src") if "javascript" in (a.get(name) or "")]


@pytest.mark.parametrize("kind", list(REGISTRY))
def test_who_answered_nothing_is_told_what_was_right_once_keys_are(kind: str) -> None:
    empty = Sample(name="", spec=REGISTRY.get(kind).samples()[0].spec, raw=None)
    question = the_question(kind, empty)
    html = the_parts(kind, empty, "review", with_scores=True, with_keys=True)
    if question.needs_person:
        assert not question.key().options
    else:
        assert "right" in html.lower()
    assert html.count("Right answer</span>") == len(question.key().options)


@pytest.mark.parametrize(("kind", "sample"), CASES)
def test_the_review_shows_keys_only_with_keys(kind: str, sample: Sample) -> None:
    secrets = {"explanation": "because-of-this"}
    sample = Sample(name=sample.name, spec=sample.spec | secrets, raw=sample.raw, refused=sample.refused)
    closed = the_parts(kind, sample, "review", with_scores=True, with_keys=False)
    opened = the_parts(kind, sample, "review", with_scores=True, with_keys=True)
    assert "because-of-this" not in closed
    assert "data-outcome" not in closed
    assert "Right answer" not in closed
    assert not [feedback for feedback in _feedback_in(sample.spec) if feedback in closed]
    assert "because-of-this" in opened
    question = the_question(kind, sample)
    key = question.key()
    judged = question.score_or_nothing(None if sample.refused else question.parse(sample.raw))
    marks = [judged.options[part.id] for part in question.public().parts]
    assert {mark.outcome for mark in marks} <= {"right", "wrong", "missed"}
    assert not [mark for mark in marks if mark.feedback and inline(mark.feedback) not in opened]
    told = [text in opened for text in (*map(inline, key.texts), *map(literal, key.literals))]
    by_part = [inline(mark.right) in opened for mark in marks if mark.outcome != "right"]
    assert all(told) or (marks and all(by_part))


@pytest.mark.parametrize(("kind", "sample"), CASES)
def test_the_answering_part_has_a_label_for_each_control_and_no_script(kind: str, sample: Sample) -> None:
    html = the_parts(kind, sample, "answer")
    question = the_question(kind, sample)
    tags = Tags(html).seen
    labelled = {attributes.get("for") for tag, attributes in tags if tag == "label"}
    ids = [attributes["id"] for _, attributes in tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    names = {f"answer-{part.id}" for part in question.public().parts} if question.takes_parts else {"answer"}
    for tag, attributes in tags:
        assert tag != "script"
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        if tag in {"input", "select", "textarea"} and attributes.get("type") != "hidden":
            assert attributes["id"] in labelled
            assert (attributes["id"] or "").startswith("question-3")
            assert attributes["name"] in names or attributes.get("type") == "file"


@pytest.mark.parametrize(("kind", "sample"), CASES)
def test_the_answering_part_is_the_same_whatever_is_told_to_the_teacher_alone(kind: str, sample: Sample) -> None:
    changed = {
        "id": "another-name",
        "topics": ["another.topic"],
        "explanation": "another explanation",
        "tags": ["another"],
        "difficulty": 5,
    }
    other = Sample(name="", spec=sample.spec | changed, raw=sample.raw, refused=sample.refused)
    assert the_parts(kind, sample, "answer") == the_parts(kind, other, "answer")
    empty = Sample(name="", spec=sample.spec, raw=None)
    html = the_parts(kind, empty, "answer")
    assert "data-outcome" not in html
    assert not [feedback for feedback in _feedback_in(sample.spec) if feedback in html]
    for typed in the_question(kind, sample).key().literals:
        assert typed not in html

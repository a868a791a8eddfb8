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
from quizzes.types.base import MalformedAnswer, QuestionType, Sample
from tests.quizzes.forms import SubmittedForm, Tags

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> [a](javascript:alert(1)) <b>\"'&"
TEXTS = {"text", "options", "answer", "feedback", "explanation", "shown", "wrong"}

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
    assert {Fraction(0), Fraction(1)} <= {sample.fraction for sample in samples}
    assert any(sample.refused for sample in samples)
    assert len({sample.name for sample in samples}) == len(samples)


def as_form(raw: Any) -> list[str]:
    """What a form would send for it."""
    if isinstance(raw, list):
        return raw
    return [str(raw).lower() if isinstance(raw, bool) else str(raw)]


@pytest.mark.parametrize(("kind", "sample"), ACCEPTED)
def test_the_order_of_options_changes_no_score(kind: str, sample: Sample) -> None:
    question = the_question(kind, sample)
    orders = [question.draw_order(random.Random(seed), shuffle=True) for seed in range(20)]
    shown = [{option.id for option in question.public(order).options} for order in orders]
    assert all(ids == shown[0] for ids in shown)
    assert question.score_or_nothing(question.parse_form(as_form(sample.raw))).fraction == sample.fraction


@pytest.mark.parametrize(("kind", "sample"), CASES)
def test_what_a_student_sees_holds_neither_key_nor_name_nor_topics(kind: str, sample: Sample) -> None:
    secret = {
        "id": "name-tells-the-answer",
        "topics": ["secret.topic"],
        "explanation": "secret-explanation",
    }
    public = REGISTRY.get(kind).model_validate(sample.spec | secret).public()
    text = json.dumps(asdict(public))
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
    sent = SubmittedForm(the_parts(kind, sample, "answer")).values("answer")
    assert question.parse_form(sent) == question.parse(sample.raw)


@pytest.mark.parametrize("kind", list(REGISTRY))
def test_an_untouched_form_sends_no_answer(kind: str) -> None:
    empty = Sample(name="", spec=REGISTRY.get(kind).samples()[0].spec, raw=None)
    assert (
        the_question(kind, empty).parse_form(SubmittedForm(the_parts(kind, empty, "answer")).values("answer")) is None
    )


@pytest.mark.parametrize(("kind", "sample"), CASES)
@pytest.mark.parametrize("mode", ["answer", "review"])
def test_markup_in_texts_and_answers_shows_as_text(kind: str, sample: Sample, mode: str) -> None:
    spec = _with_markup(sample.spec)
    sample = Sample(name=sample.name, spec=spec, raw=_with_markup(sample.raw), refused="may be")
    question = the_question(kind, sample)
    value = HOSTILE if question.public().max_length else None
    given = {"position": 1, "option_order": [], "max_points": Decimal(1), "value": value}
    shown = (
        ask(question, **given)
        if mode == "answer"
        else review_of(question, **given, points=Decimal(0), with_scores=True, with_keys=True)
    )
    html = render_to_string(shown.template, {"question": shown, "value": shown.value, "mode": mode})
    for text in (html, shown.html, *(option.html for option in shown.options)):
        tags = {tag for tag, _ in Tags(text).seen}
        assert not tags & {"script", "img", "b", "i", "svg", "iframe", "style"}
        assert not [name for _, attributes in Tags(text).seen for name in attributes if name.startswith("on")]
        assert not [a["href"] for _, a in Tags(text).seen if "javascript" in (a.get("href") or "")]


def _with_markup(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_markup(item) if key in TEXTS else item for key, item in value.items()}
    if isinstance(value, list):
        return [_with_markup(item) for item in value]
    return f"{value} {HOSTILE}" if isinstance(value, str) else value


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
    for text in (*map(inline, key.texts), *map(literal, key.literals)):
        assert text in opened


@pytest.mark.parametrize(("kind", "sample"), CASES)
def test_the_answering_part_has_a_label_for_each_input_and_no_script(kind: str, sample: Sample) -> None:
    html = the_parts(kind, sample, "answer")
    tags = Tags(html).seen
    labelled = {attributes.get("for") for tag, attributes in tags if tag == "label"}
    for tag, attributes in tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        if tag == "input" and attributes["type"] != "hidden":
            assert attributes["id"] in labelled
            assert attributes["name"] == "answer"

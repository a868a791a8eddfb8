"""The student of `make demo` knows the right answers of the quiz that it takes."""

from typing import Any

import pytest

from authoring.packs import load
from deploy.demo.crib import PACK, Answers
from quizzes.proving import seeds_of, variant_of
from quizzes.types.base import QuestionType

REVIEW = load(PACK)


def as_the_api_has_it(content: QuestionType) -> dict[str, Any]:
    shown = content.public()
    options = [{"id": option.id, "text": option.text} for option in shown.options]
    return {"text": content.text, "code": shown.code, "kind": content.kind, "options": options}


@pytest.mark.parametrize("slug", [item.question for item in REVIEW.quizzes["warm-up"].listed])
def test_every_variant_of_a_question_of_the_warm_up_is_answered_right(slug: str) -> None:
    (question,) = (each for each in REVIEW.questions if each.id == slug)
    for seed in seeds_of(question):
        content = variant_of(question, seed)
        answer = content.parse(Answers().right(as_the_api_has_it(content)))
        assert answer is not None
        assert content.score(answer).fraction == 1

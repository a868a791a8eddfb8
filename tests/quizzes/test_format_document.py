"""What docs/quiz-format.md tells authors to write can be written."""

import random
import re
from pathlib import Path

from graders.authored import read_yaml
from quizzes.drawing import Candidate, draw_questions
from quizzes.specs import Bank, QuizSpec, Release
from quizzes.types import REGISTRY
from quizzes.types.units import known_units

DOCUMENT = (Path(__file__).parents[2] / "docs" / "quiz-format.md").read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)


def test_the_examples_are_a_pack_that_can_be_asked() -> None:
    *banks, quiz = [read_yaml(text, file="quiz-format.md").value for text in EXAMPLES]
    questions = [question for bank in banks for question in Bank.model_validate(bank).questions]
    spec = QuizSpec.model_validate(quiz)
    pool = [
        Candidate(
            version=number,
            slug=question.id,
            kind=question.kind,
            topics=question.topics,
            difficulty=question.difficulty,
            points=question.points,
        )
        for number, question in enumerate(questions)
    ]
    drawn = draw_questions(spec, listed={one.slug: one for one in pool}, pool=pool, rng=random.Random(1))
    assert sum(question.points for question in drawn) == 6


def test_every_kind_key_release_and_unit_is_told() -> None:
    words = set(re.findall(r"[A-Za-z_%]+", DOCUMENT))
    keys = {name for kind in REGISTRY for name in REGISTRY.get(kind).model_fields}
    assert words >= set(REGISTRY) | keys | set(QuizSpec.model_fields) | set(Release) | set(known_units())

"""A real engine agrees with every key of the review course that has a proof."""

from collections import Counter

import pytest

from authoring.packs import load
from authoring.prove import prove_pack, with_proof
from graders.sandbox.docker import DockerSandbox
from quizzes.proving import Outcome
from quizzes.types import REGISTRY
from tests.quizzes.test_review_questions import PACK

SETTLED_BY_PEOPLE = {"file_upload", "long_text"}


@pytest.mark.engine
def test_no_key_of_the_review_course_is_contradicted(engine_url: str) -> None:
    """Two variants of each question that varies; `course prove` carries 20 out."""
    pack = load(PACK)
    proved = prove_pack(pack, sandboxes=[DockerSandbox(engine_url)], tell=print, seeds=2)
    assert {each.question.id: each.why for each in proved if each.outcome is not Outcome.PROVEN} == {}
    assert len(proved) == len(with_proof(pack.questions))


def test_each_kind_that_an_engine_can_settle_has_a_proof_and_several_of_them_vary() -> None:
    questions = with_proof(load(PACK).questions)
    kinds = Counter(question.kind for question in questions)
    assert set(kinds) == set(REGISTRY) - SETTLED_BY_PEOPLE
    assert len(questions) >= 40
    assert sum(question.varies for question in questions) >= 4

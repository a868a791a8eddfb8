"""A real engine agrees with every key of the review course that has a proof."""

from collections import Counter
from dataclasses import replace

import pytest

from authoring.packs import load
from authoring.prove import prove_pack, with_proof
from graders.proofs.carrying import carry_out
from graders.sandbox.docker import DockerSandbox
from quizzes.proving import Outcome, judge, plan_of
from quizzes.stored import as_json
from quizzes.types import REGISTRY
from quizzes.types.base import QuestionType
from tests.quizzes.test_review_questions import PACK

SETTLED_BY_PEOPLE = {"file_upload", "long_text"}


PARTS = 8


@pytest.mark.engine
@pytest.mark.parametrize("part", range(PARTS))
def test_no_key_of_the_review_course_is_contradicted(engine_url: str, part: int) -> None:
    """Two variants of each question that varies; `course prove` carries 20 out. In parts, which engines share."""
    whole = load(PACK)
    pack = replace(whole, questions=whole.questions[part::PARTS])
    proved = prove_pack(pack, sandboxes=[DockerSandbox(engine_url)], tell=print, seeds=2)
    assert {each.question.id: each.why for each in proved if each.outcome is not Outcome.PROVEN} == {}
    assert len(proved) == len(with_proof(pack.questions))


@pytest.mark.engine
@pytest.mark.parametrize("slug", ["commit-makes", "pause-freezes", "volume-in-use", "expose-alone", "volume-anonymous"])
def test_another_option_marked_as_right_is_contradicted(engine_url: str, slug: str) -> None:
    pack = load(PACK)
    (question,) = with_proof(pack.questions, only=slug)
    assert question.proof is not None
    bases = [str(base["image"]) for base in pack.course.bases.values()]
    seen = carry_out(plan_of(question), DockerSandbox(engine_url), bases=bases, job_id=f"flipped-{slug}")
    assert judge(question, seen).outcome is Outcome.PROVEN

    rights = question.key().options
    others = [option.text for option in question.public_options(()) if option.id not in rights]
    spoken_of = [text for text in others if text in question.proof.options]
    assert len(spoken_of) >= 2
    for text in others:
        outcome = judge(with_key(question, text), seen).outcome
        assert outcome is (Outcome.CONTRADICTED if text in spoken_of else Outcome.NOT_RUN), text


def with_key(question: QuestionType, text: str) -> QuestionType:
    """The same question with another option as the right one."""
    stored = as_json(question)
    options = [{**option, "feedback": "" if option["text"] == text else "No."} for option in stored["options"]]
    return REGISTRY.question({**stored, "options": options, "answer": text}, tried=False)


def test_each_kind_that_an_engine_can_settle_has_a_proof_and_several_of_them_vary() -> None:
    questions = with_proof(load(PACK).questions)
    kinds = Counter(question.kind for question in questions)
    assert set(kinds) == set(REGISTRY) - SETTLED_BY_PEOPLE
    assert len(questions) >= 40
    assert sum(question.varies for question in questions) >= 4

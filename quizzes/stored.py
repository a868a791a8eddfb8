"""Specs between Python and the database: their canonical JSON, its digest, and reading them back quickly."""

import hashlib
import json
from typing import Any

from pydantic import BaseModel

from quizzes.specs import QuizSpec
from quizzes.types import REGISTRY
from quizzes.types.base import QuestionType

# What a digest names never changes, so a read spec can be kept; the bound keeps a long-lived process small.
_KEPT = 4096
_questions: dict[str, QuestionType] = {}
_quizzes: dict[str, QuizSpec] = {}


def as_json(spec: BaseModel) -> dict[str, Any]:
    """The spec as plain JSON, every default written out, as versions keep it."""
    return spec.model_dump(mode="json")


def digest_of(spec: BaseModel) -> str:
    """A name for the content: equal specs have equal digests, however their authors laid them out."""
    text = json.dumps(as_json(spec), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def question_of(digest: str, stored: dict[str, Any]) -> QuestionType:
    """Read a stored question."""
    question = _questions.get(digest)
    if question is None:
        if len(_questions) >= _KEPT:
            _questions.clear()
        question = _questions[digest] = REGISTRY.question(stored, tried=False)
    return question


def quiz_of(digest: str, stored: dict[str, Any]) -> QuizSpec:
    """Read a stored quiz."""
    quiz = _quizzes.get(digest)
    if quiz is None:
        if len(_quizzes) >= _KEPT:
            _quizzes.clear()
        quiz = _quizzes[digest] = QuizSpec.model_validate(stored)
    return quiz

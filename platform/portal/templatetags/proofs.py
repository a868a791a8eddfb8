"""Proofs on pages: a question's for those who teach, and those of a review for its student."""

from collections.abc import Mapping
from typing import Any

from django import template

from courses.access import may_teach
from quizzes.models import Attempt, Question
from quizzes.proofs_shown import ProofPanel, ProofShown, panel_of, proofs_for_review

register = template.Library()

_KEPT = "_proofs_of_review"


@register.simple_tag(takes_context=True)
def proof_panel(context: Mapping[str, Any]) -> ProofPanel | None:
    """All that a page shows of the proof of its question (`question_row`, or `question`); None without one."""
    for name in ("question_row", "question"):
        if isinstance(row := context.get(name), Question):
            return panel_of(row)
    return None


@register.simple_tag(takes_context=True)
def may_prove(context: Mapping[str, Any]) -> bool:
    """Whether whoever looks may have proofs of the page's `course` carried out."""
    request = context.get("request")
    return request is not None and may_teach(request.user, context["course"])


@register.simple_tag
def review_proof(attempt: object, position: int) -> ProofShown | None:
    """The proof of one question of a review with keys released; all are looked up once, and kept with the attempt."""
    if not isinstance(attempt, Attempt):
        return None
    key = f"{_KEPT}_{attempt.pk}"
    if key not in attempt.__dict__:
        attempt.__dict__[key] = proofs_for_review(attempt)
    found: ProofShown | None = attempt.__dict__[key].get(position)
    return found

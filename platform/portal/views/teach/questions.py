"""The banks of a course: finding questions, looking at one with its key, trying it out, and its variants by seed."""

import json
import secrets
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from courses.models import Course
from portal.views.signed_in import SignedInRequest
from portal.views.teach.access import for_staff
from portal.views.teach.lists import kept, page_of
from quizzes.banks import (
    PROOF_WORDS,
    Asking,
    BankFilter,
    facets_of,
    kind_words,
    narrowed,
    proof_state,
    questions_of_course,
    versions_of,
)
from quizzes.choosing import SEED_BITS
from quizzes.models import Question, QuestionVersion
from quizzes.stored import as_json
from quizzes.trying import feedback_in, preview, try_answer, with_key
from quizzes.types.base import FormValues
from quizzes.variants import Family, VariantTried, try_variant, try_variants

SEEDS_AT_ONCE = 20
_FILTERS = ("q", "topic", "tag", "kind", "difficulty", "proof", "varies", "state")
_MOST_DIGITS = 15
_LARGEST_SEED: int = 2**SEED_BITS - 1
_VERSIONS_SHOWN = 30


@for_staff
@require_safe
def questions(request: SignedInRequest, course: Course) -> HttpResponse:
    """List the questions of the course's banks."""
    given = {name: request.GET.get(name, "").replace("\0", "") for name in _FILTERS}
    rows = questions_of_course(course).filter(pk__in=Question.objects.visible_to(request.user))
    page = page_of(request, narrowed(rows, _filter(given)))
    asking = Asking(course)
    lines = [
        {
            "question": question,
            "version": question.current_version,
            "text": str(question.current_version.spec.get("text", "")).replace("`", "")
            if question.current_version
            else "",
            "kind": kind_words(question.current_version.kind) if question.current_version else "",
            "varies": bool(question.current_version and "values" in question.current_version.spec),
            "proof": proof_state(question),
            "asked_by": len(asking.of(question)),
        }
        for question in page
    ]
    context = {
        "course": course,
        "here": "questions",
        "facets": facets_of(course),
        "page": page,
        "lines": lines,
        "query": kept(request, *_FILTERS),
        "filters": given,
        "filtered": any(given.values()),
        "proofs": PROOF_WORDS.items(),
        "difficulties": "12345",
    }
    return render(request, "portal/teach/questions.html", context)


def _filter(given: dict[str, str]) -> BankFilter:
    difficulty = given["difficulty"]
    return BankFilter(
        words=given["q"],
        topic=given["topic"],
        tag=given["tag"],
        kind=given["kind"],
        difficulty=int(difficulty) if difficulty in set("12345") else None,
        proof=given["proof"],
        varies=given["varies"] if given["varies"] in {"yes", "no"} else "",
        state=given["state"] if given["state"] in {"retired", "all"} else "",  # type: ignore[arg-type]  # one of these
    )


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def question(request: SignedInRequest, course: Course, question_slug: str) -> HttpResponse:
    """Show a question as students see it and with its key; judge an answer that was sent, and keep nothing of it."""
    row = _question_or_404(request, course, question_slug)
    versions = list(versions_of(row)[:_VERSIONS_SHOWN])
    version = _version_asked_for(request, row, versions)
    variant = _variant_asked_for(request, version)
    context: dict[str, Any] = {
        "course": course,
        "here": "questions",
        "question": row,
        "question_row": row,
        "version": version,
        "is_current": version.pk == row.current_version_id,
        "kind": kind_words(version.kind),
        "topics": [(topic, course.topics.get(topic, "")) for topic in version.topics],
        "proof": proof_state(row),
        "varies": version.content.varies,
        "where": getattr(version.content, "where", ()),
        "variant": variant,
        "another": secrets.randbelow(10**6),
        "versions": versions,
        "asked_by": Asking(course).of(row),
        "written": json.dumps(version.spec, indent=2, ensure_ascii=False),
    }
    content = variant.question
    if content is not None:
        sent = FormValues.sent(dict(request.POST.lists())) if request.method == "POST" else None
        context |= {
            "shown": preview(content, sent=sent),
            "key": with_key(content, position=2),
            "feedback": feedback_in(as_json(content)),
            "tried": None if sent is None else try_answer(content, sent, position=3),
        }
    return _unkept(render(request, "portal/teach/question.html", context))


@for_staff
@require_safe
def question_variants(request: SignedInRequest, course: Course, question_slug: str) -> HttpResponse:
    """Show twenty variants of a question at once, from a seed on, each with its values and its key."""
    row = _question_or_404(request, course, question_slug)
    version = _version_asked_for(request, row, [])
    family = version.content
    start = _seed_asked_for(request)
    variants: list[dict[str, Any]] = []
    if isinstance(family, Family):
        variants = [
            {"tried": tried, "key": tried.question and with_key(tried.question, position=number)}
            for number, tried in enumerate(try_variants(family, start=start, count=SEEDS_AT_ONCE), 1)
        ]
    context = {
        "course": course,
        "here": "questions",
        "question": row,
        "version": version,
        "start": start,
        "last": start + SEEDS_AT_ONCE - 1,
        "following": start + SEEDS_AT_ONCE,
        "before": max(0, start - SEEDS_AT_ONCE),
        "variants": variants,
        "names": list(variants[0]["tried"].values) if variants else [],
        "failing": sum(one["tried"].question is None for one in variants),
        "repeated": sum(bool(one["tried"].same_as) for one in variants),
    }
    return _unkept(render(request, "portal/teach/question_variants.html", context))


def _unkept(response: HttpResponse) -> HttpResponse:
    """Keys stay in nobody's cache."""
    response["Cache-Control"] = "no-store"
    return response


def _question_or_404(request: SignedInRequest, course: Course, slug: str) -> Question:
    rows = questions_of_course(course).filter(pk__in=Question.objects.visible_to(request.user))
    found: Question = get_object_or_404(rows, slug=slug)
    return found


def _version_asked_for(request: SignedInRequest, row: Question, versions: list[QuestionVersion]) -> QuestionVersion:
    """The version of `?version=`; the newest where there is no such one."""
    number = request.GET.get("version", "")
    asked = [version for version in versions if str(version.number) == number]
    if not asked and number.isascii() and number.isdecimal() and len(number) <= _MOST_DIGITS:
        asked = list(QuestionVersion.objects.filter(question=row, number=int(number))[:1])
    assert row.current_version is not None  # noqa: S101 - rows without one are not found
    return asked[0] if asked else row.current_version


def _seed_asked_for(request: SignedInRequest) -> int:
    """The seed of `?seed=`, 0 without a usable one."""
    given = request.GET.get("seed", "")
    if not (given.isascii() and given.isdecimal() and len(given) <= _MOST_DIGITS):
        return 0
    return min(int(given), _LARGEST_SEED)


def _variant_asked_for(request: SignedInRequest, version: QuestionVersion) -> VariantTried:
    content = version.content
    seed = _seed_asked_for(request)
    if isinstance(content, Family):
        return try_variant(content, seed)
    return VariantTried(seed=seed, values={}, question=content)

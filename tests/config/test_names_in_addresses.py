"""An author may call a course, a lab, a quiz or a question anything: no page of the site's own is in its way."""

import re

import pytest
from django.core.exceptions import ValidationError as CannotBe
from django.urls import resolve, reverse
from django.urls.converters import get_converters
from pydantic import ValidationError
from routes import Route, all_routes

from authoring.specs import CourseSpec
from courses.models import Course
from courses.names import RESERVED

_PARAMETER = re.compile(r"<(?:(\w+):)?\w+>")


def _names_meet(one: str, other: str) -> bool | None:
    """Whether both stand for the same piece of an address, a name on one side alone; None where they never do."""
    found, also = _PARAMETER.fullmatch(one), _PARAMETER.fullmatch(other)
    if found and also:
        return False
    if not found and not also:
        return False if one == other else None
    parameter, fixed = (found, other) if found else (also, one)
    assert parameter is not None
    converter = get_converters()[parameter[1] or "str"]
    return True if re.fullmatch(converter.regex, fixed) else None


def _collide(one: Route, other: Route) -> bool:
    pieces, others = one.pattern.split("/"), other.pattern.split("/")
    if len(pieces) != len(others):
        return False
    met = [_names_meet(piece, also) for piece, also in zip(pieces, others, strict=True)]
    return None not in met and True in met


def test_no_address_with_a_name_in_it_is_one_of_the_sites_own() -> None:
    own = [route for route in all_routes() if route.name.startswith(("portal:", "api:")) and "^" not in route.pattern]
    assert len(own) > 50
    found = [
        f"{one.pattern} and {other.pattern}"
        for place, one in enumerate(own)
        for other in own[place + 1 :]
        if _collide(one, other) and other.name != "api:unknown"
    ]
    assert set(found) == {f"api/v1/courses/{name}/ and api/v1/courses/<slug:slug>/" for name in RESERVED}


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_course_cannot_be_called_like_an_address(name: str) -> None:
    with pytest.raises(CannotBe, match="reserved: `join`"):
        Course(slug=name, title="A course").full_clean()
    with pytest.raises(ValidationError, match=f"cannot be `{name}`.*reserved: `join`"):
        CourseSpec.model_validate({"title": "A course", "slug": name, "topics": {"a": "A"}})
    assert CourseSpec.model_validate({"title": "A course", "slug": f"{name}-in", "topics": {"a": "A"}})


def test_two_addresses_that_collide_would_be_found() -> None:
    fixed = Route("a", frozenset(), "courses/<slug:slug>/mastery/")
    named = Route("b", frozenset(), "courses/<slug:course_slug>/<slug:slug>/")
    numbered = Route("c", frozenset(), "courses/<slug:course_slug>/<int:pk>/")
    assert _collide(fixed, named)
    assert _collide(named, fixed)
    assert not _collide(fixed, numbered)
    assert not _collide(named, named)


@pytest.mark.parametrize("name", ["mastery", "lab", "quiz", "topics", "import", "new", "audit"])
def test_an_activity_called_like_a_page_has_an_address_of_its_own(name: str) -> None:
    assert resolve(reverse("portal:activity", args=["course", name])).view_name == "portal:activity"
    assert resolve(reverse("portal:lab", args=[name, name])).view_name == "portal:lab"

"""The shape of course.yaml: what the course is, which bases its labs build from, its topics and its activities."""

import difflib
import zoneinfo
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from courses.names import why_reserved
from graders.authored import Place
from graders.spec import Identifier, Spec, Text, errors_at


def _time_zone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        near = difflib.get_close_matches(name, zoneinfo.available_timezones(), n=1)
        meant = f". Did you mean `{near[0]}`?" if near else ""
        raise ValueError(f"must be a time zone's name, such as Europe/Madrid or UTC{meant}")
    return name


LONGEST_NAME = 50
"""What the database keeps of the name of a course or an activity."""


def _short(name: str) -> str:
    if len(name) > LONGEST_NAME:
        raise ValueError(f"must have at most {LONGEST_NAME} characters, since it is a part of an address")
    return name


ActivityName = Annotated[Identifier, AfterValidator(_short)]


class ActivityEntry(Spec):
    """One line of `activities`: a quiz or a lab by name, and for a lab how many tries there are and which counts."""

    quiz: ActivityName | None = None
    """The name of a file in quizzes/, without .yaml."""
    lab: ActivityName | None = None
    """The name of a folder in labs/."""
    attempts: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Tries a student has at the lab; as many as they like where it is left out. A quiz says this in its own file."""
    scoring: Literal["best", "last"] = "best"
    """Which of them counts."""
    part: Annotated[Text, Field(min_length=1, max_length=200)] | None = None
    """The heading of the part of the course that begins here; those that follow belong to it, up to the next."""

    @model_validator(mode="after")
    def _one_of_both(self) -> "ActivityEntry":
        if (self.quiz is None) == (self.lab is None):
            raise ValueError("names either a `quiz` or a `lab`")
        if self.quiz and self.model_fields_set & {"attempts", "scoring"}:
            raise ValueError("takes `attempts` and `scoring` for a lab; a quiz has them in its own file")
        return self

    @property
    def kind(self) -> str:
        """`quiz` or `lab`."""
        return "quiz" if self.quiz else "lab"

    @property
    def name(self) -> str:
        """The name of the file or folder, which is the activity's short name too."""
        return self.quiz or self.lab or ""


class TopicSpec(Spec):
    """One topic of the course: its title, which may be written alone, and a few sentences for learners."""

    title: Annotated[Text, Field(min_length=1, max_length=200)]
    """What students read."""
    note: Annotated[Text, Field(max_length=2000)] = ""
    """What is shown beside it on the page of topics, where failed checks lead to."""
    needs: tuple[Literal["lab", "proof"], ...] = ()
    """What the course must have of it beside questions: a lab that practises it, a question whose key is proven."""


def _title_alone(value: Any) -> Any:
    if value is None:
        raise ValueError("needs a title, such as `docker.what: What Docker is`")
    return {"title": value} if isinstance(value, str) else value


def _not_reserved(name: str) -> str:
    if why := why_reserved(name):
        raise ValueError(why)
    return name


CourseName = Annotated[Identifier, AfterValidator(_short), AfterValidator(_not_reserved)]
"""What a course is known by, and its address."""


class CoverageSpec(Spec):
    """How much of each topic the course must ask."""

    questions: Annotated[int, Field(ge=0, le=100, strict=True)] = 0
    """At least so many."""


class CourseSpec(Spec):
    """A course.yaml."""

    title: Annotated[Text, Field(min_length=1, max_length=200)]
    """What students read."""
    slug: CourseName
    """Its address, and how it is known when it is loaded again."""
    description: Annotated[Text, Field(max_length=2000)] = ""
    """A few sentences on its page."""
    time_zone: Annotated[Text, AfterValidator(_time_zone)] = "UTC"
    """The one that deadlines are in, such as Europe/Madrid."""
    bases: dict[Identifier, dict[Text, Any]] = Field(default_factory=dict)
    """Read in full by the labs' own loader and by the recipes that make the images."""
    topics: dict[Text, Annotated[TopicSpec, BeforeValidator(_title_alone, json_schema_input_type=str | TopicSpec)]] = (
        Field(min_length=1)
    )
    """What it teaches: names that questions and labs use, each with a title."""
    coverage: CoverageSpec = CoverageSpec()
    """What each topic must have."""
    activities: tuple[ActivityEntry, ...] = ()
    """Its quizzes and labs, in the order in which students see them."""

    @model_validator(mode="after")
    def _each_activity_once(self) -> "CourseSpec":
        seen: set[str] = set()
        twice: list[tuple[Place, str]] = []
        for position, entry in enumerate(self.activities):
            if entry.name in seen:
                message = f"There is an activity `{entry.name}` already; a quiz and a lab need different names, too."
                twice.append((("activities", position, entry.kind), message))
            seen.add(entry.name)
        if twice:
            raise errors_at(twice)
        return self

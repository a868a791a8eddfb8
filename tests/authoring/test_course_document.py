"""What docs/course-format.md tells authors to write can be written, and names every key there is."""

import re
from pathlib import Path

from authoring.specs import ActivityEntry, CourseSpec, TopicSpec
from graders.authored import read_yaml

DOCUMENT = (Path(__file__).parents[2] / "docs" / "course-format.md").read_text()
(EXAMPLE,) = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)


def test_the_example_is_a_course_that_says_what_is_told_beside_it() -> None:
    course = CourseSpec.model_validate(read_yaml(EXAMPLE.encode(), file="course-format.md").value)
    assert course.coverage.questions == 2
    assert course.topics["dockerfile.cmd"].needs == ("lab", "proof")
    assert [(entry.kind, entry.name, entry.attempts) for entry in course.activities] == [
        ("quiz", "start", None),
        ("lab", "hello", 3),
    ]


def test_every_key_is_in_the_example() -> None:
    for model in (CourseSpec, TopicSpec, ActivityEntry):
        for key in model.model_fields:
            assert re.search(rf"\b{key}:", EXAMPLE), key

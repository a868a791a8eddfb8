"""What an author may write as a proof, and what is said of what makes no sense."""

from typing import Any

import pytest
from pydantic import ValidationError

from graders.proofs.plan import ProofPlan
from graders.proofs.shows import Expected, Shows


def plan(**fields: Any) -> ProofPlan:
    return ProofPlan.model_validate(fields)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"run": {}},
        {"run": {"args": ["date"]}, "shows": "exit_code"},
        {"build": None, "shows": {"works": False, "line": 3}},
        {"builds": {"one": {"files": {"Dockerfile": "FROM busybox:1.35"}}}, "shows": {"build": "one", "works": True}},
        {"commands": "docker ps -a\n# a remark\ndocker ps\n", "shows": {"command": 1, "lines": "answer"}},
        {"commands": ["docker ps"], "options": {"two": {"container": "box", "state": "paused"}}},
        {"commands": ["$answer"], "shows": {"exit_code": 0}},
        {"run": {}, "shows": {"stdout": {"matches": "^[0-9]+$", "lacks": "x"}}, "limits": {"run_seconds": 2}},
        {"build": {}, "shows": {"added_mb": "answer", "times": 10, "plus": -0.5}},
    ],
)
def test_a_plan_is_the_same_after_it_was_stored(fields: dict[str, Any]) -> None:
    made = plan(**fields)
    assert ProofPlan.model_validate(made.model_dump(mode="json")) == made


def test_nothing_said_builds_and_runs_and_looks_at_what_is_printed() -> None:
    assert [one.key for one in plan().asked()] == ["the stdout of the run default"]


def test_the_last_command_is_looked_at_where_none_is_named() -> None:
    made = plan(commands=["docker ps", "docker ps -a"], shows="stdout")
    assert [one.key for one in made.asked()] == ["the stdout of the command 2"]


def test_a_fact_of_builds_is_of_the_last_build_although_something_runs() -> None:
    made = plan(run={}, shows={"workdir": "/srv"})
    assert [one.key for one in made.asked()] == ["the workdir of the build default"]


def test_the_key_takes_the_place_of_its_sign() -> None:
    made = plan(commands=["docker ps", "$answer"], dockerfile="FROM busybox:1.35\n$answer\n")
    assert made.uses_key
    filled = made.with_key(dockerfile="", key="docker ps -a")
    assert filled.commands == ("docker ps", "docker ps -a")
    assert filled.dockerfile == "FROM busybox:1.35\ndocker ps -a\n"


def test_the_questions_dockerfile_is_taken_where_the_proof_has_none() -> None:
    assert plan().with_key(dockerfile="FROM a", key="").dockerfile == "FROM a"
    assert plan(dockerfile="FROM b").with_key(dockerfile="FROM a", key="").dockerfile == "FROM b"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"commands": ["docker run --privileged busybox:1.35"]}, "--privileged is not available here"),
        ({"commands": ["docker run --userns=host -v /:/h busybox:1.35"]}, "not available here"),
        ({"commands": ["docker run --network host busybox:1.35"], "run": {}}, "A proof has `commands`, or builds"),
        ({"commands": ["docker ps"] * 31}, "at most 30"),
        ({"run": {"serve": {"port": 80}}}, "`serve` is for labs"),
        ({"run": {"base": "busybox"}}, "`base` is for labs"),
        ({"run": {"build": "other"}}, "There is no build `other`"),
        ({"build": {"solution": "reference"}}, "`solution` is for labs"),
        ({"build": {"rebuild_of": "first", "change": {"a": "b"}}}, "There is no first build `first`"),
        ({"shows": {"run": "two", "stdout": "x"}}, "There is no run `two`"),
        ({"shows": {"command": 1, "stdout": "x"}}, "There is no command `1`"),
        ({"shows": {"container": "box", "state": "created"}}, "looked at after `commands`"),
        ({"shows": {"state": "created"}}, "Name the container that is meant"),
        ({"shows": {"stdout": {}}}, "says what must be seen"),
        ({"shows": {}}, "says what is looked at"),
        ({"shows": {"run": "default", "build": "default", "stdout": "x"}}, "looks at one thing"),
        ({"shows": {"build": "default", "stdout": "x"}}, "cannot see `stdout` of a build"),
        ({"shows": {"stdout": "answer", "stderr": "answer"}}, "one thing for the answer"),
        ({"shows": {"content": "x"}}, "needs the `file`"),
        ({"shows": {"holds": "abc"}}, "at least six characters"),
        ({"shows": {"stdout": {"matches": "("}}}, "no regular expression"),
        ({"options": {"one": {"stdout": "answer"}}}, "An option holds or it does not"),
        ({"files": {"../x": ""}}, "a path inside the folder"),
        ({"limits": {"run_seconds": 3600}}, "less than or equal to 30"),
        ({"privileged": True}, "Extra inputs"),
        ({"shell": "rm -rf /"}, "Extra inputs"),
    ],
)
def test_what_makes_no_sense_is_refused_and_said(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        plan(**fields)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("wanted", "seen", "holds"),
    [
        ("created", "created", True),
        ("created", "running", False),
        ("created", None, False),
        (137, 137, True),
        (2, 2.0, True),
        (True, True, True),
        (False, None, False),
        ("two\nlines", " two\r\nlines\n", True),
        ({"contains": ["a", "b"]}, "abc", True),
        ({"contains": "x"}, "abc", False),
        ({"lacks": "x"}, "abc", True),
        ({"lacks": "b"}, "abc", False),
        ({"matches": "^b"}, "a\nb", True),
        ({"matches": "^c"}, "a\nb", False),
        ({"at_least": 1, "at_most": 2}, 1.5, True),
        ({"at_least": 1}, 0.5, False),
        ({"at_most": 1}, "many", False),
    ],
)
def test_what_was_seen_is_held_against_what_must_be(wanted: Any, seen: Any, holds: bool) -> None:
    found = Shows.model_validate({"stdout": wanted}).facts()["stdout"]
    assert isinstance(found, Expected)
    assert found.holds(seen) is holds


def test_a_number_is_computed_from_what_was_seen() -> None:
    shows = Shows.model_validate({"added_mb": "answer", "times": 10, "plus": 1})
    assert shows.answer_in(2.5) == 26.0
    assert Shows.model_validate("stdout").answer_in("2.50") == "2.50"

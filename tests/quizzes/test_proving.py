"""How a key is held against what was seen: for each kind of question, proven by what fits, contradicted by the rest."""

from typing import Any

import pytest

from graders.proofs.seen import Seen
from graders.sandbox.fake import FakeProgram, FakeSandbox
from quizzes.proof_faults import faults_of
from quizzes.proof_runs import Prover, SeedResult, together
from quizzes.proving import Outcome, judge, plan_of, seeds_of
from quizzes.stored import as_json, question_of
from quizzes.types.base import QuestionType
from tests.quizzes.building import questions_of

BUILT = {"dockerfile": 'FROM busybox:1.35\nCMD ["echo", "hi"]\n'}
STDOUT = "the stdout of the run default"


def a_question(kind: str, **fields: Any) -> QuestionType:
    data = {"id": "asked", "kind": kind, "topics": ["dockerfile.cmd"], "text": "What?", **BUILT, "proof": {"run": {}}}
    return questions_of({**data, **fields})[0]


CHOICE = {"options": ["`hi`", "ho", "It fails."], "answer": "`hi`"}
OPTIONS = {
    "proof": {"run": {}, "options": {"`hi`": {"stdout": "hi"}, "ho": {"stdout": "ho"}, "It fails.": {"exit_code": 1}}}
}
COMMANDS = {"commands": ["docker create --name box busybox:1.35"]}
STATE = "the state of the container box"

GROUPED = {"run": {}, "parts": {
    word: {"options": {"lists it": {"stdout": {"contains": word}}, "none": {"stdout": {"lacks": word}}}}
    for word in ("one", "two")
}}  # fmt: skip

CASES: dict[str, tuple[QuestionType, dict[str, Any], dict[str, Any]]] = {
    "short text": (a_question("short_text", answer="hi"), {STDOUT: " Hi\n"}, {STDOUT: "ho"}),
    "short text, exactly": (a_question("short_text", answer="hi", match="exact"), {STDOUT: "hi\n"}, {STDOUT: "Hi"}),
    "numeric": (a_question("numeric", answer=137, proof={"run": {}, "shows": "exit_code"}),
                {"the exit code of the run default": 137}, {"the exit code of the run default": 9}),
    "numeric, computed": (
        a_question("numeric", answer=25, within=1, unit="MB",
                   proof={"build": {}, "shows": {"added_mb": "answer", "times": 10}}),
        {"the added mb of the build default": 2.51}, {"the added mb of the build default": 2.7}),
    "numeric, with a unit that is asked for": (
        a_question("numeric", answer=25, unit="MB", unit_needed=True), {STDOUT: "25"}, {STDOUT: "26"}),
    "one option, by what is printed": (a_question("single_choice", **CHOICE), {STDOUT: "hi\n"}, {STDOUT: "ho\n"}),
    "one option, by none that is printed": (a_question("single_choice", **CHOICE), {STDOUT: "hi\n"}, {STDOUT: "hu\n"}),
    "one option of several that hold or do not": (
        a_question("single_choice", **CHOICE, **OPTIONS),
        {STDOUT: "hi", "the exit code of the run default": 0}, {STDOUT: "ho", "the exit code of the run default": 0}),
    "one option by a condition": (
        a_question("single_choice", options=["created", "running"], answer="created",
                   proof={**COMMANDS, "shows": {"container": "box", "state": "created"}}),
        {STATE: "created"}, {STATE: "running"}),
    "several options": (
        a_question("multiple_choice", options=["hi", "i", "x"], answer=["hi", "i"],
                   proof={"run": {}, "options": {word: {"stdout": {"contains": word}} for word in ("hi", "i", "x")}}),
        {STDOUT: "hi"}, {STDOUT: "hix"}),
    "a statement that holds": (
        a_question("true_or_false", answer=True, feedback="No.", proof={"build": {}, "shows": {"works": True}}),
        {"whether the build default works": True}, {"whether the build default works": False}),
    "a statement that does not": (
        a_question("true_or_false", answer=False, feedback="No.", proof={"build": {}, "shows": {"works": True}}),
        {"whether the build default works": False}, {"whether the build default works": True}),
    "output": (a_question("predict_output", answer="a\nb"), {STDOUT: "a\nb\n"}, {STDOUT: "b\na\n"}),
    "output to choose": (
        a_question("predict_output", answer="a\nb", options=["a\nb", "a", "b"]), {STDOUT: "a\nb\n"}, {STDOUT: "b\n"}),
    "a line": (
        a_question("dockerfile_line", dockerfile="FROM busybox:1.35\nRUN true\nRUN false\n", answer=3,
                   proof={"build": {}, "shows": "line"}),
        {"the line of the build default": 3}, {"the line of the build default": 2}),
    "a command": (
        a_question("docker_command", answer="docker create --name box busybox:1.35",
                   proof={"commands": ["$answer"], "shows": {"container": "box", "state": "created"}}),
        {STATE: "created"}, {STATE: None}),
    "pairs": (
        a_question("matching", pairs=[{"item": "`one`", "match": "a"}, {"item": "two", "match": "b"}],
                   proof={"run": {}, "parts": {"`one`": "stdout", "two": "stderr"}}),
        {STDOUT: "a", "the stderr of the run default": "b"}, {STDOUT: "b", "the stderr of the run default": "b"}),
    "an order": (
        a_question("ordering", items=["`FROM busybox:1.35`", "`WORKDIR /srv`", '`CMD ["pwd"]`'],
                   proof={"dockerfile": "$answer", "run": {}, "shows": {"stdout": "/srv"}}),
        {STDOUT: "/srv"}, {STDOUT: "/"}),
    "blanks": (
        a_question("blanks", passage="```\n[[first]] busybox:1.35\n```", blanks={"first": {"answer": "FROM"}},
                   proof={"dockerfile": "$answer", "build": {}, "shows": {"works": True}}),
        {"whether the build default works": True}, {"whether the build default works": False}),
    "pairs, by what must be seen": (
        a_question("matching", pairs=[{"item": "one", "match": "a"}, {"item": "two", "match": "b"}],
                   proof={"run": {}, "parts": {"one": {"stdout": "a"}, "two": {"stderr": "b"}}}),
        {STDOUT: "a", "the stderr of the run default": "b"}, {STDOUT: "b", "the stderr of the run default": "b"}),
    "groups, each by what is seen if it is right": (
        a_question("categorise", groups=["lists it", "does not"], proof=GROUPED,
                   items=[{"text": "one", "group": "lists it"}, {"text": "two", "group": "none"}]),
        {STDOUT: "one"}, {STDOUT: "one two"}),
    "a blank by what is printed": (
        a_question("blanks", passage="It prints [[word]].", blanks={"word": {"answer": "hi"}},
                   proof={"run": {}, "parts": {"b1": "stdout"}}),
        {STDOUT: "hi"}, {STDOUT: "ho"}),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
def test_a_key_is_proven_by_what_fits_and_contradicted_by_what_does_not(case: str) -> None:
    question, fits, differs = CASES[case]
    proven = judge(question, Seen(facts=fits))
    assert (proven.outcome, proven.why) == (Outcome.PROVEN, "")
    contradicted = judge(question, Seen(facts=differs))
    assert contradicted.outcome is Outcome.CONTRADICTED
    assert contradicted.key
    assert contradicted.why.endswith(".")


PAIRS = [{"item": "one", "match": "a"}, {"item": "two", "match": "b"}]
LISTS = {"stdout": {"contains": "one"}}
LACKS = {"stdout": {"lacks": "one"}}
FLIPPED: dict[str, tuple[QuestionType, dict[str, Any]]] = {
    "the option that must be seen": (
        a_question("single_choice", options=["created", "running"], answer="running",
                   proof={**COMMANDS, "shows": {"container": "box", "state": "created"}}), {STATE: "created"}),
    "one of two that count as right must be seen": (
        a_question("multiple_choice", options=["created", "running", "dead"], answer=["created", "running"],
                   proof={**COMMANDS, "shows": {"container": "box", "state": "created"}}), {STATE: "created"}),
    "an option by what is seen if it is right": (
        a_question("single_choice", options=["`hi`", "ho", "It fails."], answer="ho", **OPTIONS),
        {STDOUT: "hi", "the exit code of the run default": 0}),
    "a pair that must be seen": (
        a_question("matching", pairs=[{"item": "one", "match": "b"}, {"item": "two", "match": "a"}],
                   proof={"run": {}, "parts": {"one": {"stdout": "a"}, "two": {"stderr": "b"}}}),
        {STDOUT: "a", "the stderr of the run default": "b"}),
    "a group": (
        a_question("categorise", groups=["lists it", "does not"], proof=GROUPED,
                   items=[{"text": "one", "group": "none"}, {"text": "two", "group": "lists it"}]), {STDOUT: "one"}),
}  # fmt: skip


@pytest.mark.parametrize("case", list(FLIPPED))
def test_another_key_is_contradicted_by_what_is_seen(case: str) -> None:
    question, seen = FLIPPED[case]
    assert list(faults_of(question)) == []
    verdict = judge(question, Seen(facts=seen))
    assert verdict.outcome is Outcome.CONTRADICTED
    assert verdict.why.endswith(".")


def test_a_part_for_which_two_choices_hold_is_contradicted() -> None:
    groups = {"lists it": {"stdout": {"contains": "o"}}, "none": {"stdout": {"contains": "o"}}}
    proof = {"run": {}, "parts": {word: {"options": groups} for word in ("one", "two")}}
    items = [{"text": "one", "group": "lists it"}, {"text": "two", "group": "none"}]
    question = a_question("categorise", groups=["lists it", "does not"], items=items, proof=proof)
    verdict = judge(question, Seen(facts={STDOUT: "one two"}))
    assert verdict.outcome is Outcome.CONTRADICTED
    assert verdict.why == 'For "one", what the engine showed holds for "lists it" and "none".'


@pytest.mark.parametrize("case", list(CASES))
def test_what_was_not_carried_out_proves_and_contradicts_nothing(case: str) -> None:
    question, fits, _ = CASES[case]
    verdict = judge(question, Seen(facts=fits, trouble="The disk was full."))
    assert (verdict.outcome, verdict.why) == (Outcome.NOT_RUN, "The disk was full.")


def test_a_contradiction_says_both_values() -> None:
    verdict = judge(a_question("short_text", answer="hi"), Seen(facts={STDOUT: "ho\n"}))
    assert verdict.why == 'The key says "hi", and the engine showed "ho".'


def test_another_condition_that_fails_contradicts_too() -> None:
    question = a_question(
        "short_text", answer="hi", proof={"run": {}, "shows": [{"stdout": "answer"}, {"exit_code": 0}]}
    )
    seen = {STDOUT: "hi", "the exit code of the run default": 3}
    verdict = judge(question, Seen(facts=seen))
    assert verdict.outcome is Outcome.CONTRADICTED
    assert verdict.why == 'The exit code of the run default should be "0", and it is "3".'


@pytest.mark.parametrize(
    ("question", "says"),
    [
        (a_question("short_text", answer="hi", dockerfile=""), "no Dockerfile to build"),
        (a_question("short_text", answer="hi", proof={"run": {}, "shows": {"exit_code": 0}}), "Nothing ties"),
        (a_question("single_choice", **CHOICE, proof={"run": {}, "options": {"hu": {"stdout": "x"}}}), '"hu"'),
        (a_question("single_choice", **CHOICE, proof={"run": {}, "options": {"ho": {"stdout": "x"}}}), "leave out"),
        (a_question("short_text", answer="hi", proof={"run": {}, "options": {"hi": {"stdout": "x"}}}), '"hi"'),
        (a_question("short_text", answer="hi", proof={"run": {}, "parts": {"b1": "stdout"}}), "the part"),
        (a_question("long_text"), "marked by a person"),
        (a_question("single_choice", **CHOICE, proof={"run": {}, "shows": {"exit_code": 0}}), "Give it `options`"),
        (a_question("predict_output", answer="a", options=["a", "b"], proof={"run": {}, "shows": {"exit_code": 0}}),
         "Give it `options`"),
        (a_question("dockerfile_line", dockerfile="FROM busybox:1.35\nRUN true\n", answer=2,
                    proof={"build": {}, "shows": {"works": False}}), "Nothing ties"),
        (a_question("single_choice", **CHOICE, proof={"run": {}, "options": {"`hi`": {"stdout": "hi"}}}),
         "right alone"),
        (a_question("single_choice", **CHOICE, proof={**OPTIONS["proof"], "shows": "stderr"}), "With `options`"),
        (a_question("single_choice", **CHOICE, proof={**OPTIONS["proof"], "parts": {"a": "stdout"}}), "or the other"),
        (a_question("multiple_choice", options=["docker ps", "docker ps -a", "x"], answer=["docker ps", "docker ps -a"],
                    proof={"commands": "$answer", "shows": {"exit_code": 0}}), "not one text"),
        (a_question("matching", pairs=PAIRS, proof={"commands": "$answer", "shows": {"exit_code": 0}}),
         "Say in `parts` what settles each"),
        (a_question("matching", pairs=PAIRS, proof={"run": {}}), "several parts"),
        (a_question("matching", pairs=PAIRS, proof={"run": {}, "shows": {"exit_code": 0}}), "Say in `parts`, by an"),
        (a_question("matching", pairs=PAIRS, proof={"run": {}, "parts": {"one": "stdout"}}), 'leave out "two"'),
        (a_question("matching", pairs=PAIRS, proof={"run": {}, "parts": {"one": LISTS, "two": LACKS}}), "whatever"),
        (a_question("matching", pairs=PAIRS, proof={"run": {}, "parts": {
            "one": {"options": {"a": LISTS}}, "two": "stdout"}}), "of another choice too"),
        (a_question("matching", pairs=PAIRS, proof={"run": {}, "parts": {
            "one": {"options": {"b": LISTS}}, "two": "stdout"}}), "leave out what is right"),
        (a_question("matching", pairs=PAIRS, proof={"run": {}, "parts": {
            "one": {"options": {"a": LISTS, "c": LACKS}}, "two": "stdout"}}), '"c", which cannot be chosen'),
        (a_question("matching", pairs=PAIRS, proof={"run": {}, "parts": {
            "one": {"shows": "stdout", "options": {"a": LISTS, "b": LACKS}}, "two": "stdout"}}), "leave one of them"),
        (a_question("ordering", items=["one", "two", "three"], proof={"run": {}, "shows": {"exit_code": 0}}),
         "any order would pass"),
        (a_question("ordering", items=["one", "two", "three"], proof={"run": {}}), "No order is seen"),
    ],
)  # fmt: skip
def test_a_proof_from_which_no_key_follows_is_found_before_it_is_run(question: QuestionType, says: str) -> None:
    faults = list(faults_of(question))
    assert any(says in fault for fault in faults), faults
    assert judge(question, Seen(facts={STDOUT: "hi"})).outcome is Outcome.NOT_RUN


def test_the_key_itself_is_carried_out() -> None:
    order, _, _ = CASES["an order"]
    assert plan_of(order).dockerfile == 'FROM busybox:1.35\nWORKDIR /srv\nCMD ["pwd"]'
    blanks, _, _ = CASES["blanks"]
    assert plan_of(blanks).dockerfile == "FROM busybox:1.35\n"
    command, _, _ = CASES["a command"]
    assert plan_of(command).commands == ("docker create --name box busybox:1.35",)


def test_a_question_that_varies_is_carried_out_for_20_seeds() -> None:
    varied = a_question(
        "short_text", values={"word": "word"}, dockerfile='FROM busybox:1.35\nCMD ["echo", "{word}"]\n', answer="{word}"
    )
    assert seeds_of(varied) == tuple(range(20)), "those that reading it tries"
    assert seeds_of(a_question("short_text", answer="hi")) == (None,)
    assert plan_of(varied.variant(1)).dockerfile != plan_of(varied.variant(2)).dockerfile


def test_a_seed_that_makes_no_question_was_not_run_and_says_why() -> None:
    fields = {"options": ["{n}", "41"], "answer": "{n}", "values": {"n": {"kind": "choice", "of": [7, 8]}}}
    stored = as_json(a_question("single_choice", **fields))
    unlucky = question_of("unlucky", {**stored, "values": {"n": {"kind": "choice", "of": [41, 7]}}})
    sandbox = FakeSandbox(on_run=lambda _spec: FakeProgram(stdout=b"7"))
    prover = Prover(unlucky, sandbox=sandbox, bases=["busybox:1.35"], job_id="proof")
    results = [prover.prove(seed) for seed in range(20)]
    assert {result.outcome for result in results} == {Outcome.PROVEN, Outcome.NOT_RUN}
    outcome, why = together(results)
    assert outcome is Outcome.NOT_RUN
    assert "This seed makes no question: " in why
    assert why.endswith(".")


def test_any_seed_that_contradicts_contradicts_and_is_named() -> None:
    def result(seed: int, outcome: Outcome, why: str = "") -> SeedResult:
        return SeedResult(seed=seed, outcome=outcome, key="hi", why=why)

    proven = [result(seed, Outcome.PROVEN) for seed in range(1, 4)]
    assert together(proven) == (Outcome.PROVEN, "")
    not_run = [*proven, result(4, Outcome.NOT_RUN, "No disk.")]
    assert together(not_run) == (Outcome.NOT_RUN, "Seed 4: No disk.")
    assert together([*not_run, result(5, Outcome.CONTRADICTED, "They differ.")]) == (
        Outcome.CONTRADICTED,
        "Seed 5: They differ.",
    )

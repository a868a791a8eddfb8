"""`course prove`: what it says of each key, how it ends, and what is kept where the course is in the database."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from small_pack import QUIZ, a_pack

from authoring.packs import InvalidPack, load
from authoring.prove import prove_pack, summary
from authoring.sync import sync
from courses.models import Course
from graders.sandbox.base import ContainerSpec
from graders.sandbox.fake import FakeProgram, FakeSandbox
from quizzes.errors import Conflict
from quizzes.proof_gate import contradicted
from quizzes.proof_models import Proof, ProofState
from quizzes.proof_runs import SeedResult
from quizzes.proof_services import keep_results, seeds_to_carry_out
from quizzes.proving import Outcome
from quizzes.stored import digest_of

BANK = """
- id: right
  kind: short_text
  topics: [TOPIC]
  text: What does it print?
  dockerfile: |
    FROM busybox:1.35
    CMD ["echo", "hi"]
  answer: hi
  proof: {run: {}}
- id: varied
  kind: short_text
  topics: [TOPIC]
  text: What does it print?
  values: {word: word}
  dockerfile: |
    FROM busybox:1.35
    CMD ["echo", "{word}"]
  answer: "{word}"
  proof: {run: {args: [echo, "{word}"]}}
- id: plain
  kind: true_or_false
  topics: [TOPIC]
  text: So it is.
  answer: true
"""


def echo(spec: ContainerSpec) -> FakeProgram:
    """Print what `echo` would, and `hi` without it."""
    words = " ".join((spec.args or ("echo", "hi"))[1:])
    return FakeProgram(stdout=f"{words}\n".encode())


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = a_pack(tmp_path)
    topic = next(iter(load(folder).course.topics))
    (folder / "banks" / "proofs.yaml").write_text(BANK.replace("TOPIC", topic))
    (folder / "quizzes" / "start.yaml").write_text(QUIZ.replace("cmd-wins]", "cmd-wins, right]"))
    return folder


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeSandbox:
    """The engine of every address."""
    fake = FakeSandbox(on_run=echo)
    monkeypatch.setattr("authoring.management.commands.course.DockerSandbox", lambda _address: fake)
    return fake


def prove(pack: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    call_command("course", "prove", str(pack), "--engine", "unix:///nowhere", *options)
    return capsys.readouterr().out


def wrong(pack: Path) -> None:
    bank = pack / "banks" / "proofs.yaml"
    bank.write_text(bank.read_text().replace("answer: hi\n", "answer: ho\n"))


def test_several_engines_share_the_work_and_the_order_of_the_banks_is_kept(pack: Path) -> None:
    engines = [FakeSandbox(on_run=echo), FakeSandbox(on_run=echo)]
    told: list[str] = []
    proved = prove_pack(load(pack), sandboxes=engines, tell=told.append, jobs=2, seeds=3)
    assert [(each.question.id, each.outcome, len(each.results)) for each in proved] == [
        ("right", Outcome.PROVEN, 1),
        ("varied", Outcome.PROVEN, 3),
    ]
    assert sorted(line.partition("]")[0] for line in told) == ["[1 of 2", "[2 of 2"]
    assert "no proof         5" in list(summary(proved, questions=7))


@pytest.mark.django_db
def test_it_says_what_is_proven_and_ends_well(
    pack: Path, engine: FakeSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    out = prove(pack, capsys)
    assert "[1 of 2]" in out
    assert "varied (20 seeds)" in out
    assert "No key is contradicted." in out
    assert not Proof.objects.exists(), "the course is not in the database"


@pytest.mark.django_db
def test_a_contradiction_shows_both_values_and_ends_with_1(
    pack: Path, engine: FakeSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong(pack)
    with pytest.raises(CommandError) as ended:
        prove(pack, capsys)
    out = capsys.readouterr().out
    assert ended.value.returncode == 1
    assert "CONTRADICTED" in out
    assert "the key says        ho" in out
    assert "the engine showed   hi" in out


@pytest.mark.django_db
def test_without_an_engine_it_ends_with_3(
    pack: Path, engine: FakeSandbox, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.break_on("info")
    with pytest.raises(CommandError) as ended:
        prove(pack, capsys)
    assert ended.value.returncode == 3
    settings.SANDBOX_ENGINES, settings.SANDBOX_ENGINE = [], ""
    with pytest.raises(CommandError) as ended:
        call_command("course", "prove", str(pack))
    assert ended.value.returncode == 3


@pytest.mark.django_db
def test_an_engine_that_fails_on_the_way_ends_with_3(
    pack: Path, engine: FakeSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.break_on("build", times=1)
    with pytest.raises(CommandError) as ended:
        prove(pack, capsys)
    assert ended.value.returncode == 3


@pytest.mark.django_db
def test_one_question_can_be_proven_alone(pack: Path, engine: FakeSandbox, capsys: pytest.CaptureFixture[str]) -> None:
    out = prove(pack, capsys, "--question", "varied", "--seeds", "2")
    assert "[1 of 1]" in out
    assert "(2 seeds)" in out
    with pytest.raises(CommandError, match="No question `nothing`"):
        prove(pack, capsys, "--question", "nothing")


@pytest.mark.django_db
def test_results_are_kept_with_the_course_and_stop_a_wrong_key_from_coming_in(
    pack: Path, engine: FakeSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sync(pack=load(pack))
    assert "The results are kept" in prove(pack, capsys)
    assert {proof.state for proof in Proof.objects.all()} == {ProofState.PROVEN}
    wrong(pack)
    with pytest.raises(CommandError):
        prove(pack, capsys)
    with pytest.raises(Conflict) as refused:
        sync(pack=load(pack))
    assert refused.value.code == "question_contradicted"
    assert '"ho"' in refused.value.message
    with pytest.raises(CommandError, match="contradicts"):
        call_command("course", "sync", str(pack), "--yes")


@pytest.mark.django_db
def test_few_seeds_that_contradict_nothing_are_not_kept_and_take_no_contradiction_back(
    pack: Path, engine: FakeSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sync(pack=load(pack))
    course = Course.objects.get()
    varied = next(question for question in load(pack).questions if question.id == "varied")
    against = SeedResult(seed=4, outcome=Outcome.CONTRADICTED, key="a", seen="b", why="They differ.")
    assert keep_results(course=course, question=varied, results=[against]), "any contradiction is kept"
    digest = digest_of(varied)

    out = prove(pack, capsys, "--seeds", "1")
    assert "varied is not kept: nothing contradicts it, but seed 19 was left out" in out
    assert "Leave --seeds out." in out
    assert "1 result is kept with the course" in out, "the question that does not vary"
    assert set(contradicted(course=course, digests=[digest])) == {digest}
    assert Proof.objects.filter(question_digest=digest).count() == 1

    assert "The results are kept" in prove(pack, capsys)
    assert not contradicted(course=course, digests=[digest])


@pytest.mark.django_db
def test_a_contradiction_of_a_later_seed_is_taken_back_by_that_seed_alone(
    pack: Path, engine: FakeSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sync(pack=load(pack))
    course = Course.objects.get()
    varied = next(question for question in load(pack).questions if question.id == "varied")
    against = SeedResult(seed=21, outcome=Outcome.CONTRADICTED, key="a", seen="b", why="They differ.")
    keep_results(course=course, question=varied, results=[against])
    digest = digest_of(varied)
    assert seeds_to_carry_out(course=course, question=varied) == (*range(20), 21)

    out = prove(pack, capsys)
    assert "seed 21 was left out" in out
    assert "Give --seeds 22." in out
    assert contradicted(course=course, digests=[digest])
    prove(pack, capsys, "--seeds", "22")
    assert not contradicted(course=course, digests=[digest])


@pytest.mark.django_db
def test_checking_says_how_many_questions_have_a_proof(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("course", "check", str(pack), "--files-only")
    assert "2 with a proof" in capsys.readouterr().out


def test_a_proof_from_which_no_key_follows_is_named_with_its_place(pack: Path) -> None:
    bank = pack / "banks" / "proofs.yaml"
    bank.write_text(bank.read_text().replace("proof: {run: {}}", "proof: {run: {}, shows: {exit_code: 0}}", 1))
    with pytest.raises(InvalidPack) as refused:
        load(pack)
    (problem,) = refused.value.problems
    assert "Nothing ties the proof to the key" in problem.message
    assert problem.line == 10


def test_a_proof_that_settles_only_some_variants_is_named_with_its_place(pack: Path) -> None:
    options = "  options: ['{word}', sometimes]\n  proof: {run: {}, shows: {stdout: '{same}'}}\n"
    values = "{word: word, same: {kind: choice, of: [sometimes, otherwise]}}"
    bank = pack / "banks" / "proofs.yaml"
    varied = bank.read_text().replace("  values: {word: word}\n", f"  values: {values}\n{options}")
    varied = varied.replace('  proof: {run: {args: [echo, "{word}"]}}\n', "")
    before, _, after = varied.partition("- id: varied\n  kind: short_text")
    bank.write_text(f"{before}- id: varied\n  kind: single_choice{after}")
    with pytest.raises(InvalidPack) as refused:
        load(pack)
    (problem,) = refused.value.problems
    assert "Nothing ties the proof to the key" in problem.message


def test_a_proof_that_cannot_be_read_is_named_with_its_place(pack: Path) -> None:
    bank = pack / "banks" / "proofs.yaml"
    bank.write_text(bank.read_text().replace("proof: {run: {}}", "proof: {commands: docker run --privileged x}", 1))
    with pytest.raises(InvalidPack) as refused:
        load(pack)
    assert any("--privileged is not available here" in problem.message for problem in refused.value.problems)

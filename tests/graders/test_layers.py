"""Layers in a whole grading on a real engine: what the report tells of them, decoys, secrets, and hostile images."""

from collections.abc import Callable
from textwrap import dedent

import pytest

from graders.archive import Submission
from graders.engine import grade
from graders.image.contents import ImageLayers
from graders.plan import Base, InvalidPlan, parse_plan
from graders.report import CheckOutcome, Report
from graders.sandbox.docker import DockerSandbox
from graders.sandbox.fake import FakeSandbox

BASES = {"busybox": Base(name="busybox", image="busybox:1.35")}
HEAD = "title: x\nbases: [busybox]\n"
BUILDS = "points: 1\nchecks: [{id: builds, kind: builds, points: 1}]\n"

Grade = Callable[..., Report]


def submission(dockerfile: str, **files: str) -> Submission:
    contents = {"Dockerfile": dedent(dockerfile), **files}
    return Submission.from_files({path: text.encode() for path, text in contents.items()})


@pytest.fixture(name="graded")
def _graded(engine_url: str) -> Grade:
    def graded(plan: str, dockerfile: str, **files: str) -> Report:
        lab = parse_plan(HEAD + dedent(plan), file="lab.yaml", bases=BASES)
        report = grade(lab, submission(dockerfile, **files), DockerSandbox(engine_url), seed=5, job_id="layers")
        assert not report.refusals, report.refusals
        return report

    return graded


@pytest.mark.engine
def test_the_report_tells_what_each_layer_wasted_and_who_undid_it(graded: Grade) -> None:
    report = graded(
        BUILDS,
        """\
        FROM busybox:1.35
        RUN head -c 2000000 /dev/zero > /big && \\
            echo done
        ENV MODE=1
        RUN rm /big && chmod 700 /bin/busybox
        """,
    )
    (image,) = report.images
    told = [(each.line, each.instruction, each.empty, each.wasted_bytes, each.undone_by) for each in image.layers]
    assert told == [
        (None, "", False, 0, ()),
        (2, "RUN head -c 2000000 /dev/zero > /big &&     echo done", False, 2_000_000, (5,)),
        (4, "ENV MODE=1", True, 0, ()),
        (5, "RUN rm /big && chmod 700 /bin/busybox", False, 0, ()),
    ]
    base = image.layers[0].size_bytes
    assert (image.base, image.base_size_bytes, image.base_wasted_bytes) == ("busybox:1.35", base, 0)
    assert (image.wasted_bytes, image.waste_note) == (2_000_000, "")
    assert "layers default" in {phase.name for phase in report.phases}


@pytest.mark.engine
def test_what_is_not_worth_measuring_costs_nothing_and_says_so(graded: Grade) -> None:
    report = graded(BUILDS, "FROM busybox:1.35\nRUN echo > /a\nRUN rm /a\n")
    (image,) = report.images
    assert {layer.wasted_bytes for layer in image.layers} == {None}
    assert (image.wasted_bytes, image.base_wasted_bytes) == (None, None)
    assert image.waste_note.startswith("Not measured: ")
    assert "layers default" not in {phase.name for phase in report.phases}


@pytest.mark.engine
def test_one_reading_serves_every_check_and_tells_no_secret(graded: Grade) -> None:
    report = graded(
        """
        points: 5
        values: {token: nonce, decoy: hex}
        builds: {default: {args: {TOKEN: "{token}"}, decoys: {notes.txt: "{decoy}", .git/HEAD: "x {decoy}"}}}
        checks:
          - {id: secret, kind: secret_absent, value: "{token}", points: 1}
          - {id: context, kind: context_clean, points: 1}
          - {id: waste, kind: waste, at_most_mib: 0, points: 1}
          - {id: lean, kind: final_image_without, categories: version-control, points: 1}
          - {id: never, kind: layer_file, absent: "*.txt", points: 1}
        """,
        """\
        FROM busybox:1.35
        ARG TOKEN
        COPY . /app
        RUN echo $TOKEN > /app/$TOKEN && ln -s /$TOKEN /link
        RUN rm -r /app/notes.txt /app/$TOKEN
        """,
    )
    assert {check.id: check.outcome.value for check in report.checks} == dict.fromkeys(
        ["secret", "context", "waste", "lean", "never"], "failed"
    )
    assert [phase.name for phase in report.phases].count("layers default") == 1
    token = report.values["token"]
    secret = next(check for check in report.checks if check.id == "secret")
    assert token not in secret.model_dump_json()
    for part in ("/app/…", "a file's name", "what a link leads to, /link", "the history, with RUN on line 4"):
        assert part in secret.seen, secret.seen


@pytest.mark.engine
def test_the_checks_withstand_a_hostile_image(graded: Grade) -> None:
    report = graded(
        """
        points: 4
        values: {token: nonce}
        checks:
          - {id: secret, kind: secret_absent, value: "{token}", points: 1}
          - {id: waste, kind: waste, at_most_percent: 1, points: 1}
          - {id: lean, kind: final_image_without, patterns: ["*.o", evil/], points: 1}
          - {id: never, kind: layer_file, absent: "*.o", points: 1}
        """,
        r"""
        FROM busybox:1.35
        RUN touch "$(printf '/a\033[31m\n\342\200\256\377.o')" && ln -s / /evil && ln -s /loop /loop
        RUN mkdir -p /d/e && d=/d && for i in 0 1 2 3 4 5 6 7 8 9; do d=$d/$(printf '%0200d' 0); done && mkdir -p $d
        RUN head -c 2000000 /dev/zero > /bin/zeros && rm -rf /d && touch /.wh.bin /.wh..wh..opq
        RUN ["/bin/busybox", "rm", "-rf", "/bin"]
        """,
    )
    outcomes = {check.id: check.outcome.value for check in report.checks}
    assert outcomes == {"secret": "passed", "waste": "failed", "lean": "failed", "never": "failed"}
    never = next(check for check in report.checks if check.id == "never")
    assert r"/a␛[31m⏎<U+202E>\xff.o" in never.message
    assert report.images[0].wasted_bytes == 2_000_000


KINDS = """
points: 5
values: {token: nonce, decoy: nonce}
builds: {default: {decoys: {a: "{decoy}"}}}
checks:
  - {id: secret, kind: secret_absent, value: "{token}", points: 1}
  - {id: context, kind: context_clean, points: 1}
  - {id: waste, kind: waste, at_most_mib: 1, points: 1}
  - {id: lean, kind: final_image_without, categories: tests, points: 1}
  - {id: never, kind: layer_file, absent: "*.txt", points: 1}
"""


def test_an_image_that_cannot_be_read_whole_gets_no_points_and_says_why() -> None:
    plan = parse_plan(HEAD + KINDS, file="lab.yaml", bases=BASES)
    sandbox = FakeSandbox(layers=ImageLayers(limit="The image has more than 7 files."))
    report = grade(plan, submission("FROM busybox:1.35\n"), sandbox, seed=1, job_id="x")
    assert {check.outcome for check in report.checks} == {CheckOutcome.FAILED}
    assert all(check.message.startswith("The image has more than 7 files. So nobody knows") for check in report.checks)
    assert report.images[0].waste_note == "Not measured: the image has more than 7 files."
    assert len(sandbox.asked("layers")) == 1


@pytest.mark.parametrize(
    ("builds", "says"),
    [
        ('{decoys: {Dockerfile: "{decoy}"}}', "cannot be a decoy"),
        ('{decoys: {sub/.dockerignore: "{decoy}"}}', "cannot be a decoy"),
        ('{decoys: {a: "{decoy}"}, files: {a: x}}', "under `files` as well"),
        ("{decoys: {a: plain}}", "needs a drawn value"),
        ('{decoys: {a: "{short}"}}', "needs a drawn value"),
        ('{decoys: {a: "{decoy}"}, args: {X: "{decoy}"}}', "would be found without the decoy"),
        ("{}", "has no decoys to look for"),
    ],
)
def test_a_decoy_that_proves_nothing_is_refused(builds: str, says: str) -> None:
    plan = f"""points: 1
values: {{decoy: nonce, short: word}}
builds: {{default: {builds}}}
checks: [{{id: context, kind: context_clean, points: 1}}]
"""
    with pytest.raises(InvalidPlan, match=says):
        parse_plan(HEAD + plan, file="lab.yaml", bases=BASES)


def test_a_decoy_takes_the_place_of_a_file_of_its_name_and_learners_do_not_see_it() -> None:
    plan = parse_plan(HEAD + KINDS, file="lab.yaml", bases=BASES)
    sandbox = FakeSandbox()
    report = grade(plan, submission("FROM busybox:1.35\n", a="mine"), sandbox, seed=1, job_id="x")
    (built,) = sandbox.asked("build")
    assert report.values["decoy"].encode() in built.context  # type: ignore[attr-defined]
    assert report.values["decoy"] not in report.for_learner().model_dump_json()


def test_a_build_that_no_check_names_is_an_authors_mistake() -> None:
    plan = KINDS.replace("at_most_mib: 1,", "at_most_mib: 1, build: debug,")
    with pytest.raises(InvalidPlan, match="There is no build `debug`"):
        parse_plan(HEAD + plan, file="lab.yaml", bases=BASES)

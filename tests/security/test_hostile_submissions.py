"""Rows 1 to 17 of docs/security.md: each attempt goes the whole way of a submission, on a real engine."""

from collections.abc import Callable

import pytest

from graders.archive import Submission
from graders.report import Outcome, Report
from tests.security.attempts import HONEST, MANY_FILES, Attempt, of_row, word_plan

pytestmark = pytest.mark.engine

Graded = Callable[..., Report]


def each_of(row: int) -> pytest.MarkDecorator:
    """A test for each attempt of a row."""
    attempts = of_row(row)
    assert attempts
    return pytest.mark.parametrize("attempt", attempts, ids=[attempt.name for attempt in attempts])


def try_it(graded: Graded, attempt: Attempt) -> Report:
    report = graded(attempt.plan, attempt.submission)
    attempt.judge(report)
    return report


@each_of(1)
def test_nobody_chooses_who_reads_the_dockerfile(graded: Graded, attempt: Attempt) -> None:
    try_it(graded, attempt)


@each_of(2)
def test_a_flag_that_nobody_knows_is_refused(graded: Graded, attempt: Attempt) -> None:
    try_it(graded, attempt)


@each_of(3)
def test_nothing_is_fetched_by_add(graded: Graded, attempt: Attempt) -> None:
    try_it(graded, attempt)


@each_of(4)
def test_only_images_of_the_lab_are_used(graded: Graded, attempt: Attempt) -> None:
    try_it(graded, attempt)


@each_of(5)
def test_nothing_is_put_off_by_onbuild(graded: Graded, attempt: Attempt) -> None:
    try_it(graded, attempt)


@each_of(6)
def test_a_mount_that_the_lab_does_not_need_is_refused(graded: Graded, attempt: Attempt) -> None:
    try_it(graded, attempt)


@each_of(8)
def test_a_bomb_meets_its_limit_and_the_next_submission_is_unhurt(graded: Graded, attempt: Attempt) -> None:
    try_it(graded, attempt)
    after = graded(word_plan(), Submission.from_files({"Dockerfile": HONEST.encode()}), job_id="neighbour")
    assert after.score == after.max_score


@each_of(9)
def test_a_full_disk_ends_its_own_job_and_the_space_returns(graded: Graded, attempt: Attempt) -> None:
    try_it(graded, attempt)
    large = HONEST + "RUN fallocate -l 900000000 /large\n"
    after = graded(word_plan(), Submission.from_files({"Dockerfile": large.encode()}), job_id="neighbour")
    assert after.score == after.max_score, after.builds


def test_an_image_that_fills_the_disk_does_not_outlive_its_job(graded: Graded) -> None:
    """Such a build meets its time limit while its image is written, when nothing can stop that, or is graded."""
    greedy = HONEST + "RUN " + MANY_FILES.replace("exit 1", "true") + "\n"
    report = graded(word_plan(quick=True), Submission.from_files({"Dockerfile": greedy.encode()}))
    assert report.outcome is Outcome.GRADED
    after = graded(word_plan(), Submission.from_files({"Dockerfile": HONEST.encode()}), job_id="neighbour")
    assert after.score == after.max_score, after.builds


@each_of(10)
def test_a_flood_of_output_is_capped_marked_and_ended(graded: Graded, attempt: Attempt) -> None:
    report = try_it(graded, attempt)
    assert report.builds[0].log_cut or report.containers[0].cut
    assert len(report.model_dump_json()) < 3_000_000


@each_of(11)
def test_what_sleeps_for_ever_is_ended_and_told_so(graded: Graded, attempt: Attempt) -> None:
    try_it(graded, attempt)


@each_of(13)
def test_an_odd_thing_in_a_files_place_is_no_file(graded: Graded, attempt: Attempt) -> None:
    report = try_it(graded, attempt)
    (file,) = [check for check in report.checks if check.id == "file"]
    assert file.message.endswith(".")
    assert report.values["word"] not in file.seen
    assert "root:" not in report.model_dump_json()


@each_of(14)
def test_pretending_gives_no_points(graded: Graded, attempt: Attempt) -> None:
    try_it(graded, attempt)


@each_of(16)
def test_what_an_image_says_of_itself_bends_no_probe(graded: Graded, attempt: Attempt) -> None:
    try_it(graded, attempt)


@each_of(17)
def test_what_an_image_declares_is_neutralised(graded: Graded, attempt: Attempt) -> None:
    try_it(graded, attempt)

"""A console from its opening to its end: what is typed is carried out once, in order, and kept."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from builders import a_member, an_instructor_of
from django.db import connection
from django.utils import timezone

from accounts.errors import DrydockError
from courses.models import Extension, Membership
from graders.commands.end_state import EndState
from graders.commands.state import SessionState
from graders.sandbox.fake import FakeSandbox
from graders.values import draw
from labs import console_queue, consoles, grading, storage
from labs.console_models import ConsoleEntry, ConsoleSession
from labs.console_states import Because, ConsoleState, EntryKind, EntryState
from labs.console_story import seed_of, story_of
from labs.models import Submission, Via
from labs.reading import files_of, report_for
from labs.services import regrade, submit, sync_lab
from labs.states import State
from tests.labs.consoles.building import FakeConsoles, a_console, a_console_lab, a_console_plan, typed, work_off

pytestmark = pytest.mark.django_db


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(DrydockError) as error:
        act()
    return error.value.code


def drawn_name(session: ConsoleSession) -> str:
    return draw(session.version.lab_plan.values, seed=session.seed)["name"]


# ── Opening ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_console_opens_with_the_lab_s_folder_and_a_picture() -> None:
    session = a_console()

    assert (session.state, session.engine, session.tryout) == (ConsoleState.OPEN, "fake", False)
    assert session.texts == {"notes.txt": "x\n"}
    assert session.picture is not None
    assert [base.reference for base in session.state_of_session.bases] == ["busybox:1.35"]
    assert session.opened_at is not None


def test_what_a_lab_prepares_is_there_and_is_not_in_the_journal(engine: FakeConsoles) -> None:
    lab = a_console_lab(plan=a_console_plan(console={"prepare": ["docker create {name}"]}))
    session = a_console(lab)

    assert [own.name for own in session.state_of_session.containers] == [drawn_name(session)]
    assert console_queue.journal_of(session) == []
    assert len(engine.containers) == 1


def test_opening_again_gives_the_console_that_is_open() -> None:
    session = a_console()

    assert consoles.open_session(author=session.author, lab=session.lab) == session
    assert ConsoleSession.objects.count() == 1


def test_a_console_whose_base_is_missing_is_given_up_and_says_so(engine: FakeConsoles) -> None:
    engine.bases.clear()
    session = a_console()

    assert (session.state, session.ended_because) == (ConsoleState.LOST, Because.NOT_OPENED)
    assert "could not be made ready" in session.entries.get(kind=EntryKind.NOTICE).printed
    assert consoles.open_session(author=session.author, lab=session.lab) != session


def test_a_preparation_that_fails_leaves_nothing_behind(engine: FakeConsoles) -> None:
    prepare = ["docker create a", "docker rm nobody"]
    session = a_console(a_console_lab(plan=a_console_plan(console={"prepare": prepare})))

    assert session.state == ConsoleState.LOST
    assert engine.containers == {}


def test_who_may_not_take_the_lab_opens_no_console() -> None:
    lab = a_console_lab()
    student = a_member(lab.activity.course)
    lab.activity.closes_at = timezone.now() - timedelta(hours=1)
    lab.activity.save()

    assert refused(lambda: consoles.open_session(author=student, lab=lab)) == "closed"
    outsider = an_instructor_of(a_console_lab().activity.course)
    assert refused(lambda: consoles.open_session(author=outsider, lab=lab)) == "not_published"
    assert consoles.open_session(author=an_instructor_of(lab.activity.course), lab=lab).tryout
    assert not ConsoleSession.objects.filter(author=student).exists()


def test_one_person_has_few_consoles_at_once_and_the_site_not_too_many(settings: Any) -> None:
    first = a_console()
    course, student = first.course, first.author
    for _ in range(consoles.LIVE_PER_PERSON - 1):
        a_console(a_console_lab(course), author=student)
    another = a_console_lab(course)

    with pytest.raises(DrydockError, match=re.escape(first.lab.activity.title)) as many:
        consoles.open_session(author=student, lab=another)
    assert many.value.code == "too_many_consoles"
    settings.CONSOLES_AT_MOST = consoles.LIVE_PER_PERSON
    somebody = a_member(course)
    assert refused(lambda: consoles.open_session(author=somebody, lab=another)) == "consoles_full"


# ── Typing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_line_keeps_what_it_printed_and_did_and_changes_the_picture(engine: FakeConsoles) -> None:
    session = a_console()
    entry = typed(session, "docker run web")

    assert (entry.state, entry.exit_code, entry.line) == (EntryState.DONE, 0, 1)
    assert entry.printed.endswith("\n")
    assert [call["method"] for call in entry.calls] == ["POST"]
    assert entry.done[0]["touched"][0]["name"] == "web"
    assert session.picture is not None
    assert [one["name"] for one in session.picture["containers"]] == ["web"]
    assert list(engine.containers) == [f"dd-{session.key}-c1"]


def test_lines_are_carried_out_in_the_order_in_which_they_were_typed() -> None:
    session = a_console()
    for line in ("docker run a", "docker run b", "docker rm a", "docker ps"):
        consoles.type_line(by=session.author, session=session, text=line)
    work_off()

    last = session.entries.lines().last()
    assert last is not None
    assert last.printed == "b\n"
    assert [row.line for row in console_queue.journal_of(session)] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "line_empty"),
        ("   \n", "line_empty"),
        ("docker ps\ndocker ps", "one_line_at_a_time"),
        ("docker ps\rdocker ps", "one_line_at_a_time"),
        ("docker \0ps", "line_unreadable"),
        ("docker \ud800", "line_unreadable"),
        ("docker run " + "ü" * 4000, "line_too_long"),
    ],
)
def test_what_is_no_line_is_refused_and_nothing_is_typed(text: str, code: str) -> None:
    session = a_console()

    assert refused(lambda: consoles.type_line(by=session.author, session=session, text=text)) == code
    assert not session.entries.lines().exists()


def test_a_flood_of_lines_is_refused_with_a_time_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consoles, "LINES_PER_MINUTE", 3)
    session = a_console()
    for _ in range(3):
        typed(session, "docker ps")

    with pytest.raises(DrydockError) as error:
        consoles.type_line(by=session.author, session=session, text="docker ps")
    assert error.value.code == "too_fast"
    assert 0 < getattr(error.value, "retry_after_seconds", 0) <= 61


def test_only_a_few_lines_wait_at_once() -> None:
    session = a_console()
    for _ in range(consoles.LINES_WAITING):
        consoles.type_line(by=session.author, session=session, text="docker ps")

    code = refused(lambda: consoles.type_line(by=session.author, session=session, text="docker ps"))
    assert code == "too_many_lines_waiting"


def test_nobody_types_in_somebody_else_s_console_staff_included() -> None:
    session = a_console()
    for other in (a_member(session.course), an_instructor_of(session.course)):
        for act in (
            lambda by: consoles.type_line(by=by, session=session, text="docker ps"),
            lambda by: consoles.save_file(by=by, session=session, path="Dockerfile", text=""),
            lambda by: consoles.hand_in_session(by=by, session=session),
            lambda by: consoles.end_session(by=by, session=session),
            lambda by: consoles.start_over(by=by, session=session),
        ):
            assert refused(lambda act=act, by=other: act(by)) == "not_your_console"  # type: ignore[misc]


def test_what_a_student_printed_in_odd_characters_is_kept_by_every_database(engine: FakeConsoles) -> None:
    session = a_console()
    entry = typed(session, "docker run we\x01b\u202e")

    assert entry.exit_code == 0
    assert engine.containers


# ── The folder ───────────────────────────────────────────────────────────────────────────────────────────────────────


def a_console_with_files() -> ConsoleSession:
    plan = a_console_plan(submission={"editable": ["Dockerfile", "src/*"]})
    return a_console(a_console_lab(plan=plan, starter={"Dockerfile": "FROM busybox:1.35\n", "given.txt": "g\n"}))


def test_a_file_is_saved_while_lines_change_others(engine: FakeConsoles) -> None:
    session = a_console_with_files()

    def save(_state: SessionState, _line: str) -> None:
        consoles.save_file(by=session.author, session=session, path="Dockerfile", text="FROM busybox:1.35\nRUN true\n")

    engine.on_line = save
    typed(session, "docker run web")
    typed(session, "docker write src/new eA==")

    assert session.texts == {"Dockerfile": "FROM busybox:1.35\nRUN true\n", "given.txt": "g\n", "src/new": "x"}


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        ("given.txt", "x", "file_not_editable"),
        ("commands.txt", "docker ps", "file_not_editable"),
        ("../Dockerfile", "x", "bad_path"),
        ("/etc/passwd", "x", "bad_path"),
        ("src/a\0b", "x", "bad_path"),
        ("Dockerfile", "\ud800", "file_unreadable"),
        ("Dockerfile", "x" * 3 * 1024 * 1024, "folder_full"),
    ],
)
def test_files_that_are_not_the_student_s_or_do_not_fit_are_refused(path: str, text: str, code: str) -> None:
    session = a_console_with_files()
    before = session.texts

    save: Callable[[], object] = lambda: consoles.save_file(by=session.author, session=session, path=path, text=text)  # noqa: E731
    assert refused(save) == code
    session.refresh_from_db()
    assert session.texts == before


# ── Handing in ───────────────────────────────────────────────────────────────────────────────────────────────────────


def handed_in(session: ConsoleSession) -> ConsoleEntry:
    entry = consoles.hand_in_session(by=session.author, session=session, via=Via.API)
    work_off()
    entry.refresh_from_db()
    return entry


def grade_all() -> None:
    while claim := grading.queue.claim_next(worker="w"):
        grading.grade_claim(claim, FakeSandbox())


def test_what_is_there_is_handed_in_and_graded_without_an_engine(engine: FakeConsoles) -> None:
    session = a_console()
    typed(session, f"docker run {drawn_name(session)}")
    entry = handed_in(session)
    engine.containers.clear()
    grade_all()

    submission = Submission.objects.get()
    assert entry.submission == submission
    assert (submission.state, submission.score, submission.via) == (State.GRADED, 10, Via.API)
    assert submission.seed == session.seed == seed_of(session.lab, session.author)
    assert files_of(submission).files["commands.txt"] == f"docker run {drawn_name(session)}\n".encode()
    end = EndState.model_validate_json(storage.read(submission.observed_name))
    assert [line.number for line in end.journal] == [1]


def test_a_hand_in_is_graded_again_from_what_was_seen() -> None:
    session = a_console()
    typed(session, f"docker run {drawn_name(session)}")
    handed_in(session)
    grade_all()
    submission = Submission.objects.get()
    again = regrade(by=an_instructor_of(session.course), submission=submission)
    grade_all()

    again.refresh_from_db()
    assert (again.state, again.score) == (State.GRADED, 10)
    report = report_for(submission=again, viewer=session.author)
    assert report is not None
    assert [line.text for line in report.commands] == [f"docker run {drawn_name(session)}"]


@pytest.mark.parametrize("looks_at_more", [False, True])
def test_a_newer_version_judges_a_hand_in_only_by_what_was_kept_of_it(looks_at_more: bool) -> None:
    session = a_console()
    typed(session, f"docker run {drawn_name(session)}")
    handed_in(session)
    grade_all()
    checks = [{"id": "runs", "kind": "container", "name": "{name}", "state": "created", "points": 10}]
    if looks_at_more:
        file = {"kind": "container_file", "container": "{name}", "path": "/f", "contains": "x"}
        checks.append({"id": "f", "points": 1, **file})
    plan = a_console_plan(checks=checks, points=sum(int(check["points"]) for check in checks))
    sync_lab(activity=session.lab.activity, plan=plan, readme="", starter={})
    teacher = an_instructor_of(session.course)
    again = regrade(by=teacher, submission=Submission.objects.get(), to_current_version=True)
    grade_all()

    again.refresh_from_db()
    assert (again.version == session.version) == looks_at_more
    assert again.score == (10 if looks_at_more else 0)


def test_a_commands_file_draws_the_same_values_as_the_console() -> None:
    lab = a_console_lab()
    student = a_member(lab.activity.course)
    submission = submit(author=student, lab=lab, files={"commands.txt": b"docker run web\n"})

    assert submission.seed == seed_of(lab, student)
    assert submission.observed_name == ""


def test_work_goes_on_after_handing_in_and_can_be_handed_in_again() -> None:
    session = a_console()
    typed(session, "docker run wrong")
    handed_in(session)
    typed(session, f"docker run {drawn_name(session)}")
    handed_in(session)
    grade_all()

    assert [one.score for one in Submission.objects.order_by("number")] == [0, 10]


def test_handing_in_twice_at_once_hands_in_once() -> None:
    session = a_console()
    typed(session, "docker run web")
    first = consoles.hand_in_session(by=session.author, session=session)
    second = consoles.hand_in_session(by=session.author, session=session)
    work_off()

    assert first == second
    assert Submission.objects.count() == 1


def test_nothing_typed_is_nothing_to_hand_in() -> None:
    session = a_console()

    assert refused(lambda: consoles.hand_in_session(by=session.author, session=session)) == "nothing_typed"


def test_a_closed_lab_and_used_up_tries_refuse_a_hand_in_at_once() -> None:
    lab = a_console_lab(attempts_allowed=1)
    session = a_console(lab)
    typed(session, "docker run web")
    handed_in(session)
    assert refused(lambda: consoles.hand_in_session(by=session.author, session=session)) == "tries_used_up"

    lab.activity.closes_at = timezone.now() - timedelta(seconds=1)
    lab.activity.save()
    teacher = an_instructor_of(session.course)
    Extension.objects.create(activity=lab.activity, user=session.author, extra_attempts=1, granted_by=teacher)
    assert refused(lambda: consoles.hand_in_session(by=session.author, session=session)) == "closed"


def test_a_hand_in_that_is_refused_later_says_why_and_loses_nothing() -> None:
    session = a_console(a_console_lab(attempts_allowed=1))
    typed(session, "docker run web")
    entry = consoles.hand_in_session(by=session.author, session=session)
    submit(author=session.author, lab=session.lab, files={"commands.txt": b"docker ps\n"})
    work_off()

    entry.refresh_from_db()
    assert (entry.state, entry.error_code, entry.submission) == (EntryState.DONE, "tries_used_up", None)
    assert "all 1 tries" in entry.error_message
    assert ConsoleSession.objects.get().state == ConsoleState.OPEN
    assert Submission.objects.count() == 1


def test_a_folder_that_is_too_large_to_be_handed_in_is_said_to_be() -> None:
    rules = {"rules": {"folder_mib": 8}}
    session = a_console(a_console_lab(plan=a_console_plan(console=rules, submission={"editable": ["*.txt"]})))
    consoles.save_file(by=session.author, session=session, path="a.txt", text="x" * 6 * 1024 * 1024)
    typed(session, "docker run web")
    entry = handed_in(session)

    assert (entry.state, entry.error_code) == (EntryState.DONE, "too_large")
    assert not Submission.objects.exists()


def test_a_line_that_comes_after_the_end_is_not_carried_out(engine: FakeConsoles) -> None:
    session = a_console()
    line = consoles.type_line(by=session.author, session=session, text="docker run web")
    consoles.end_session(by=session.author, session=session)
    work_off()

    line.refresh_from_db()
    assert (line.state, line.error_code, line.exit_code) == (EntryState.DONE, "console_ended", 1)
    assert "had ended before" in line.printed
    assert engine.containers == {}


def test_a_hand_in_counts_from_when_it_was_asked_for() -> None:
    lab = a_console_lab(late_percent_per_day=10)
    session = a_console(lab)
    typed(session, "docker run web")
    entry = consoles.hand_in_session(by=session.author, session=session)
    lab.activity.closes_at = timezone.now()  # it closes while the hand-in waits
    lab.activity.save()
    work_off()

    entry.refresh_from_db()
    assert entry.submission is not None
    assert entry.submission.handed_in_at == entry.queued_at
    assert entry.submission.late_factor == 1


def test_a_staff_member_s_console_is_a_try_out() -> None:
    lab = a_console_lab(attempts_allowed=1)
    session = a_console(lab, author=an_instructor_of(lab.activity.course))
    typed(session, "docker run web")
    handed_in(session)
    handed_in(session)

    assert {one.tryout for one in Submission.objects.all()} == {True}


# ── Ending ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_ending_a_console_removes_what_it_made_and_keeps_what_was_typed(engine: FakeConsoles) -> None:
    session = a_console()
    typed(session, "docker run web")
    consoles.end_session(by=session.author, session=session)
    work_off()

    session.refresh_from_db()
    assert (session.state, session.ended_because) == (ConsoleState.ENDED, Because.ASKED)
    assert session.why_ended
    assert engine.containers == {}
    assert [row.text for row in console_queue.journal_of(session)] == ["docker run web"]
    code = refused(lambda: consoles.type_line(by=session.author, session=session, text="docker ps"))
    assert code == "console_ended"


def test_starting_over_gives_a_fresh_console_at_once(engine: FakeConsoles) -> None:
    session = a_console()
    typed(session, "docker run web")
    new = consoles.start_over(by=session.author, session=session)
    work_off()

    session.refresh_from_db()
    new.refresh_from_db()
    assert (session.state, new.state) == (ConsoleState.ENDED, ConsoleState.OPEN)
    assert new.key != session.key
    assert new.seed == session.seed
    assert engine.containers == {}
    assert consoles.session_of(author=session.author, lab=session.lab) == new


def test_starting_over_twice_at_once_starts_over_once() -> None:
    session = a_console()
    again = ConsoleSession.objects.get(pk=session.pk)
    new = consoles.start_over(by=session.author, session=session)

    assert consoles.start_over(by=session.author, session=again) == new
    assert ConsoleSession.objects.live().get() == new


def test_one_can_start_over_when_every_console_is_in_use(settings: Any) -> None:
    session = a_console()
    settings.CONSOLES_AT_MOST = 1
    new = consoles.start_over(by=session.author, session=session)
    assert ConsoleSession.objects.live().get() == new
    assert refused(lambda: consoles.open_session(author=a_member(session.course), lab=session.lab)) == "consoles_full"


def test_a_start_over_that_is_refused_leaves_the_console_as_it_was() -> None:
    session = a_console()
    session.lab.activity.closes_at = timezone.now() - timedelta(seconds=1)
    session.lab.activity.save()

    assert refused(lambda: consoles.start_over(by=session.author, session=session)) == "closed"
    session.refresh_from_db()
    assert session.state == ConsoleState.OPEN


# ── Who sees it ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_console_is_seen_by_its_author_and_the_course_s_staff() -> None:
    session = a_console()

    def sees(user: Any) -> bool:
        seen = ConsoleSession.objects.visible_to(user).exists()
        assert ConsoleEntry.objects.visible_to(user).exists() == seen
        return seen

    assert sees(session.author)
    assert sees(an_instructor_of(session.course))
    assert not sees(a_member(session.course))
    assert not sees(an_instructor_of(a_console_lab().activity.course))
    Membership.objects.filter(user=session.author).update(active=False)
    assert not sees(session.author)


# ── The story ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_story_is_filled_for_each_student_and_templates_of_docker_s_stay() -> None:
    session = a_console()
    version = session.version
    version.readme = "Call it `{name}`. `docker ps --format '{{.Names}}'` and {{name}} and {other} stay."

    name = drawn_name(session)
    told = f"Call it `{name}`. `docker ps --format '{{{{.Names}}}}'` and {{{{name}}}} and {{other}} stay."
    assert story_of(version, session.seed) == told
    somebody = a_member(session.course)
    assert seed_of(session.lab, somebody) != session.seed


# ── Following ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_whoever_waits_for_a_line_has_it_as_soon_as_it_is_done() -> None:
    session = a_console()
    entry = consoles.type_line(by=session.author, session=session, text="docker run web")
    assert consoles.wait_for(entry, 0.05).state == EntryState.WAITING

    def work() -> None:
        try:
            work_off()
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    done = consoles.wait_for(entry, 30)
    worker.join()
    assert (done.state, done.exit_code) == (EntryState.DONE, 0)


def test_few_wait_at_once_so_that_other_pages_are_served(settings: Any) -> None:
    settings.CONSOLE_WAITERS = 1
    session = a_console()
    entry = consoles.type_line(by=session.author, session=session, text="docker ps")
    with consoles._waiters(1):
        assert consoles.wait_for(entry, 3600).state == EntryState.WAITING, "it did not wait"
    work_off()
    assert consoles.wait_for(entry, 30).state == EntryState.DONE


def test_a_console_that_printed_more_than_can_be_kept_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consoles, "MOST_PRINTED", 100)
    session = a_console()
    for name in ("a", "b"):
        typed(session, f"docker run {name}")

    assert session.printed_characters == 130
    code = refused(lambda: consoles.type_line(by=session.author, session=session, text="docker ps"))
    assert code == "journal_full"
    assert consoles.hand_in_session(by=session.author, session=session)

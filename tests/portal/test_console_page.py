"""The page of a lab with a console: what it shows, what it takes, and what it keeps when something goes wrong."""

import json
from base64 import b64encode
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from builders import a_course, a_lab, a_member, a_submission, an_instructor_of
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from courses.models import Course
from graders.values import draw
from labs import consoles
from labs.console_models import ConsoleEntry, ConsoleSession
from labs.console_states import Because, ConsoleState, EntryKind, EntryState
from labs.models import Lab, Submission
from labs.reading import files_of
from portal import console_view
from portal.console_grammar import grammar_digest, grammar_text
from tests.portal.console_building import a_console_lab, a_console_plan, a_session, an_entry, calls, printed

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e\x07"


@pytest.fixture(autouse=True)
def _answers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker is there: what is typed waits, and pages do not wait for it."""
    monkeypatch.setattr("portal.views.console._SCRIPT_WAITS_SECONDS", 0.0)
    monkeypatch.setattr("portal.views.console._FORM_WAITS_SECONDS", 0.0)


@pytest.fixture
def course() -> Course:
    return a_course(time_zone="Europe/Madrid")


@pytest.fixture
def student(course: Course, client: Client) -> User:
    user = a_member(course)
    client.force_login(user)
    return user


@pytest.fixture
def lab(course: Course) -> Lab:
    return a_console_lab(course, title="Pause and end", starter={"Dockerfile": "FROM busybox:1.35\n"})


def page_of(lab: Lab) -> str:
    return reverse("portal:lab", args=[lab.activity.course.slug, lab.activity.slug])


def at(name: str, session: ConsoleSession) -> str:
    return reverse(f"portal:{name}", args=[session.pk])


def text_of(response: Any) -> str:
    return str(response.content.decode())


def news_of(client: Client, session: ConsoleSession, query: str = "after=0") -> dict[str, Any]:
    response = client.get(f"{at('console-since', session)}?{query}", HTTP_ACCEPT="application/json")
    assert response.status_code == 200
    return dict(response.json())


def test_the_story_holds_the_student_s_own_values_and_dockers_templates_stay(
    client: Client, student: User, lab: Lab
) -> None:
    page = text_of(client.get(page_of(lab)))
    assert lab.current_version is not None
    own = draw(lab.current_version.lab_plan.values, seed=consoles.seed_of(lab, student))["name"]
    assert f"<code>{own}</code>" in page
    assert "{{.Names}}" in page
    assert "Your container is paused" in page
    assert "and 1 check that keeps its details to itself" in page


def test_before_a_console_is_open_the_page_says_what_one_is_and_opens_none(
    client: Client, student: User, lab: Lab
) -> None:
    page = text_of(client.get(page_of(lab)))
    assert "Open your console" in page
    assert "Room for 4 containers" in page
    assert "console.js" not in page
    assert not ConsoleSession.objects.exists()


def test_opening_leads_to_the_prompt_and_opening_again_to_the_same_console(
    client: Client, student: User, lab: Lab
) -> None:
    address = reverse("portal:console-open", args=[lab.activity.course.slug, lab.activity.slug])
    for _ in range(2):
        assert client.post(address)["Location"] == f"{page_of(lab)}#line"
    assert ConsoleSession.objects.get().author == student
    page = text_of(client.get(page_of(lab)))
    assert "Getting ready" in page
    assert 'id="line"' in page


def test_a_console_that_cannot_be_opened_says_why_on_the_page(client: Client, student: User, course: Course) -> None:
    lab = a_console_lab(course, closes_at=timezone.now() - timedelta(days=1))
    page = text_of(client.get(page_of(lab)))
    assert "Open your console" not in page
    assert "This lab closed" in page
    address = reverse("portal:console-open", args=[course.slug, lab.activity.slug])
    assert "This lab is closed" in text_of(client.post(address, follow=True))


def test_the_journal_is_shown_with_streams_told_apart_and_requests_in_a_fold(
    client: Client, student: User, lab: Lab
) -> None:
    session = a_session(lab, student)
    told = calls(("GET", "/containers/json", 200))
    an_entry(session, "docker ps", pieces=printed("CONTAINER ID   IMAGE\n"), calls=told)
    an_entry(session, "docker rm web", pieces=printed("No such container\n", stream="err"), exit_code=1)
    page = text_of(client.get(page_of(lab)))
    assert "<pre>CONTAINER ID   IMAGE</pre>" in page
    assert "1 request to the daemon" in page
    assert "printed to standard error: </span></span><pre>No such container</pre>" in page
    assert '<span class="con-code">exit code 1</span>' in page
    assert page.count("exit code 0") == 0


def test_the_picture_names_what_is_there_with_its_state_in_words_and_the_room_left(
    client: Client, student: User, lab: Lab
) -> None:
    a_session(lab, student)
    page = text_of(client.get(page_of(lab)))
    assert "1 of 4" in page  # containers
    assert "0 of 5 of your own" in page  # images: the lab's base takes no room
    assert "exit code 3" in page
    assert "ledger at /data" in page
    assert "seconds ago" not in page  # it would soon be untrue


def test_an_empty_engine_says_how_to_fill_it(client: Client, student: User, lab: Lab) -> None:
    a_session(lab, student, picture={"images": []})
    page = text_of(client.get(page_of(lab)))
    assert "No container yet. Made with <code>docker create</code> or <code>docker run</code>." in page
    assert "No volume yet. Made with <code>docker volume create</code>." in page


def test_what_is_hostile_is_shown_inert(client: Client, student: User, lab: Lab) -> None:
    hostile = {"containers": [{"id": "1" * 64, "name": HOSTILE, "state": HOSTILE, "status": HOSTILE, "image": HOSTILE}]}
    session = a_session(lab, student, picture=hostile)
    an_entry(
        session,
        f"docker run {HOSTILE}",
        pieces=[*printed(HOSTILE), *printed("x" * 64_000, stream="err")],
        calls=calls(("GET", f"/containers/{HOSTILE}", 404)),
    )
    for shown in (text_of(client.get(page_of(lab))), news_of(client, session)["html"]):
        assert "<script>alert" not in shown
        assert not {"\x1b", "\u202e", "\x07"} & set(shown)
        assert "con-out is-err wraps" in shown


def test_a_page_shows_the_end_of_a_long_journal_and_the_rest_on_request(
    client: Client, student: User, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.console_news.MOST_LINES", 20)
    monkeypatch.setattr(console_view, "MOST_LINES", 20)
    session = a_session(lab, student)
    for number in range(1, 46):
        an_entry(session, f"echo {number}")
    page = text_of(client.get(page_of(lab)))
    assert "25 earlier lines" in page
    assert 'data-typed="echo 26"' in page
    assert 'data-typed="echo 25"' not in page
    earlier = news_of(client, session, "before=26")["html"]
    assert 'data-typed="echo 25"' in earlier
    assert 'data-typed="echo 6"' in earlier
    assert "5 earlier lines" in earlier
    assert text_of(client.get(at("console-journal", session))).startswith("$ echo 1\n$ echo 2\n")


def test_lines_that_printed_much_are_left_to_the_whole_journal(client: Client, student: User, lab: Lab) -> None:
    session = a_session(lab, student)
    for number in range(1, 13):
        an_entry(session, f"docker logs {number}", pieces=printed("x" * 60_000))
    response = client.get(page_of(lab))
    assert len(response.content) < 500_000
    assert "6 earlier lines" in text_of(response)


def test_clear_empties_the_view_and_loses_nothing(client: Client, student: User, lab: Lab) -> None:
    session = a_session(lab, student)
    an_entry(session, "docker ps")
    an_entry(session, "clear", clears=True)
    an_entry(session, "docker images")
    page = text_of(client.get(page_of(lab)))
    assert 'data-typed="docker ps"' not in page
    assert 'data-typed="docker images"' in page
    assert "Cleared: 2 earlier lines" in page
    assert news_of(client, session)["cleared"]
    assert 'data-typed="docker ps"' in news_of(client, session, "before=3")["html"]


def test_what_is_not_settled_is_told_again_and_what_is_settled_only_once(
    client: Client, student: User, lab: Lab
) -> None:
    session = a_session(lab, student)
    an_entry(session, "docker ps")
    an_entry(session, "docker run x", state=EntryState.RUNNING)
    an_entry(session, "docker ps -a", state=EntryState.WAITING)
    news = news_of(client, session)
    assert (news["settled"], news["busy"]) == (1, True)
    assert "Running" in news["html"]
    assert "Sent, waiting for the engine" in news["html"]
    later = news_of(client, session, "after=1")["html"]
    assert 'data-typed="docker ps"' not in later
    assert 'data-typed="docker run x"' in later
    assert 'data-typed="docker ps -a"' in later


def test_asking_again_for_what_has_not_changed_costs_no_body(client: Client, student: User, lab: Lab) -> None:
    session = a_session(lab, student)
    an_entry(session, "docker ps")
    address = f"{at('console-since', session)}?after=1"
    tag = client.get(address)["ETag"]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(address, HTTP_IF_NONE_MATCH=tag).status_code == 304
    assert len(queries) <= 4
    an_entry(session, "docker images")
    assert client.get(address, HTTP_IF_NONE_MATCH=tag).status_code == 200


def test_a_page_asks_as_many_questions_of_the_database_for_a_long_journal_as_for_a_short_one(
    client: Client, student: User, lab: Lab
) -> None:
    session = a_session(lab, student)
    counts = []
    for lines in (3, 40):
        for number in range(lines):
            an_entry(session, f"echo {number}")
        with CaptureQueriesContext(connection) as queries:
            client.get(page_of(lab))
        counts.append(len(queries))
    assert counts[0] == counts[1] < 30


def test_a_typed_line_waits_its_turn_and_the_answer_says_so(client: Client, student: User, lab: Lab) -> None:
    session = a_session(lab, student)
    response = client.post(at("console-lines", session), {"line": " docker ps "}, HTTP_ACCEPT="application/json")
    assert response.status_code == 200
    assert "Sent, waiting for the engine" in response.json()["html"]
    assert ConsoleEntry.objects.get().text == "docker ps"


@pytest.mark.parametrize("after", ["9" * 6000, "9" * 20, "\u00b2", "-1", ""])
def test_a_number_that_is_none_makes_no_line_fail(client: Client, student: User, lab: Lab, after: str) -> None:
    session = a_session(lab, student)
    asked = {"line": "docker ps", "after": after}
    response = client.post(at("console-lines", session), asked, HTTP_ACCEPT="application/json")
    assert (response.status_code, response.json()["settled"]) == (200, 0)


def test_a_form_comes_back_to_the_prompt_and_offers_to_look_again(client: Client, student: User, lab: Lab) -> None:
    session = a_session(lab, student)
    response = client.post(at("console-lines", session), {"line": "docker ps"})
    assert response["Location"] == f"{page_of(lab)}#line"
    assert "Look again" in text_of(client.get(page_of(lab)))


def test_a_line_that_is_refused_stays_in_the_field(client: Client, student: User, lab: Lab) -> None:
    session = a_session(lab, student)
    for _ in range(consoles.LINES_WAITING):
        an_entry(session, "docker ps", state=EntryState.WAITING)
    response = client.post(at("console-lines", session), {"line": 'docker run "kept'})
    assert response.status_code == 429
    assert "The command was not carried out" in text_of(response)
    assert 'value="docker run &quot;kept"' in text_of(response)
    told = client.post(at("console-lines", session), {"line": "docker ps"}, HTTP_ACCEPT="application/json")
    assert told.status_code == 429
    assert told["Retry-After"] == "2"
    assert told.json()["code"] == "too_many_lines_waiting"


def test_files_of_the_folder_are_saved_and_what_cannot_be_is_kept_on_the_page(
    client: Client, student: User, course: Course
) -> None:
    lab = a_console_lab(course, plan=a_console_plan(submission={"editable": ["Dockerfile"]}))
    session = a_session(lab, student, files={"given.txt": b64encode(b"given\n").decode()})
    page = text_of(client.get(page_of(lab)))
    assert 'name="file:Dockerfile"' in page
    assert 'name="file:given.txt"' not in page
    folder = at("console-files", session)
    told = client.post(folder, {"file:Dockerfile": "FROM x\r\n"}, HTTP_ACCEPT="application/json").json()
    assert told["message"] == "Saved: Dockerfile. Commands see it from now on."
    session.refresh_from_db()
    assert session.texts == {"Dockerfile": "FROM x\n", "given.txt": "given\n"}
    response = client.post(folder, {"file:Dockerfile": "x" * 3_000_000})
    assert response.status_code == 400
    assert "Nothing was saved" in text_of(response)
    assert text_of(response).count("x" * 3_000_000) == 1


def test_handing_in_leads_to_the_try_as_soon_as_it_is_there(client: Client, student: User, lab: Lab) -> None:
    session = a_session(lab, student)
    an_entry(session, "docker ps")
    response = client.post(at("console-hand-in", session))
    entry = ConsoleEntry.objects.get(kind=EntryKind.HAND_IN)
    waiting = f"{page_of(lab)}?handing={entry.number}#line"
    assert response["Location"] == waiting
    assert "Handing in: what your engine holds is being looked at" in text_of(client.get(waiting))
    submission = a_submission(lab=a_lab(lab.activity.course), author=student)
    ConsoleEntry.objects.filter(pk=entry.pk).update(state=EntryState.DONE, submission=submission)
    assert client.get(waiting)["Location"] == reverse("portal:submission", args=[submission.pk])
    assert news_of(client, session)["go"] == reverse("portal:submission", args=[submission.pk])
    assert f"try {submission.number}" in text_of(client.get(page_of(lab)))


def test_handing_in_before_anything_was_typed_says_so(client: Client, student: User, lab: Lab) -> None:
    session = a_session(lab, student)
    response = client.post(at("console-hand-in", session))
    assert response.status_code == 409
    assert "Nothing was handed in" in text_of(response)
    assert "You have not typed a command yet" in text_of(response)


def test_a_list_of_commands_is_handed_in_as_a_file_and_kept_when_refused(
    client: Client, student: User, course: Course, lab: Lab
) -> None:
    client.post(page_of(lab), {"file:commands.txt": "docker ps\r\ndocker images\r\n"})
    assert files_of(Submission.objects.get()).files["commands.txt"] == b"docker ps\ndocker images\n"
    closed = a_console_lab(course, closes_at=timezone.now() - timedelta(days=1))
    response = client.post(page_of(closed), {"file:commands.txt": "docker ps -a"})
    assert response.status_code == 409
    assert "Nothing was handed in" in text_of(response)
    assert "docker ps -a</textarea>" in text_of(response)
    assert '<details class="fold console-by-file" id="by-file" open>' in text_of(response)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": ConsoleState.ENDED, "ended_because": Because.IDLE}, "Nothing was typed for a long while"),
        ({"state": ConsoleState.LOST, "ended_because": Because.ENGINE_GONE}, "Your last console was lost on our side"),
    ],
    ids=["ended", "lost"],
)
def test_a_console_that_is_over_says_why_and_offers_a_new_one(
    client: Client, student: User, lab: Lab, fields: dict[str, Any], words: str
) -> None:
    session = a_session(lab, student, ended_at=timezone.now(), **fields)
    an_entry(session, "docker ps")
    page = text_of(client.get(page_of(lab)))
    assert words in page
    assert "Open a new console" in page
    assert 'data-typed="docker ps"' in text_of(client.get(at("console", session)))
    response = client.post(at("console-lines", session), {"line": "docker ps"}, HTTP_ACCEPT="application/json")
    assert (response.status_code, response.json()["code"]) == (409, "console_ended")


def test_starting_over_opens_another_and_ending_none(client: Client, student: User, lab: Lab) -> None:
    session = a_session(lab, student)
    client.post(at("console-start-over", session))
    session.refresh_from_db()
    assert session.state == ConsoleState.ENDING
    other = ConsoleSession.objects.live().get()
    client.post(at("console-end", other))
    assert not ConsoleSession.objects.live().exists()
    assert "Open a new console" in text_of(client.get(page_of(lab)))


def test_ending_twice_by_a_double_click_is_ending_once(client: Client, student: User, lab: Lab) -> None:
    session = a_session(lab, student)
    for _ in range(2):
        assert client.post(at("console-end", session)).status_code == HTTPStatus.FOUND
    session.refresh_from_db()
    assert session.state == ConsoleState.ENDING
    assert session.entries.filter(kind=EntryKind.END).count() == 1


def test_how_long_it_is_kept_is_said_in_the_course_s_time(client: Client, student: User, lab: Lab) -> None:
    at_noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=180)
    session = a_session(lab, student)
    ConsoleSession.objects.filter(pk=session.pk).update(used_at=at_noon, expires_at=at_noon + timedelta(hours=3))
    session.refresh_from_db()
    local = (at_noon + timedelta(minutes=30)).astimezone(lab.activity.course.zone)
    assert f">{local:%H:%M}</time>" in text_of(client.get(page_of(lab)))


def test_staff_look_at_a_student_s_console_and_cannot_type_in_it(client: Client, course: Course, lab: Lab) -> None:
    session = a_session(lab)
    an_entry(session, "docker ps")
    client.force_login(an_instructor_of(course))
    page = text_of(client.get(at("console", session)))
    assert 'data-typed="docker ps"' in page
    assert 'id="line"' not in page
    assert "You are looking on" in page
    assert client.post(at("console-lines", session), {"line": "docker ps"}).status_code == 403
    assert session.entries.count() == 1


def test_staff_find_the_consoles_that_are_open(client: Client, course: Course, lab: Lab) -> None:
    session = a_session(lab)
    over = a_session(lab, state=ConsoleState.ENDED, ended_because=Because.ASKED, ended_at=timezone.now())
    client.force_login(an_instructor_of(course))
    address = reverse("portal:teach-consoles", args=[course.slug])
    page = text_of(client.get(address))
    assert at("console", session) in page
    assert at("console", over) not in page
    assert at("console", over) in text_of(client.get(f"{address}?all=yes"))
    assert at("console", session) in text_of(
        client.get(reverse("portal:teach-member", args=[course.slug, session.author_id]))
    )
    assert "Open consoles: 1" in text_of(
        client.get(reverse("portal:teach-activity", args=[course.slug, lab.activity.slug]))
    )


def test_what_takes_long_says_what_it_waits_for(client: Client, student: User, lab: Lab) -> None:
    session = a_session(lab, student, state=ConsoleState.OPENING)
    address = at("console-since", session)
    first = client.get(address)
    assert "none is running" not in first.json()["html"]
    ConsoleSession.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    told = client.get(address, HTTP_IF_NONE_MATCH=first["ETag"])
    assert "Waiting for a console worker: none is running" in told.json()["html"]


def test_a_line_that_waits_long_is_told_what_for(client: Client, student: User, lab: Lab) -> None:
    session = a_session(lab, student)
    entry = an_entry(session, "docker ps", state=EntryState.WAITING)
    tag = client.get(at("console-since", session))["ETag"]
    told = client.get(f"{at('console-since', session)}?waits=1", HTTP_IF_NONE_MATCH=tag).json()
    assert "What you typed is safe, and waits" in told["html"]
    ConsoleEntry.objects.filter(pk=entry.pk).update(queued_at=timezone.now() - timedelta(minutes=1))
    assert "What you typed is safe, and waits" in text_of(client.get(page_of(lab)))


def test_a_lab_without_room_for_volumes_does_not_speak_of_them(client: Client, student: User, course: Course) -> None:
    lab = a_console_lab(course, plan=a_console_plan(console={"rules": {"volumes": 0, "images": 0}}))
    a_session(lab, student, picture={"images": [{"id": "1" * 64, "references": ["busybox:1.35"], "base": True}]})
    page = text_of(client.get(page_of(lab)))
    assert "docker volume create" not in page
    assert "busybox:1.35" in page
    assert "of your own</span>" not in page


def test_the_grammar_for_completion_is_kept_by_browsers_until_it_changes(client: Client, student: User) -> None:
    address = reverse("portal:console-grammar")
    assert "immutable" in client.get(f"{address}?v={grammar_digest()}")["Cache-Control"]
    assert "no-cache" in client.get(f"{address}?v=old")["Cache-Control"]
    told = json.loads(grammar_text())
    assert told["calls"]["ps"]["flags"]["--all"] == ""
    assert told["calls"]["run"]["flags"]["--network"] == "=network"
    assert "--privileged" not in told["calls"]["run"]["flags"]
    assert len(grammar_text()) < 40_000

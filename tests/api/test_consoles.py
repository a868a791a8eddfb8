"""Consoles through the API: opened, typed in, followed, handed in, ended, and nobody else's."""

from collections.abc import Callable
from typing import Any

import pytest
from builders import a_member, an_instructor_of

from labs import console_work, consoles
from labs.console_models import ConsoleEntry, ConsoleSession
from labs.models import Lab, Submission
from tests.api.calling import V1, client_of, problem
from tests.labs.consoles.building import (
    FakeConsoles,
    a_console,
    a_console_lab,
    a_console_plan,
    a_fake_engine,
    typed,
    work_off,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def engine(settings: Any) -> FakeConsoles:
    return a_fake_engine(settings)


@pytest.fixture
def lab() -> Lab:
    return a_console_lab(plan=a_console_plan(submission={"editable": ["Dockerfile"]}))


@pytest.fixture
def session(lab: Lab) -> ConsoleSession:
    return a_console(lab)


@pytest.fixture
def client(session: ConsoleSession) -> Any:
    return client_of(session.author)


def of(session: ConsoleSession, rest: str = "") -> str:
    return f"{V1}consoles/{session.pk}/{rest}"


def say(client: Any, session: ConsoleSession, text: str, *, wait: float = 0) -> Any:
    return client.post(of(session, "lines/"), {"text": text, "wait_seconds": wait})


def test_a_console_is_opened_once_and_found_again(lab: Lab) -> None:
    client = client_of(a_member(lab.activity.course))
    address = f"{V1}activities/{lab.activity_id}/console/"
    problem(client.get(address), 404, "no_console_yet")

    opened = client.post(address)
    assert opened.status_code == 201
    assert opened.json()["state"] == "opening"
    work_off()
    again = client.post(address)
    assert (again.status_code, again.json()["id"], again.json()["state"]) == (200, opened.json()["id"], "open")
    assert client.get(address).json() == again.json()


def test_the_story_and_the_checks_carry_the_student_s_own_values(lab: Lab) -> None:
    version = lab.current_version
    assert version is not None
    version.readme = "Call it `{name}`; `{{.Names}}` stays."
    version.save()
    session = a_console(lab)
    shown = client_of(session.author).get(of(session)).json()
    told = client_of(session.author).get(f"{V1}labs/{lab.activity_id}/").json()

    assert shown["story"] == told["story"] == consoles.story_of(version, session.seed)
    assert "{name}" not in told["story"]
    assert "{{.Names}}" in told["story"]
    assert told["console"]


def test_a_typed_line_is_answered_when_it_is_carried_out(
    client: Any, session: ConsoleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_once(entry: ConsoleEntry, seconds: float) -> ConsoleEntry:
        assert seconds == 1.5
        work_off()
        entry.refresh_from_db()
        return entry

    monkeypatch.setattr(consoles, "wait_for", at_once)
    reply = say(client, session, "docker run web", wait=1.5)

    assert reply.status_code == 200
    body = reply.json()
    assert (body["state"], body["exit_code"], body["line"], body["text"]) == ("done", 0, 1, "docker run web")
    assert body["calls"] == [{"method": "POST", "path": "/containers/run", "status": 200}]


def test_a_line_that_takes_longer_is_followed(client: Any, session: ConsoleSession) -> None:
    after = client.get(of(session, "lines/")).json()["next_after"]
    reply = say(client, session, "docker run web")
    assert (reply.status_code, reply.json()["state"]) == (202, "waiting")

    waiting = client.get(of(session, "lines/"), {"after": after}).json()
    assert [entry["state"] for entry in waiting["entries"]] == ["waiting"]
    assert waiting["next_after"] == after
    assert "none is running" in waiting["waiting_for"]
    work_off()
    done = client.get(of(session, "lines/"), {"after": after}).json()
    assert [(entry["text"], entry["state"]) for entry in done["entries"]] == [("docker run web", "done")]
    assert done["next_after"] == done["entries"][0]["number"]
    assert done["picture"]["containers"][0]["name"] == "web"
    assert done["waiting_for"] == ""
    assert done["poll_after_ms"] > waiting["poll_after_ms"]


def test_asking_again_for_the_same_costs_little(client: Any, session: ConsoleSession) -> None:
    for address in (of(session), of(session, "lines/")):
        tag = client.get(address)["ETag"]
        same = client.get(address, headers={"If-None-Match": tag})
        assert (same.status_code, same.content, same["ETag"]) == (304, b"", tag)
    typed(session, "docker run web")
    for address in (of(session), of(session, "lines/")):
        assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_lines_beyond_a_page_come_with_the_next(
    client: Any, session: ConsoleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.views.consoles.AT_MOST_ENTRIES", 2)
    for _ in range(4):
        typed(session, "docker ps")
    found: list[int] = []
    after = 0
    while True:
        page = client.get(of(session, "lines/"), {"after": after}).json()
        found += [entry["number"] for entry in page["entries"]]
        if page["next_after"] == after:
            break
        after = page["next_after"]
    assert found == sorted(set(found))
    assert len(found) == 5, "what opened it, and four lines"


def test_a_file_is_saved_and_shown(client: Any, session: ConsoleSession) -> None:
    reply = client.put(of(session, "files/"), {"path": "Dockerfile", "text": "FROM busybox:1.35\n"})
    assert reply.status_code == 200
    assert reply.json()["files"]["Dockerfile"] == "FROM busybox:1.35\n"
    assert reply.json()["editable"] == ["Dockerfile"]
    problem(client.put(of(session, "files/"), {"path": "notes.txt", "text": ""}), 400, "file_not_editable")


def test_what_is_there_is_handed_in(client: Any, session: ConsoleSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.views.consoles.HAND_IN_SECONDS", 0)
    problem(client.post(of(session, "hand-in/")), 409, "nothing_typed")
    typed(session, "docker run web")
    reply = client.post(of(session, "hand-in/"))
    assert (reply.status_code, reply.json()["kind"], reply.json()["submission"]) == (202, "hand_in", None)
    work_off()

    last = client.get(of(session, "lines/")).json()["entries"][-1]
    submission = Submission.objects.get()
    assert (last["submission"], last["error_code"]) == (submission.pk, "")
    shown = client.get(f"{V1}submissions/{submission.pk}/").json()
    assert (shown["via"], shown["state"]) == ("api", "queued")


def test_an_ended_console_can_be_read_and_takes_nothing_more(client: Any, session: ConsoleSession) -> None:
    typed(session, "docker run web")
    assert client.post(of(session, "end/")).json()["state"] == "ending"
    work_off()

    shown = client.get(of(session)).json()
    assert (shown["state"], shown["ended_because"]) == ("ended", "asked")
    assert client.get(of(session, "lines/")).json()["poll_after_ms"] == 0
    problem(say(client, session, "docker ps"), 409, "console_ended")
    problem(client.post(of(session, "hand-in/")), 409, "console_ended")
    problem(client.post(of(session, "end/")), 409, "console_ended")
    again = client.post(f"{V1}activities/{session.lab.activity_id}/console/")
    assert again.status_code == 201


@pytest.mark.parametrize(
    ("text", "code"), [("", "line_empty"), ("a\nb", "one_line_at_a_time"), ("x" * 5000, "line_too_long")]
)
def test_what_is_no_line_is_refused(client: Any, session: ConsoleSession, text: str, code: str) -> None:
    body = problem(say(client, session, text), 400, code)
    assert body["errors"][0]["field"] == "text"


def test_a_flood_is_told_when_to_come_back(
    client: Any, session: ConsoleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consoles, "LINES_PER_MINUTE", 1)
    say(client, session, "docker ps")
    reply = say(client, session, "docker ps")
    problem(reply, 429, "too_fast")
    assert 0 < int(reply["Retry-After"]) <= 61


def test_strangers_find_nothing_and_staff_may_only_read(session: ConsoleSession) -> None:
    typed(session, "docker run web")
    writes: list[Callable[[Any], Any]] = [
        lambda client: say(client, session, "docker ps"),
        lambda client: client.put(of(session, "files/"), {"path": "Dockerfile", "text": ""}),
        lambda client: client.post(of(session, "hand-in/")),
        lambda client: client.post(of(session, "end/")),
    ]
    for stranger in (a_member(session.course), an_instructor_of(a_console_lab().activity.course)):
        client = client_of(stranger)
        for address in (of(session), of(session, "lines/")):
            problem(client.get(address), 404, "not_found")
        for write in writes:
            problem(write(client), 404, "not_found")
    staff = client_of(an_instructor_of(session.course))
    assert staff.get(of(session, "lines/")).json()["entries"][-1]["text"] == "docker run web"
    for write in writes:
        problem(write(staff), 403, "not_your_console")
    assert session.entries.lines().count() == 1


def test_a_lab_without_a_console_opens_none() -> None:
    from builders import a_lab

    lab = a_lab()
    client = client_of(a_member(lab.activity.course))
    problem(client.post(f"{V1}activities/{lab.activity_id}/console/"), 409, "not_a_console_lab")


@pytest.mark.parametrize("size", [1, 20])
def test_reading_lines_asks_the_same_however_many_there_are(
    size: int, client: Any, session: ConsoleSession, django_assert_num_queries: Callable[..., Any]
) -> None:
    for _ in range(size):
        typed(session, "docker ps")
    client.get(of(session, "lines/"))

    with django_assert_num_queries(4):  # the token and its person, the console, its entries, when it was last used
        client.get(of(session, "lines/"))


def test_a_reload_shows_what_a_killed_web_process_was_waiting_for(
    client: Any, session: ConsoleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    class _Killed(BaseException):
        """Stands for `kill -9`."""

    def die(_entry: ConsoleEntry, _seconds: float) -> ConsoleEntry:
        raise _Killed

    monkeypatch.setattr(consoles, "wait_for", die)
    with pytest.raises(_Killed):
        say(client, session, "docker run web", wait=1)
    console_work.work(seconds=10, handed_in=lambda: None)

    entries = client.get(of(session, "lines/")).json()["entries"]
    assert (entries[-1]["text"], entries[-1]["exit_code"]) == ("docker run web", 0)

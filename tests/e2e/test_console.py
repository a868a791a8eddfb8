"""A lab with a console in a browser: played on a real engine, by keyboard, without scripts, in two tabs, offline."""

import gzip
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from browser import DESKTOP, PHONE, Opened, offline, scrolls_sideways, serious_faults
from builders import a_course, a_member, an_instructor_of
from django.conf import settings as django_settings
from django.utils import timezone
from playwright.sync_api import Page, Response, expect

from accounts.models import User
from graders.commands.ending import end
from graders.sandbox.connection import Address
from graders.sandbox.reaching import reach
from graders.values import draw
from labs.console_models import ConsoleEntry, ConsoleSession
from labs.console_states import Because, ConsoleState, EntryKind, EntryState
from labs.consoles import seed_of
from labs.models import Lab
from tests.e2e.consoles import console_workers
from tests.portal.console_building import a_console_lab, a_console_plan, a_session, an_entry, calls, printed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASTE = """(text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  const paste = new ClipboardEvent("paste", { clipboardData, cancelable: true, bubbles: true });
  document.activeElement.dispatchEvent(paste);
}"""

PASTED = """\
# three
$ docker volume create first
docker volume create \\
  second

docker volume ls -q
"""


def a_class(**lab: Any) -> tuple[Lab, User]:
    course = a_course(time_zone="Europe/Madrid")
    return a_console_lab(course, title="Pause and end", attempts_allowed=5, minutes=15, **lab), a_member(course)


def name_of(lab: Lab, student: User) -> str:
    assert lab.current_version is not None
    return draw(lab.current_version.lab_plan.values, seed=seed_of(lab, student))["name"]


def open_lab(page: Page, lab: Lab) -> None:
    page.goto(f"/courses/{lab.activity.course.slug}/{lab.activity.slug}/lab/")


def open_console(page: Page, lab: Lab) -> None:
    open_lab(page, lab)
    page.get_by_role("button", name="Open your console").click()
    expect(page.locator("#console-state")).to_contain_text("Ready")


def type_line(page: Page, line: str) -> None:
    page.locator("#line").fill(line)
    page.locator("#line").press("Enter")


@pytest.fixture
def workers(engine_url: str, settings: Any) -> Iterator[None]:
    expect.set_options(timeout=30_000)  # an engine takes the time it takes
    with console_workers(engine_url, settings):
        yield
    expect.set_options(timeout=10_000)
    for session in ConsoleSession.objects.live():  # what a test left open is removed from the engine
        end(reach(Address(engine_url)), session.state_of_session)


@pytest.mark.engine
def test_a_student_plays_a_lab_to_full_marks(signed_in: Opened, workers: None) -> None:
    lab, student = a_class()
    name = name_of(lab, student)
    page = signed_in(student)
    page.goto(f"/courses/{lab.activity.course.slug}/")
    expect(page.locator(".activity")).to_contain_text("Lab · console")
    open_console(page, lab)
    type_line(page, f"docker run -d --name {name} busybox:1.35 sleep 600")
    expect(page.locator(".part", has_text=name)).to_contain_text("Running")
    expect(page.locator("#line")).to_be_focused()
    type_line(page, f"docker pause {name}")
    expect(page.locator(".part", has_text=name)).to_contain_text("Paused")
    expect(page.locator("#wire")).to_contain_text(f"/containers/{name}/pause")
    type_line(page, "docker ps")
    expect(page.locator(".con-line").last).to_contain_text("(Paused)")
    expect(page.locator(".group-containers .group-room")).to_have_text("1 of 4")
    assert serious_faults(page) == []
    picture = django_settings.REPOSITORY / "var" / "screenshots" / "console.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=picture)
    page.get_by_role("button", name="Hand in", exact=True).click()
    page.wait_for_url("**/submissions/*/")
    expect(page.locator(".verdict")).to_contain_text("10 of 10", timeout=30_000)
    expect(page.locator("#source")).to_have_text("commands.txt")
    expect(page.locator(".stepper")).to_contain_text("Judged")
    expect(page.locator(".stepper")).not_to_contain_text("Building")
    expect(page.get_by_role("heading", name="Build log")).to_have_count(0)
    page.get_by_role("link", name="Back to the console").click()
    expect(page.locator(".con-mark")).to_contain_text("Handed in: try 1")


@pytest.mark.engine
def test_half_of_it_gets_half_the_points_and_the_line_that_is_to_blame(signed_in: Opened, workers: None) -> None:
    lab, student = a_class()
    name = name_of(lab, student)
    page = signed_in(student)
    open_console(page, lab)
    type_line(page, f"docker create --name {name} busybox:1.35 true")
    expect(page.locator(".part", has_text=name)).to_contain_text("Created")
    type_line(page, "docker volume create left-behind")
    expect(page.locator(".group-volumes")).to_contain_text("left-behind")
    type_line(page, "docker pause nobody")
    expect(page.locator(".con-line").last).to_contain_text("No such container: nobody")
    expect(page.locator(".con-line").last).to_contain_text("exit code 1")
    page.get_by_role("button", name="Hand in", exact=True).click()
    page.wait_for_url("**/submissions/*/")
    expect(page.locator(".verdict")).to_contain_text("1 of 10", timeout=30_000)
    expect(page.locator("#check-tidy")).to_contain_text("left-behind")
    expect(page.locator("#check-tidy")).to_contain_text("commands.txt, line 2")
    expect(page.locator("#line-2")).to_contain_text("docker volume create left-behind")
    expect(page.locator("#line-2 .finding")).to_be_visible()
    expect(page.locator("#command-3")).to_contain_text("No such container: nobody")
    assert serious_faults(page) == []


@pytest.mark.engine
def test_a_list_of_commands_is_carried_out_and_followed(signed_in: Opened, workers: None) -> None:
    lab, student = a_class()
    name = name_of(lab, student)
    page = signed_in(student)
    open_lab(page, lab)
    page.get_by_text("Hand in a list of commands instead").click()
    page.get_by_label("commands.txt").fill(f"docker run -d --name {name} busybox:1.35 sleep 60\ndocker pause {name}\n")
    page.get_by_role("button", name="Hand in these commands").click()
    page.wait_for_url("**/submissions/*/")
    expect(page.locator(".verdict")).to_contain_text("10 of 10", timeout=60_000)
    expect(page.locator(".stepper")).to_contain_text("2 lines")
    page.get_by_role("link", name="Open it in the editor").click()
    expect(page.get_by_label("commands.txt")).to_be_visible()
    expect(page.get_by_label("commands.txt")).to_have_value(
        f"docker run -d --name {name} busybox:1.35 sleep 60\ndocker pause {name}\n"
    )


@pytest.mark.engine
def test_without_scripts_a_console_is_a_form(signed_in: Opened, workers: None) -> None:
    lab, student = a_class()
    name = name_of(lab, student)
    page = signed_in(student, scripts=False)
    open_console(page, lab)
    for line in (f"docker run -d --name {name} busybox:1.35 sleep 600", f"docker pause {name}", "docker ps -a"):
        page.locator("#line").fill(line)
        page.get_by_role("button", name="Run").click()
        page.wait_for_url("**/lab/#line")
    expect(page.locator(".con-line").last).to_contain_text("(Paused)")
    expect(page.locator(".part", has_text=name)).to_contain_text("Paused")
    page.locator(".con-calls summary").last.click()
    expect(page.locator(".con-calls ol").last).to_contain_text("GET")
    assert page.locator(".needs-script:visible").count() == 0
    page.get_by_role("button", name="Hand in", exact=True).click()
    page.wait_for_url("**/submissions/*/")
    expect(page.locator(".verdict")).to_contain_text("10 of 10", timeout=30_000)


@pytest.mark.engine
def test_the_keyboard_alone_completes_and_recalls(signed_in: Opened, workers: None) -> None:
    lab, student = a_class()
    page = signed_in(student)
    open_console(page, lab)
    field = page.locator("#line")
    expect(field).to_be_focused()
    page.keyboard.type("docker cr")
    page.keyboard.press("Tab")
    expect(field).to_have_value("docker create ")
    page.keyboard.type("--name web busy")
    page.keyboard.press("Tab")
    expect(field).to_have_value("docker create --name web busybox:1.35 ")
    page.keyboard.press("Enter")
    expect(page.locator(".part", has_text="web")).to_contain_text("Created")
    page.keyboard.type("docker start ")
    page.keyboard.press("Tab")
    expect(field).to_have_value("docker start web ")
    page.keyboard.press("Control+c")
    expect(field).to_have_value("")
    page.keyboard.type("docker p")
    page.keyboard.press("Tab")
    expect(page.locator("#matches span")).to_have_text(["pause", "port", "ps"])
    expect(page.locator("#console-says")).to_contain_text("3 choices: pause, port, ps")
    page.keyboard.press("Shift+Tab")
    expect(field).to_have_value("docker ps")
    page.keyboard.press("Enter")
    expect(page.locator(".con-line")).to_have_count(2)
    page.keyboard.press("ArrowUp")
    expect(field).to_have_value("docker ps")
    page.keyboard.press("ArrowUp")
    expect(field).to_have_value("docker create --name web busybox:1.35")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(field).to_have_value("")


@pytest.mark.engine
def test_the_keyboard_alone_gets_around_and_hands_in(signed_in: Opened, workers: None) -> None:
    lab, student = a_class()
    name = name_of(lab, student)
    page = signed_in(student)
    open_lab(page, lab)
    page.get_by_role("button", name="Open your console").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#console-state")).to_contain_text("Ready")
    page.locator("#line").focus()
    for line in (f"docker run -d --name {name} busybox:1.35 sleep 60", f"docker pause {name}"):
        page.keyboard.type(line)
        page.keyboard.press("Enter")
    expect(page.locator(".part", has_text=name)).to_contain_text("Paused")
    # What was begun holds nobody in the field.
    page.keyboard.type("docker p")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Run")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#line")).to_have_value("docker p")
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".con-calls summary").last).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".con-calls ol").last).to_contain_text(f"/containers/{name}/pause")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Hand in":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/submissions/*/")
    expect(page.locator(".verdict")).to_contain_text("10 of 10", timeout=30_000)


@pytest.mark.engine
def test_a_reload_loses_nothing_and_two_tabs_show_the_same(signed_in: Opened, workers: None) -> None:
    lab, student = a_class()
    one = signed_in(student)
    open_console(one, lab)
    type_line(one, "docker run -d --name web busybox:1.35 sleep 600")
    expect(one.locator(".part", has_text="web")).to_contain_text("Running")
    other = one.context.new_page()
    open_lab(other, lab)
    expect(other.locator(".con-line")).to_contain_text("docker run -d --name web")
    type_line(other, "docker stop -t 0 web")
    expect(other.locator(".part", has_text="web")).to_contain_text("Exited")
    expect(one.locator(".part", has_text="web")).to_contain_text("Exited")
    expect(one.locator(".con-line").last).to_contain_text("docker stop -t 0 web")
    one.reload()
    expect(one.locator(".con-line")).to_have_count(2)
    one.locator("#line").press("ArrowUp")
    expect(one.locator("#line")).to_have_value("docker stop -t 0 web")


@pytest.mark.engine
def test_a_pasted_list_is_carried_out_line_by_line(signed_in: Opened, workers: None) -> None:
    lab, student = a_class()
    page = signed_in(student)
    open_console(page, lab)
    page.locator("#line").focus()
    page.evaluate(
        PASTE, "# three\n$ docker volume create first\ndocker volume create \\\n  second\n\ndocker volume ls -q\n"
    )
    expect(page.locator(".con-line")).to_have_count(3)
    expect(page.locator(".con-line").last.locator("pre")).to_have_text("first\nsecond")
    assert list(ConsoleEntry.objects.lines().values_list("text", flat=True)) == [
        "docker volume create first",
        "docker volume create second",
        "docker volume ls -q",
    ]
    type_line(page, "clear")
    expect(page.locator(".con-line")).to_have_count(0)
    page.get_by_role("link", name="Cleared: 4 earlier lines").click()
    expect(page.locator(".con-line")).to_have_count(4)


@pytest.mark.engine
def test_a_line_that_never_arrived_stands_in_the_field_again(signed_in: Opened, workers: None) -> None:
    lab, student = a_class()
    page = signed_in(student)
    open_console(page, lab)
    with offline(page):
        type_line(page, "docker volume create kept")
        expect(page.locator("#console-trouble")).to_contain_text("There is no connection")
    expect(page.locator("#console-trouble")).to_contain_text("This line had not arrived")
    expect(page.locator("#line")).to_have_value("docker volume create kept")
    assert not ConsoleEntry.objects.lines().exists()
    page.locator("#line").press("Enter")
    expect(page.locator(".group-volumes")).to_contain_text("kept")


def test_while_no_worker_is_there_the_page_says_what_it_waits_for(signed_in: Opened) -> None:
    lab, student = a_class()
    session = a_session(lab, student)
    page = signed_in(student)
    open_lab(page, lab)
    type_line(page, "docker ps")
    expect(page.locator(".con-line")).to_contain_text("Sent, waiting for the engine")
    type_line(page, "docker images")
    expect(page.locator("#queue")).to_contain_text("1 more line waits its turn")
    page.get_by_role("button", name="Hand in", exact=True).click()
    expect(page.locator("#console-trouble")).to_contain_text("Not handed in yet")
    entry = ConsoleEntry.objects.get(session=session)
    ConsoleEntry.objects.filter(pk=entry.pk).update(state=EntryState.LOST)
    ConsoleSession.objects.filter(pk=session.pk).update(revision=99)
    expect(page.locator(".con-line").first).to_contain_text("Lost on our side")
    expect(page.locator("#queue")).to_be_hidden()


def test_a_line_that_is_refused_is_said_and_stays(signed_in: Opened) -> None:
    lab, student = a_class()
    session = a_session(lab, student)
    page = signed_in(student)
    open_lab(page, lab)
    ConsoleSession.objects.filter(pk=session.pk).update(line_count=2000)
    type_line(page, "docker ps")
    expect(page.locator("#console-trouble")).to_contain_text("This console has taken 2000 lines")
    expect(page.locator("#line")).to_have_value("docker ps")


def test_a_console_that_ends_meanwhile_says_why(signed_in: Opened) -> None:
    lab, student = a_class()
    session = a_session(lab, student)
    page = signed_in(student)
    open_lab(page, lab)
    page.locator("#line").fill("docker half")
    ConsoleSession.objects.filter(pk=session.pk).update(
        state=ConsoleState.ENDED, ended_because=Because.IDLE, ended_at=timezone.now(), revision=5
    )
    expect(page.locator("#console-ended")).to_contain_text("Nothing was typed for a long while", timeout=15_000)
    page.get_by_role("button", name="Open a new console").click()
    expect(page.locator("#line")).to_have_value("docker half")


def test_what_the_engine_does_by_itself_is_shown_and_said(signed_in: Opened) -> None:
    lab, student = a_class()
    running = {"id": "9" * 64, "name": "web", "state": "running", "status": "Up 2 seconds", "image": "busybox:1.35"}
    session = a_session(lab, student, picture={"containers": [running]})
    page = signed_in(student)
    open_lab(page, lab)
    expect(page.locator(".part")).to_contain_text("Running")
    ended = running | {"state": "exited", "status": "Exited (137) 1 second ago", "exit_code": 137}
    ConsoleSession.objects.filter(pk=session.pk).update(picture={"containers": [ended]}, revision=7)
    expect(page.locator(".part")).to_contain_text("exit code 137", timeout=20_000)
    expect(page.locator("#console-says")).to_have_text("web: Exited")
    expect(page.locator("#line")).to_have_value("")


def test_files_are_saved_without_leaving_and_drafts_are_kept_until_then(signed_in: Opened) -> None:
    lab, student = a_class(plan=a_console_plan(submission={"editable": ["Dockerfile"]}))
    session = a_session(lab, student, files={"Dockerfile": b64encode(b"FROM busybox:1.35\n").decode()})
    page = signed_in(student)
    open_lab(page, lab)
    expect(page.get_by_role("tab")).to_have_text(["Dockerfile", "notes.txt"])
    page.locator(".cm-content").first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("USER 1000\n")
    expect(page.locator("[data-saved-words]")).to_have_text("Not saved yet.")
    page.reload()
    expect(page.locator("[data-draft-note]")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("[data-saved-words]")).to_contain_text("Saved: Dockerfile.")
    expect(page.locator("[data-draft-note]")).to_be_hidden()
    session.refresh_from_db()
    assert session.texts["Dockerfile"] == "FROM busybox:1.35\nUSER 1000\n"
    page.reload()
    expect(page.locator("#folder-1")).to_have_value("FROM busybox:1.35\nUSER 1000\n")
    expect(page.locator("[data-draft-note]")).to_be_hidden()
    assert serious_faults(page) == []


def test_the_journal_is_copied(signed_in: Opened) -> None:
    lab, student = a_class()
    session = a_session(lab, student)
    an_entry(session, "docker rm web", pieces=printed("No such container: web\n", stream="err"), exit_code=1)
    page = signed_in(student)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_lab(page, lab)
    page.get_by_role("button", name="Copy journal").click()
    expect(page.locator("#console-says")).to_have_text("The journal is copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "$ docker rm web\nNo such container: web\n[exit code 1]\n"


def test_starting_over_asks_once_and_names_what_is_lost(signed_in: Opened) -> None:
    lab, student = a_class()
    session = a_session(lab, student)
    page = signed_in(student)
    open_lab(page, lab)
    page.get_by_role("button", name="Start over").click()
    expect(page.locator("dialog")).to_contain_text("containers, images, volumes, networks")
    page.locator("dialog").get_by_role("button", name="Keep it as it is").click()
    page.get_by_role("button", name="Start over").click()
    page.locator("dialog").get_by_role("button", name="Start over").click()
    expect(page.locator("#console-state")).to_contain_text("Getting ready")
    session.refresh_from_db()
    assert not session.is_live


def hostile_session(lab: Lab, student: User) -> ConsoleSession:
    """Everything that a container can print or be called."""
    ugly = "<script>alert(1)</script>\x1b[31m\u202e" + "w" * 600
    container = {"id": "1" * 64, "name": ugly, "state": "running", "status": "Up", "image": ugly, "command": ugly}
    session = a_session(
        lab,
        student,
        picture={
            "containers": [container],
            "volumes": [{"name": ugly, "used_by": [ugly] * 5}],
            "networks": [{"name": ugly}],
            "images": [{"id": "2" * 64, "references": [ugly], "base": False, "size": 1, "made_by": "build"}],
        },
    )
    an_entry(session, f"docker run {ugly}", pieces=printed("x" * 64_000), calls=calls(("GET", f"/{ugly}", 500)))
    an_entry(session, "docker logs web", pieces=printed(ugly, stream="err"), exit_code=125, cut=True)
    an_entry(session, "docker logs many", pieces=printed("\n".join(f"{n} <b>" for n in range(200))))
    an_entry(session, "docker ps", state=EntryState.RUNNING)
    an_entry(session, kind=EntryKind.HAND_IN, error_message=ugly)
    an_entry(session, "حاويات دوكر", pieces=printed("بناء صورة خفيفة"))
    return session


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_whatever_is_printed_the_page_holds_together(signed_in: Opened, dark: bool, size: tuple[int, int]) -> None:
    lab, student = a_class()
    page = signed_in(student, dark=dark, size=size)
    open_lab(page, lab)
    assert serious_faults(page) == []
    assert not scrolls_sideways(page)
    session = hostile_session(lab, student)
    open_lab(page, lab)
    page.locator(".con-calls summary").first.click()
    assert serious_faults(page) == []
    assert not scrolls_sideways(page)
    page.goto(f"/consoles/{session.pk}/")
    assert serious_faults(page) == []
    assert not scrolls_sideways(page)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_those_who_teach_look_on_while_a_student_types(signed_in: Opened, size: tuple[int, int]) -> None:
    lab, student = a_class()
    session = hostile_session(lab, student)
    page = signed_in(an_instructor_of(lab.activity.course), size=size)
    page.goto(f"/teach/{lab.activity.course.slug}/activities/{lab.activity.slug}/")
    page.get_by_role("link", name="Open consoles: 1").click()
    assert serious_faults(page) == []
    assert not scrolls_sideways(page)
    page.get_by_role("link", name="Look at the console of").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(student.name)
    assert serious_faults(page) == []
    assert not scrolls_sideways(page)
    an_entry(session, "docker images")
    expect(page.locator(".con-line").last).to_contain_text("docker images", timeout=20_000)
    expect(page.locator("#line")).to_have_count(0)


def test_the_page_weighs_little_without_the_editor(signed_in: Opened) -> None:
    lab, student = a_class()
    hostile_session(lab, student)
    page = signed_in(student)
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - a bound method cannot be wrapped
    open_lab(page, lab)
    page.locator("#line").focus()
    expect(page.locator("#console-state")).to_be_visible()
    with page.expect_response("**/since/**"):
        pass
    loaded = {answer.url: answer for answer in answers if answer.status == 200}
    assert any("console.js" in address for address in loaded)
    assert sum(len(gzip.compress(answer.body())) for answer in loaded.values()) < 100_000

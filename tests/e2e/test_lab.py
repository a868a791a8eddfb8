"""The lab page and the result page in a browser: editor and plain fields, uploads, and grading as it happens."""

import io
import zipfile
from typing import Any

import pytest
from browser import PHONE, Opened, scrolls_sideways, serious_faults
from builders import a_course, a_member, a_report
from playwright.sync_api import Page, expect

from accounts.models import User
from graders.events import EventKind
from labs import queue, storage
from labs.events import NewEvent, append_while_leased
from labs.models import Lab, Submission
from labs.queue import Claim
from labs.reading import files_of
from labs.states import State
from tests.e2e.scene import a_rich_lab

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

STARTER = "FROM busybox:1.35\n# Write the rest.\n"


def a_class() -> tuple[Lab, User]:
    course = a_course(time_zone="Europe/Madrid")
    return a_rich_lab(course, title="Containerizing an API"), a_member(course)


def open_lab(page: Page, lab: Lab, query: str = "") -> None:
    page.goto(f"/courses/{lab.activity.course.slug}/{lab.activity.slug}/lab/{query}")


def write_at_end(page: Page, text: str) -> None:
    page.locator("[role=tabpanel]:visible .cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


def dockerfile_of(submission: Submission) -> str:
    return files_of(submission).files["Dockerfile"].decode()


def a_zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_what_is_written_in_the_editor_is_handed_in(signed_in: Opened) -> None:
    lab, student = a_class()
    page = signed_in(student)
    open_lab(page, lab)
    expect(page.locator(".tabs [role=tab]")).to_have_text(["Dockerfile", "app/main.py", ".dockerignore", "README.txt"])
    write_at_end(page, 'CMD ["true"]\n')
    page.get_by_role("tab", name="app/main.py").click()
    write_at_end(page, "print('twice')\n")
    page.get_by_role("button", name="Hand in", exact=True).click()
    page.wait_for_url("**/submissions/*/")
    submission = Submission.objects.get()
    assert dockerfile_of(submission) == STARTER + 'CMD ["true"]\n'
    assert files_of(submission).files["app/main.py"] == b"print('hello')\nprint('twice')\n"
    assert ".dockerignore" not in files_of(submission).files


def test_the_keyboard_alone_hands_in_a_lab(signed_in: Opened) -> None:
    lab, student = a_class()
    page = signed_in(student)
    open_lab(page, lab)
    page.get_by_role("tab", name="Dockerfile").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="app/main.py")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.classList.contains('cm-content')")
    page.keyboard.press("Control+End")
    page.keyboard.type("USER 1000\n")
    # Tab leaves the editor: nobody is caught in it.
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Hand in":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/submissions/*/")
    assert dockerfile_of(Submission.objects.get()) == STARTER + "USER 1000\n"


def test_what_was_not_handed_in_is_back_after_leaving_the_page(signed_in: Opened) -> None:
    lab, student = a_class()
    page = signed_in(student)
    open_lab(page, lab)
    write_at_end(page, "USER 1000\n")
    page.goto("/")
    open_lab(page, lab)
    expect(page.locator("[data-draft-note]")).to_be_visible()
    expect(page.locator("#file-1")).to_have_value(STARTER + "USER 1000\n")
    page.get_by_role("button", name="Drop them").click()
    expect(page.locator("#file-1")).to_have_value(STARTER)


def test_starting_again_asks_once_and_then_brings_the_starter_back(signed_in: Opened) -> None:
    lab, student = a_class()
    page = signed_in(student)
    open_lab(page, lab)
    write_at_end(page, "USER 1000\n")
    page.get_by_role("button", name="Start again").click()
    page.get_by_role("button", name="Keep it as it is").click()
    expect(page.locator("#file-1")).to_have_value(STARTER + "USER 1000\n")
    page.get_by_role("button", name="Start again").click()
    page.locator("dialog").get_by_role("button", name="Start again").click()
    page.wait_for_url("**?from=starter")
    expect(page.locator("#file-1")).to_have_value(STARTER)


def test_hints_open_one_after_the_other(signed_in: Opened) -> None:
    lab, student = a_class()
    page = signed_in(student)
    open_lab(page, lab)
    hints = page.locator(".hint-list summary")
    expect(hints.nth(0)).to_be_visible()
    expect(hints.nth(1)).to_be_hidden()
    hints.nth(0).click()
    expect(hints.nth(1)).to_be_visible()


def test_single_files_join_the_editor_and_a_zip_stands_for_everything(signed_in: Opened) -> None:
    lab, student = a_class()
    page = signed_in(student)
    open_lab(page, lab)
    page.get_by_text("Add files, or hand in a zip instead").click()
    page.locator("#upload").set_input_files(
        {"name": "main.py", "mimeType": "text/x-python", "buffer": b"print('uploaded')\n"}
    )
    page.get_by_role("button", name="Hand in", exact=True).click()
    page.wait_for_url("**/submissions/*/")
    first = Submission.objects.get()
    assert files_of(first).files["app/main.py"] == b"print('uploaded')\n"
    assert dockerfile_of(first) == STARTER

    open_lab(page, lab)
    page.get_by_text("Add files, or hand in a zip instead").click()
    archive = a_zip({"Dockerfile": b"FROM busybox:1.35\nUSER 2000\n"})
    page.locator("#upload").set_input_files({"name": "work.zip", "mimeType": "application/zip", "buffer": archive})
    page.get_by_role("button", name="Hand in", exact=True).click()
    page.wait_for_url(lambda url: "/submissions/" in url and not url.endswith(f"/submissions/{first.pk}/"))
    assert dockerfile_of(Submission.objects.exclude(pk=first.pk).get()) == "FROM busybox:1.35\nUSER 2000\n"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_what_cannot_be_taken_says_why_and_keeps_what_was_written(signed_in: Opened, scripts: bool) -> None:
    lab, student = a_class()
    page = signed_in(student, scripts=scripts)
    open_lab(page, lab)
    if scripts:
        write_at_end(page, "USER 1000\n")
    else:
        page.locator("#file-1").fill(STARTER + "USER 1000\n")
    page.get_by_text("Add files, or hand in a zip instead").click()
    page.locator("#upload").set_input_files(
        {
            "name": "work.zip",
            "mimeType": "application/zip",
            "buffer": a_zip({"../../evil": b"x", "Dockerfile": b"FROM busybox:1.35\n"}),
        }
    )
    page.get_by_role("button", name="Hand in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was handed in")
    expect(page.get_by_role("alert")).to_contain_text("have to be chosen again")
    expect(page.locator("#file-1")).to_have_value(STARTER + "USER 1000\n")
    assert not Submission.objects.exists()
    assert serious_faults(page) == [] if scripts else True


def test_without_scripts_a_lab_is_handed_in_from_plain_fields_and_its_page_reloads_by_itself(signed_in: Opened) -> None:
    lab, student = a_class()
    page = signed_in(student, scripts=False)
    open_lab(page, lab)
    assert page.locator("textarea:visible").count() == 4
    page.locator("#file-1").fill('FROM busybox:1.35\nCMD ["true"]\n')
    page.get_by_role("button", name="Hand in", exact=True).click()
    page.wait_for_url("**/submissions/*/")
    submission = Submission.objects.get()
    assert dockerfile_of(submission) == 'FROM busybox:1.35\nCMD ["true"]\n'
    expect(page.locator("#live-now")).to_contain_text("In the queue")
    grade(claim(submission))
    # No reload from here: the page does it itself.
    expect(page.locator(".verdict")).to_contain_text("10 of 10", timeout=20_000)


def test_a_waiting_try_can_be_cancelled(signed_in: Opened) -> None:
    lab, student = a_class()
    page = signed_in(student)
    open_lab(page, lab)
    page.get_by_role("button", name="Hand in", exact=True).click()
    page.wait_for_url("**/submissions/*/")
    page.get_by_role("button", name="Cancel this try").click()
    page.locator("dialog").get_by_role("button", name="Cancel this try").click()
    expect(page.locator(".messages")).to_contain_text("It costs you nothing.")
    assert Submission.objects.get().state == State.CANCELLED


def claim(submission: Submission) -> Claim:
    taken = queue.claim_next(worker="test")
    assert taken is not None
    assert taken.submission_id == submission.pk
    return taken


def tell(taken: Claim, kind: EventKind, **data: Any) -> None:
    append_while_leased(
        submission_id=taken.submission_id, attempt=taken.attempt, events=[NewEvent(kind=kind.value, data=data)]
    )


def grade(taken: Claim) -> None:
    submission = Submission.objects.get(pk=taken.submission_id)
    report = a_report()
    queue.finish(
        taken,
        report,
        report_name=storage.save_report(submission.key, taken.attempt, report),
        log_name=storage.save_log(submission.key, taken.attempt, "all of it\n"),
    )


def a_step(taken: Claim, index: int, name: str) -> None:
    tell(taken, EventKind.STEP_STARTED, build="default", index=index, total=3, name=f"[{index}/3] {name}", line=index)


def end_step(taken: Claim, index: int, state: str = "done") -> None:
    tell(taken, EventKind.STEP_FINISHED, build="default", index=index, state=state, seconds=0.5)


def test_grading_is_followed_as_it_happens_and_focus_and_folds_stay(signed_in: Opened) -> None:
    lab, student = a_class()
    page = signed_in(student)
    open_lab(page, lab)
    page.get_by_role("button", name="Hand in", exact=True).click()
    page.wait_for_url("**/submissions/*/")
    expect(page.locator("#live-now")).to_contain_text("In the queue")
    submission = Submission.objects.get()

    taken = claim(submission)
    tell(taken, EventKind.STARTED, lab="lab", engine="test", checks=3)
    expect(page.locator("[aria-current=step]")).to_contain_text("Checked")
    tell(taken, EventKind.POLICY, ok=True, refusals=[])
    tell(taken, EventKind.BUILD_STARTED, build="default")
    a_step(taken, 1, "FROM busybox:1.35")

    # Step 1 shows while it is at work, before anything of step 2.
    expect(page.locator("#log-default-1")).to_contain_text("FROM busybox:1.35")
    expect(page.locator("#stage-4")).to_contain_text("step 1 of 3")
    assert page.locator("#log-default-2").count() == 0
    end_step(taken, 1)
    a_step(taken, 2, "COPY . /app")
    tell(taken, EventKind.STEP_LOG, build="default", index=2, text="copied <b>much</b>\n")
    expect(page.locator("#log-default-2")).to_contain_text("copied <b>much</b>")
    expect(page.locator("#stage-4")).to_contain_text("step 2 of 3")

    # A reader folds a step and leaves the focus there: news leave both alone.
    summary = page.locator("#log-default-2 > summary")
    summary.click()
    expect(summary).to_be_focused()
    end_step(taken, 2)
    a_step(taken, 3, "RUN true")
    expect(page.locator("#log-default-3")).to_contain_text("RUN true")
    expect(summary).to_be_focused()
    assert page.locator("#log-default-2").get_attribute("open") is None

    end_step(taken, 3)
    tell(taken, EventKind.BUILD_FINISHED, build="default", ok=True, error="", limit="", seconds=1.5)
    tell(
        taken, EventKind.CHECK_FINISHED, index=1, total=3, id="ends-well", title="It exits as it should",
        outcome="passed", points=5, max_points=5, message="", line=None,
    )  # fmt: skip
    expect(page.locator("#check-ends-well")).to_contain_text("It exits as it should")
    assert serious_faults(page) == []
    grade(taken)
    expect(page.locator(".verdict")).to_contain_text("10 of 10")
    expect(page.locator("[aria-current=step]")).to_have_count(0)
    expect(page.get_by_role("link", name="Open it in the editor")).to_be_visible()


def test_a_lost_worker_is_said_and_its_half_done_steps_are_gone(signed_in: Opened) -> None:
    lab, student = a_class()
    page = signed_in(student)
    open_lab(page, lab)
    page.get_by_role("button", name="Hand in", exact=True).click()
    page.wait_for_url("**/submissions/*/")
    taken = claim(Submission.objects.get())
    tell(taken, EventKind.POLICY, ok=True, refusals=[])
    tell(taken, EventKind.BUILD_STARTED, build="default")
    a_step(taken, 1, "FROM busybox:1.35")
    expect(page.locator("#log-default-1")).to_be_visible()
    queue.fail_infrastructure(taken, "lost")
    expect(page.locator("#live-now")).to_contain_text("does not cost you a try")
    expect(page.locator("#log-default-1")).to_have_count(0)


def test_a_result_that_comes_while_offline_is_shown_once_online(signed_in: Opened) -> None:
    lab, student = a_class()
    page = signed_in(student)
    open_lab(page, lab)
    page.get_by_role("button", name="Hand in", exact=True).click()
    page.wait_for_url("**/submissions/*/")
    page.context.set_offline(offline=True)
    grade(claim(Submission.objects.get()))
    page.context.set_offline(offline=False)
    expect(page.locator(".verdict")).to_contain_text("10 of 10", timeout=20_000)


def test_a_lab_in_the_middle_of_grading_fits_a_telephone(signed_in: Opened) -> None:
    lab, student = a_class()
    page = signed_in(student, size=PHONE)
    open_lab(page, lab)
    assert not scrolls_sideways(page)
    page.get_by_role("button", name="Hand in", exact=True).click()
    page.wait_for_url("**/submissions/*/")
    taken = claim(Submission.objects.get())
    tell(taken, EventKind.POLICY, ok=True, refusals=[])
    tell(taken, EventKind.BUILD_STARTED, build="default")
    a_step(taken, 1, "RUN " + "a-long-command-" * 40)
    tell(taken, EventKind.STEP_LOG, build="default", index=1, text="x" * 3000 + "\n")
    expect(page.locator("#log-default-1")).to_be_visible()
    assert not scrolls_sideways(page)

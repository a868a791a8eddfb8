"""A console's page beside the real programs: what tends its engine, and a worker that is killed at its work."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Opened
from labs_sites import Site, a_site
from playwright.sync_api import expect

from deploy.up import throwaway
from graders.commands.ending import end
from graders.sandbox.connection import Address
from graders.sandbox.reaching import reach
from labs.console_models import ConsoleEntry, ConsoleSession
from labs.console_states import EntryState
from tests.e2e.test_console import a_class, open_lab, type_line

pytestmark = [
    pytest.mark.browser,
    pytest.mark.engine,
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def site(engine_url: str, tmp_path: Path) -> Iterator[Site]:
    """A worker for consoles and what tends its engine, in processes of their own."""
    expect.set_options(timeout=60_000)
    with throwaway.redis() as url, a_site(tmp_path, redis_url=url, CONSOLE_LEASE_SECONDS="2") as site:
        site.add_console_worker("consoles-0", engine=engine_url)
        yield site
    expect.set_options(timeout=10_000)
    engine = reach(Address(engine_url))
    for session in ConsoleSession.objects.all():
        end(engine, session.state_of_session)


def test_the_page_shows_what_ends_by_itself_and_survives_a_killed_worker(signed_in: Opened, site: Site) -> None:
    lab, student = a_class()
    page = signed_in(student)
    open_lab(page, lab)
    page.get_by_role("button", name="Open your console").click()
    expect(page.locator("#console-state")).to_contain_text("Ready")
    type_line(page, "docker run -d --name web busybox:1.35 sleep 6")
    expect(page.locator(".part", has_text="web")).to_contain_text("Running")
    # Nothing more is typed: the engine's own word for its end reaches the page.
    expect(page.locator(".part", has_text="web")).to_contain_text("Exited")

    type_line(page, "docker run --name long busybox:1.35 sleep 9")
    expect(page.locator(".con-line.is-running")).to_contain_text("Running")
    assert ConsoleEntry.objects.lines().filter(state=EntryState.RUNNING).exists()
    site.kill("consoles-0")
    site.keep_running()
    expect(page.locator(".con-line.is-lost")).to_contain_text("lost its worker")
    type_line(page, "docker ps -a")
    expect(page.locator(".con-line.is-done").last.locator("pre")).to_contain_text("web")

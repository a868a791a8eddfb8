"""The API's pages in a real browser: under the site's strict policy, and from this site alone."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from drf_spectacular.generators import SchemaGenerator
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_pages_show_every_call_and_load_nothing_from_elsewhere(browser_page: Page, live_server: Any) -> None:
    asked: list[str] = []
    browser_page.on("request", lambda request: asked.append(request.url))
    reply = browser_page.goto("/api/v1/docs/")
    assert reply is not None
    assert "'unsafe" not in reply.headers["content-security-policy"]
    tokens = browser_page.locator("[data-path='/api/v1/tokens/']")
    expect(tokens).to_be_visible()
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    assert browser_page.locator(".opblock").count() == sum(len(calls) for calls in paths.values())
    tokens.click()
    expect(browser_page.locator(".opblock.is-open .responses-table").first).to_contain_text("problem+json")
    here = urlsplit(live_server.url).netloc
    assert asked
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {here}

"""Authors' text becomes HTML that can do no harm."""

import pytest

from quizzes.rendering import block, inline, literal
from tests.quizzes.forms import Tags


def test_code_emphasis_lists_and_fences_are_rendered() -> None:
    html = block("Use `docker run` *now*:\n\n- one\n- **two**\n\n```\nFROM busybox\n```")
    for part in ("<code>docker run</code>", "<em>now</em>", "<li>one</li>", "<strong>two</strong>", "<pre><code>FROM"):
        assert part in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](http://tracker.test/a.png)",
        "<svg/onload=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "`</code><script>alert(1)</script>`",
        "```\n</pre><script>alert(1)</script>\n```",
    ],
)
def test_markup_of_an_author_is_shown_and_never_run(text: str) -> None:
    for html in (block(text), inline(text), literal(text)):
        for tag, attributes in Tags(html).seen:
            assert tag in {"p", "a", "pre", "code", "br"}
            assert set(attributes) <= {"href", "rel"}
            assert not (attributes.get("href") or "").startswith(("javascript", "data"))


def test_links_lead_out_without_telling_where_from() -> None:
    assert inline("[docs](https://docs.test/x)") == ('<a href="https://docs.test/x" rel="noopener noreferrer">docs</a>')


def test_an_option_of_two_lines_stays_on_two_lines() -> None:
    assert inline("first\nsecond") == "first<br>second"


def test_what_is_accepted_is_shown_character_by_character() -> None:
    assert literal("*.log <b>") == "<code>*.log &lt;b&gt;</code>"

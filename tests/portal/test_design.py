"""The design system keeps its promises: no inline code, no unknown icon or state, words that are true."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.urls import reverse

from graders.refusal import Refusal
from graders.report import CheckOutcome, CheckResult, ImageReport, LayerReport
from portal.dockerfile_view import annotate
from portal.gallery.views import gallery
from portal.layer_view import bars, base_of
from portal.log_view import fold_log
from portal.templatetags.amounts import counted, points, share, size
from portal.templatetags.prose import inline_prose, prose
from portal.templatetags.statuses import MESSAGE_LOOKS, STATUSES, status
from portal.templatetags.times import absolute, clock, duration, relative

PORTAL = Path(__file__).resolve().parents[2] / "platform" / "portal"
TEMPLATES = sorted((PORTAL / "templates").rglob("*.html"))
SYMBOLS = set(re.findall(r'<symbol id="i-([a-z-]+)"', (PORTAL / "templates/portal/sprite.html").read_text()))
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(PORTAL)))
def test_no_template_needs_a_weaker_policy_than_no_inline_code(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\sstyle=", text)
    assert "<style" not in text
    assert not re.search(r"\son[a-z]+=", text)
    assert not re.search(r"(src|href)=[\"']https?:", text)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(PORTAL)))
def test_every_icon_that_a_template_names_is_drawn(template: Path) -> None:
    named = set(re.findall(r'(?:<c-icon name=|{% icon )"([a-z-]+)"', template.read_text()))
    named |= set(re.findall(r'(?:<c-notice|<c-empty)[^>]*\sicon="([a-z-]+)"', template.read_text()))
    assert named <= SYMBOLS


def test_every_state_and_message_has_a_drawn_icon_and_a_known_tone() -> None:
    for look in [*STATUSES.values(), *MESSAGE_LOOKS.values()]:
        assert look.icon in SYMBOLS
        assert look.tone in {"good", "bad", "warn", "note", "calm"}
        assert look.word


def test_an_unknown_state_is_refused_with_the_known_ones_named() -> None:
    with pytest.raises(KeyError, match="passed"):
        status("invented")


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=20), "in less than a minute"),
        (timedelta(seconds=-20), "just now"),
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(hours=3), "in 3 hours"),
        (timedelta(hours=47), "in 47 hours"),
        (timedelta(days=-2), "2 days ago"),
        (timedelta(days=400), "in 13 months"),
    ],
)
def test_times_are_told_from_now(distance: timedelta, words: str) -> None:
    assert relative(NOW + distance, NOW) == words


def test_times_name_their_zone_and_another_year() -> None:
    madrid = ZoneInfo("Europe/Madrid")
    assert absolute(NOW, madrid, NOW) == "Tue 24 Nov 13:00 CET"
    assert absolute(NOW + timedelta(days=60), madrid, NOW) == "Sat 23 Jan 2027 13:00 CET"


def test_numbers_are_told_without_needless_parts() -> None:
    assert [points(6), points(6.5), points("6.255"), points(None)] == ["6", "6.5", "6.26", "–"]  # noqa: RUF001
    assert [share(3, 4), share(None, 4), share(9, 3), share(1, 0)] == [75, 0, 100, 0]
    assert [size(0), size(340_000), size(12_400_000), size(None)] == ["0 B", "340 kB", "12.4 MB", "0 B"]
    assert [counted(1, "try,tries"), counted(0, "try,tries")] == ["1 try", "0 tries"]
    assert [duration(0.04), duration(3.21), duration(200), duration(3900), duration(None)] == [
        "< 0.1 s",
        "3.2 s",
        "3 min 20 s",
        "1 h 5 min",
        "",
    ]
    assert [clock(245), clock(3600), clock(-3)] == ["4:05", "1:00:00", "0:00"]


def test_prose_shows_hostile_markdown_inert() -> None:
    html = prose("# Title\n<script>alert(1)</script>\n[x](javascript:alert(1)) ![x](http://a.test/x.png) **bold**")
    assert "<script" not in html
    assert "javascript:" not in html.replace("[x](javascript:alert(1))", "")
    assert "<img" not in html
    assert "<h2>Title" in html
    assert "<strong>bold</strong>" in html
    assert inline_prose("`docker run`") == "<code>docker run</code>"


def test_findings_stand_at_their_lines_and_text_is_escaped() -> None:
    checks = [
        CheckResult(
            id="a",
            kind="k",
            title="Too late",
            outcome=CheckOutcome.FAILED,
            points=0,
            max_points=1,
            message="m",
            line=99,
        ),
        CheckResult(
            id="b", kind="k", title="Fine", outcome=CheckOutcome.PASSED, points=1, max_points=1, message="m", line=1
        ),
    ]
    lines = annotate(
        "FROM busybox\r\n# <b>\nRUN echo '<i>'\n", checks=checks, refusals=[Refusal(rule="r", line=2, message="no")]
    )
    assert [len(line.findings) for line in lines] == [0, 1, 1]
    assert lines[2].findings[0].title == "Too late"
    assert "&lt;b&gt;" in lines[1].html
    assert "&lt;i&gt;" in lines[2].html
    assert lines[0].html.startswith('<span class="tok-key">FROM</span>')


def test_the_failing_line_of_a_log_is_marked_and_linkable() -> None:
    fine, bad = fold_log([("[1/2] COPY", "done", 1.0, "a\nb", ""), ("[2/2] RUN", "failed", 1.0, "c", "exit code: 1")])
    assert not fine.open
    assert not any(line.bad for line in fine.lines)
    assert bad.open
    assert [(line.anchor, line.bad) for line in bad.lines] == [("log-2-1", False), ("log-2-2", True)]


def test_a_layer_that_holds_anything_shows() -> None:
    drawn = bars(
        an_image(
            LayerReport(created_by="one", size_bytes=10**9, wasted_bytes=4 * 10**8),
            LayerReport(created_by="two", size_bytes=1, wasted_bytes=1),
            LayerReport(created_by="none", size_bytes=0),
        )
    )
    assert [(bar.percent, bar.wasted_percent) for bar in drawn] == [(100, 40), (1, 1), (0, 0)]


def an_image(*layers: LayerReport, **more: Any) -> ImageReport:
    return ImageReport(build="default", size_bytes=sum(layer.size_bytes for layer in layers), layers=layers, **more)


def test_layers_of_the_base_bear_its_name() -> None:
    text = "FROM golang:1 AS Build\nRUN make\nFROM python:3.11-slim AS run\nCOPY . /\nFROM run\nUSER app\n"
    assert [base_of(text), base_of(text, "build"), base_of("FROM"), base_of("")] == [
        "python:3.11-slim",
        "golang:1",
        "",
        "",
    ]
    layers = [
        LayerReport(created_by="", size_bytes=9, from_base=True),
        LayerReport(created_by="ENV A=1", size_bytes=0, from_base=True, empty=True),
        LayerReport(created_by="USER app", size_bytes=0),
    ]
    image = an_image(*layers)
    assert [bar.name for bar in bars(image, base_of(text))] == ["python:3.11-slim, the base image", "USER app"]
    assert bars(image)[0].name == "The base image"
    told = an_image(*layers, base="debian:12-slim", base_size_bytes=80, base_wasted_bytes=20)
    first = bars(told, base_of(text))[0]
    assert (first.name, first.size_bytes, first.wasted_percent) == ("debian:12-slim, the base image", 80, 25)


@pytest.mark.django_db
@pytest.mark.parametrize("rows", ["0", "3"])
def test_the_gallery_shows_every_component(rf: RequestFactory, rows: str) -> None:
    request = rf.get("/_gallery/", {"rows": rows})
    request.user = AnonymousUser()
    page = gallery(request).content.decode()
    assert "Turned away" in page
    assert "<script>alert(1)" not in page
    assert ("Nobody is here yet" in page) is (rows == "0")


def test_the_gallery_is_served_only_while_developing(client: Client) -> None:
    assert client.get("/_gallery/").status_code == 404


@pytest.mark.django_db
def test_a_chosen_theme_is_there_at_the_first_paint(client: Client) -> None:
    response = client.post(reverse("portal:theme"), {"theme": "dark", "next": reverse("account_login")})
    assert response["Location"] == reverse("account_login")
    assert '<html lang="en" dir="ltr" data-theme="dark">' in client.get(reverse("account_login")).content.decode()
    client.post(reverse("portal:theme"), {"theme": "system", "next": "/"})
    assert "data-theme=" not in client.get(reverse("account_login")).content.decode().split("<body")[0]


def test_choosing_a_theme_leads_nowhere_else_and_takes_no_other_value(client: Client) -> None:
    response = client.post(reverse("portal:theme"), {"theme": '"><script>', "next": "https://elsewhere.test/"})
    assert response["Location"] == reverse("portal:dashboard")
    assert not response.cookies


@pytest.mark.django_db
def test_signing_in_shows_what_went_wrong_beside_the_field(client: Client) -> None:
    page = client.post(reverse("account_login"), {"login": "nobody@example.test", "password": "wrong"}).content.decode()
    assert "You are not signed in" in page
    assert 'role="alert"' in page


def test_the_lock_file_names_no_registry() -> None:
    lock = (PORTAL / "frontend/package-lock.json").read_text()
    assert not re.search(r'"resolved":|"https?://(?!github\.com|opencollective|paulmillr|tidelift)', lock)


def test_a_block_of_commands_keeps_each_long_option_in_one_piece_and_its_text_as_it_was() -> None:
    html = prose("```\n$ docker run -d --name web --cap-drop=ALL a--b\n```\n\nThe flag --name, and `--name` as code.")
    block, rest = html.split("</pre>")
    assert re.findall(r'<span class="whole-word">(.*?)</span>', block) == ["--name", "--cap-drop"]
    assert re.sub(r"<[^>]*>", "", block) == "$ docker run -d --name web --cap-drop=ALL a--b\n"
    assert "span" not in rest


def test_markup_typed_in_a_block_of_commands_stays_text() -> None:
    html = prose('```\n--<b>x</b> --"><script>alert(1)</script>\n```')
    assert "<b>" not in html
    assert "<script" not in html


def test_an_endless_dockerfile_is_shown_in_part_with_every_line_where_something_was_found() -> None:
    text = "FROM busybox:1.35\n" + "# hello\n" * 25_000 + "RUN " + "x" * 200_000
    refusal = Refusal(rule="line-too-long", line=25_002, message="It is too long.")
    lines = annotate(text, checks=(), refusals=(refusal,))
    assert len(lines) < 2000
    assert (lines[-1].number, [found.message for found in lines[-1].findings]) == (25_002, ["It is too long."])
    assert lines[-1].html.endswith(" more characters")
    assert sum(len(line.html) for line in lines) < 100_000

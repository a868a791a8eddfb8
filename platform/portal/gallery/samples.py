"""Made-up data for the gallery: usual, empty, long, right-to-left and broken, so that each can be seen."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from graders.report import CheckOutcome, CheckResult, ImageReport, LayerReport
from portal.dockerfile_view import annotate
from portal.layer_view import bars
from portal.log_view import LogStep, fold_log
from portal.templatetags.statuses import STATUSES

LONG = "Containerizing an API whose name somebody made far too long-for-any-column-and-without-a-single-space-in-it"
RTL = "حاويات دوكر: بناء صورة خفيفة"
_NAMES = ("Ada Lovelace", "Grace Hopper", LONG, RTL)
_LATEST = 4

DOCKERFILE = """\
# A small API on the standard library
FROM python-slim
WORKDIR /app
COPY . /app
RUN pip install --no-cache-dir .

EXPOSE 8080
CMD python app.py
"""


class SampleForm(forms.Form):
    """A form with each kind of field."""

    name = forms.CharField(help_text="As it stands on the class list.")
    code = forms.CharField(label="Join code", max_length=8)
    about = forms.CharField(label="About you", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    role = forms.ChoiceField(choices=[("student", "Student"), ("instructor", "Instructor")])
    agree = forms.BooleanField(label="Tell me when something is graded")


@dataclass(frozen=True)
class SampleActivity:
    """A row of the list of activities."""

    kind: str
    title: str
    status: str
    when: str = ""
    score: float | None = None
    of: float = 10


@dataclass(frozen=True)
class SampleTry:
    """A row of a table of people."""

    name: str
    email: str
    scores: list[float | None] = field(default_factory=list)


def _checks() -> list[CheckResult]:
    return [
        CheckResult(
            id="runs-as",
            kind="runs_as",
            title="It does not run as root",
            outcome=CheckOutcome.FAILED,
            points=0,
            max_points=3,
            message="The process runs as uid 0.",
            hint="Which instruction says who the process is?",
            expected="a uid other than 0",
            seen="0 (root)",
            line=8,
        ),
        CheckResult(
            id="greets",
            kind="http",
            title=LONG,
            outcome=CheckOutcome.SKIPPED,
            points=0,
            max_points=5,
            message="Not tried, because “It builds” did not hold.",
        ),
        CheckResult(
            id="builds",
            kind="builds",
            title="It builds",
            outcome=CheckOutcome.PASSED,
            points=2,
            max_points=2,
            message="The image was built in 4.2 s.",
        ),
        CheckResult(
            id="secret",
            kind="http",
            title="It stands a test of our own",
            outcome=CheckOutcome.FAILED,
            points=0,
            max_points=2,
            message="",
            hidden=True,
        ),
    ]


def _image() -> ImageReport:
    return ImageReport(build="default", size_bytes=135_540_000, layers=tuple(_layers()), wasted_bytes=9_100_000)


def _layers() -> list[LayerReport]:
    return [
        LayerReport(created_by="python-slim", size_bytes=118_400_000, from_base=True),
        LayerReport(created_by="WORKDIR /app", size_bytes=0, line=3),
        LayerReport(created_by="COPY . /app", size_bytes=2_340_000, line=4),
        LayerReport(
            created_by="RUN pip install .", size_bytes=14_800_000, line=5, wasted_bytes=9_100_000, undone_by=(6,)
        ),
    ]


def _steps() -> list[LogStep]:
    return fold_log(
        [
            ("[1/4] FROM python-slim", "cached", 0.0, "", ""),
            ("[2/4] WORKDIR /app", "done", 0.04, "", ""),
            ("[3/4] COPY . /app", "done", 0.1, "", ""),
            (
                "[4/4] RUN pip install --no-cache-dir .",
                "failed",
                3.2,
                "Processing /app\n<script>alert(1)</script>\nERROR: pyproject.toml is missing a name",
                "exit code: 1",
            ),
            ("RUN python -m compileall /app", "not reached", None, "", ""),
        ]
    )


def samples(*, rows: int) -> dict[str, Any]:
    """Everything that the gallery's template shows."""
    now = timezone.now()
    bound = SampleForm({"name": "", "code": "far too long a code", "role": "student"})
    bound.is_valid()
    return {
        "statuses": STATUSES,
        "soon": now + timedelta(hours=3, minutes=1),
        "past": now - timedelta(days=2, hours=1),
        "far": now + timedelta(days=400),
        "form": SampleForm(prefix="empty"),
        "bound": bound,
        "activities": [
            SampleActivity("quiz", "Images and containers", "complete", "due 2 days ago", 9.5),
            SampleActivity("lab", "Containerizing an API", "started", "due in 3 hours, Tue 24 Nov 17:00 UTC", 6, 20),
            SampleActivity("lab", LONG, "not_started", "due in 6 days"),
            SampleActivity("quiz", RTL, "late", "was due yesterday", 2),
            SampleActivity("quiz", "Volumes", "upcoming", "opens in 3 days"),
        ],
        "checks": _checks(),
        "steps": _steps(),
        "source": annotate(DOCKERFILE, checks=_checks(), refusals=[]),
        "layers": bars(_image()),
        "people": [
            SampleTry(f"{_NAMES[i % len(_NAMES)]} {i}", f"s{i}@x.test", [i % 11, None, 7.5]) for i in range(rows)
        ],
        "spark": [{"x": x * 50, "y": y, "here": y == _LATEST} for x, y in enumerate((38, 30, 30, 12, _LATEST))],
        "long": LONG,
        "rtl": RTL,
    }
